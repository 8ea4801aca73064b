package org.lanewise.kernels.scalar;

/**
 * A number as the unevaluated sum of two doubles, some 104 bits, for float64 results that are to be right to the last bit
 * after terms have cancelled. Mutable, so that a loop allocates nothing.
 *
 * <p>The sums and products are Dekker's (<i>A floating-point technique for extending the available precision</i>, 1971),
 * with {@link Math#fma} for the error of a product.
 */
final class DoubleDouble {
  private static final double LOG2_E = 0x1.71547652b82fep0;

  /** ln 2 in three parts of at most 40 bits, so that a product with |n| ≤ 1100 is exact. */
  private static final double LN2_1 = 0x1.62e42fefap-1;

  private static final double LN2_2 = 0x1.cf79abc9ep-40;
  private static final double LN2_3 = 0x1.d9cc01f97b57ap-79;

  /** The argument of the series is made smaller by 2^SQUARINGS, the result squared as often. */
  private static final int SQUARINGS = 6;

  double high;
  double low;

  DoubleDouble set(double high, double low) {
    this.high = high;
    this.low = low;
    return this;
  }

  DoubleDouble set(DoubleDouble other) {
    return set(other.high, other.low);
  }

  /** The sum of two doubles, exactly; an infinity where it overflows. */
  DoubleDouble setSum(double a, double b) {
    double sum = a + b;
    if (Double.isInfinite(sum)) {
      return set(sum, 0);
    }
    double back = sum - a;
    return set(sum, (a - (sum - back)) + (b - back));
  }

  DoubleDouble add(double h, double l) {
    double sum = high + h;
    if (Double.isInfinite(sum)) {
      return set(sum, 0);
    }
    double back = sum - high;
    double error = (high - (sum - back)) + (h - back) + (low + l);
    double result = sum + error;
    return set(result, (sum - result) + error);
  }

  DoubleDouble add(DoubleDouble other) {
    return add(other.high, other.low);
  }

  DoubleDouble multiply(double h, double l) {
    double product = high * h;
    double error = Math.fma(high, h, -product) + (high * l + low * h);
    double result = product + error;
    return set(result, (product - result) + error);
  }

  DoubleDouble multiply(DoubleDouble other) {
    return multiply(other.high, other.low);
  }

  DoubleDouble divide(DoubleDouble other) {
    double quotient = high / other.high;
    double rest = Math.fma(-quotient, other.high, high) - quotient * other.low + low;
    double correction = rest / other.high;
    double result = quotient + correction;
    return set(result, (quotient - result) + correction);
  }

  double value() {
    return high + low;
  }

  /** Replaces x ≤ 0 by e^x, to some 2^−95; 0 below −745. */
  DoubleDouble exp() {
    if (!(high >= -745)) {
      return high != high ? set(high, 0) : set(0, 0);
    }
    double n = Math.rint(high * LOG2_E);
    add(-n * LN2_1, 0).add(-n * LN2_2, 0).add(-n * LN2_3, 0);
    double unit = 1.0 / (1 << SQUARINGS);
    double r = high * unit;
    double rLow = low * unit;
    // Horner from x^9 / 9! down; e^x - 1 is what is squared, so that the 1 costs no bits: (1 + y)^2 - 1 = 2y + y^2.
    set(1.0 / 362880, 0);
    double factorial = 362880;
    for (int k = 9; k >= 1; k--) {
      multiply(r, rLow);
      factorial /= k;
      // 1 / (k - 1)! to two doubles.
      double term = 1 / factorial;
      add(term, Math.fma(-term, factorial, 1) / factorial);
    }
    add(-1, 0);
    for (int i = 0; i < SQUARINGS; i++) {
      double h = high;
      double l = low;
      multiply(h, l).add(2 * h, 2 * l);
    }
    add(1, 0);
    double half = Math.scalb(1.0, (int) n / 2);
    double rest = Math.scalb(1.0, (int) n - (int) n / 2);
    return set(high * half * rest, low * half * rest);
  }

  /** Replaces x ≥ 0 by ln(1 + x): one Newton step from the double result, on what e^−y · (1 + x) leaves of 1. */
  DoubleDouble log1p(DoubleDouble scratch) {
    if (high < 0x1p-30) {
      // x - x²/2 + x³/3 - x⁴/4: what the step below leaves of 1 would be too coarse.
      double h = high;
      double l = low;
      set(-0.25, 0).multiply(h, l).add(1.0 / 3, 0).multiply(h, l).add(-0.5, 0).multiply(h, l).add(1, 0);
      return multiply(h, l);
    }
    double y = StrictMath.log1p(high);
    scratch.set(-y, 0).exp();
    // (1 + x) e^-y - 1, small: the correction of y.
    double xHigh = high;
    double xLow = low;
    setSum(1, xHigh).add(xLow, 0).multiply(scratch).add(-1, 0);
    double correction = high;
    double sum = y + correction;
    return set(sum, (y - sum) + correction + low);
  }
}
