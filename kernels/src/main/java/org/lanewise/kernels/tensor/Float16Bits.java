package org.lanewise.kernels.tensor;

/**
 * Conversion of the two 16-bit floating-point formats to and from their raw bits. Every conversion to 16 bits rounds
 * once, to nearest even, from the type it is given.
 */
final class Float16Bits {
  private Float16Bits() {}

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
    int bits = Float.floatToRawIntBits(roundToOdd(value));
    if (value != value) {
      return (short) (bits >>> 16 | 0x40);
    }
    // Round to nearest, ties to even: add half a unit of the upper half, less one when that half is even.
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
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
