package org.lanewise.conformance.ulp;

import org.lanewise.kernels.tensor.DType;

/**
 * Error in units in the last place, signed and fractional.
 *
 * <p>The unit is the spacing of the result's dtype in the binade of the <em>true</em> value, so a correctly rounded result
 * is off by at most 0.5, whichever side of a power of two it falls on. Below the smallest normal number the unit is the
 * smallest subnormal. Above the largest finite number it is the spacing at that number, and an infinite result counts as
 * the first power of two that the dtype cannot hold: a result that overflows a little too early is off by little.
 */
public final class Ulp {
  private Ulp() {}

  /**
   * The spacing of {@code dtype} in the binade of {@code exact}.
   *
   * @param exact any finite value
   * @throws IllegalArgumentException if the dtype is not floating-point
   */
  public static double of(double exact, DType dtype) {
    int exponent = Math.getExponent(exact); // of 0 and subnormals: below every normal exponent
    return Math.scalb(1.0, Math.clamp(exponent, minExponent(dtype), maxExponent(dtype)) - fractionBits(dtype));
  }

  /**
   * How far a result is from the truth.
   *
   * @param got the result
   * @param exact the truth, rounded to float64
   * @param exactLow what that rounding left, for results as precise as float64; otherwise 0
   * @param dtype the dtype of the result
   * @return (got − truth) in ULP; 0 for NaN where the truth is NaN and for the same infinity; infinite where only one of
   *     the two is NaN, or the truth alone is infinite
   */
  public static double error(double got, double exact, double exactLow, DType dtype) {
    return error(got, exact, exactLow, of(exact, dtype), dtype);
  }

  /** As {@link #error(double, double, double, DType)}, in a unit that the caller chose. */
  public static double error(double got, double exact, double exactLow, double unit, DType dtype) {
    if (got != got || exact != exact) {
      return got != got && exact != exact ? 0 : Double.POSITIVE_INFINITY;
    }
    if (Double.isInfinite(exact)) {
      return got == exact ? 0 : Math.copySign(Double.POSITIVE_INFINITY, -exact);
    }
    if (Double.isInfinite(got)) {
      // Half of 2^(max + 1) and twice the difference: float64's own first power beyond is not a double.
      double beyond = Math.copySign(Math.scalb(1.0, maxExponent(dtype)), got);
      return (beyond - exact / 2) / unit * 2;
    }
    return ((got - exact) - exactLow) / unit;
  }

  /** Whether rounding {@code exact} to {@code dtype}, to nearest even, gives an infinity. */
  public static boolean overflows(double exact, DType dtype) {
    double max = (2 - Math.scalb(1.0, -fractionBits(dtype))) * Math.scalb(1.0, maxExponent(dtype));
    return Math.abs(exact) - max >= Math.scalb(1.0, maxExponent(dtype) - fractionBits(dtype) - 1);
  }

  private static int fractionBits(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> 23;
      case FLOAT64 -> 52;
      case FLOAT16 -> 10;
      case BFLOAT16 -> 7;
      default -> throw new IllegalArgumentException("ULP are of floating-point dtypes, not of " + dtype.id() + ".");
    };
  }

  private static int minExponent(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> Double.MIN_EXPONENT;
      case FLOAT16 -> -14;
      default -> Float.MIN_EXPONENT;
    };
  }

  private static int maxExponent(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> Double.MAX_EXPONENT;
      case FLOAT16 -> 15;
      default -> Float.MAX_EXPONENT;
    };
  }
}
