package org.lanewise.kernels.tensor;

/**
 * Conversion of the two 16-bit floating-point formats to and from their raw bits. Every conversion to 16 bits rounds
 * once, to nearest even, from the type it is given.
 */
public final class Float16Bits {
  private Float16Bits() {}

  /** Whether a dtype is float16 or bfloat16. */
  public static boolean holds(DType dtype) {
    return dtype == DType.FLOAT16 || dtype == DType.BFLOAT16;
  }

  /** Converts 16-bit values, exactly. */
  public static void toFloat32(DType from, short[] bits, int bitsOffset, float[] values, int offset, int length) {
    if (from == DType.FLOAT16) {
      for (int i = 0; i < length; i++) {
        values[offset + i] = Float.float16ToFloat(bits[bitsOffset + i]);
      }
    } else {
      for (int i = 0; i < length; i++) {
        values[offset + i] = Float.intBitsToFloat(bits[bitsOffset + i] << 16);
      }
    }
  }

  /** Rounds to 16-bit values. */
  public static void fromFloat32(DType to, float[] values, int offset, short[] bits, int bitsOffset, int length) {
    if (to == DType.FLOAT16) {
      for (int i = 0; i < length; i++) {
        bits[bitsOffset + i] = Float.floatToFloat16(values[offset + i]);
      }
    } else {
      for (int i = 0; i < length; i++) {
        bits[bitsOffset + i] = toBfloat16(values[offset + i]);
      }
    }
  }

  static float halfToFloat(short bits) {
    return Float.float16ToFloat(bits);
  }

  static float bfloat16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  static short toHalf(double value) {
    return Float.floatToFloat16(roundToOdd(value));
  }

  static short toBfloat16(double value) {
    return toBfloat16(roundToOdd(value));
  }

  /** Without a branch, so that the JIT compiler makes SIMD code of a loop over it. */
  private static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    // Round to nearest, ties to even: add half a unit of the upper half, less one when that half is even.
    int rounded = bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
    int nan = 0x7F800000 - (bits & 0x7FFFFFFF) >> 31; // all ones for NaN, which stays a quiet one
    return (short) (rounded & ~nan | (bits >>> 16 | 0x40) & nan);
  }

  static short toBfloat16(long value) {
    // A double that is odd in its last bit where it is not exact, by the same argument as below.
    double nearest = value;
    long back = (long) nearest;
    if (back == value || (Double.doubleToRawLongBits(nearest) & 1) != 0) {
      return toBfloat16(nearest);
    }
    // (long) saturates at 2^63, which is above every long: then the neighbour below is meant.
    boolean above = back > value || nearest == 0x1p63;
    return toBfloat16(above ? Math.nextDown(nearest) : Math.nextUp(nearest));
  }

  /**
   * The float next to {@code value} whose last bit is odd, unless {@code value} is a float itself. A second rounding
   * to a format at least two bits narrower then gives what one rounding of {@code value} would have given.
   */
  private static float roundToOdd(double value) {
    float nearest = (float) value;
    if (nearest == value || nearest != nearest || (Float.floatToRawIntBits(nearest) & 1) != 0) {
      return nearest;
    }
    if (Float.isInfinite(nearest)) {
      return nearest; // beyond the range of float, and so of either format
    }
    return nearest < value ? Math.nextUp(nearest) : Math.nextDown(nearest);
  }
}
