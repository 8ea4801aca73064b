package org.lanewise.conformance.oracle;

import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.kernels.tensor.DType;

/**
 * The two functions behind binary cross-entropy, for every finite float32 logit: softplus, ln(1 + e^x), which is the loss
 * for target 0, and the sigmoid, 1 / (1 + e^−x), which is its gradient. Those for target 1 and the logarithm of the sigmoid
 * are the same functions of −x.
 *
 * <p><b>Two stages.</b> The array forms compute in float64 with a relative error below {@link #RELATIVE_ERROR}, that is 2^−24
 * ULP of a float32 result. Where a result lies closer than {@link #UNDECIDED_ULP} to the middle between two floats the
 * caller asks {@link #exact}, in double-double with a relative error below 2^−95, so that the correctly rounded float32 is
 * always known. A point that even that could not decide would be an error, not a guess.
 *
 * <p><b>Error in float64</b>, in units of 2^−53: the argument of the exponential is reduced without error but for one rounding;
 * its series (Taylor, degree 13, |r| ≤ ½ ln 2) leaves 2^−57 and rounds to less than 2; the logarithm is 2 artanh(z / (2 + z)),
 * whose series in (z / (2 + z))² ≤ 1/9 leaves 2^−55 after 16 terms and rounds, with the quotient, to less than 6; a sum of
 * positive terms and a division add 1 each. That is below 2^−49; the stated bound is twice as large. Logits beyond
 * ±{@value #CLAMP} are taken for it: both functions are then within 2^−288 of 0, of 1 or of the logit.
 */
public final class Logistic {
  /** Bound of the relative error of the array forms. */
  public static final double RELATIVE_ERROR = 0x1p-48;

  /**
   * So close to a midpoint, in ULP, the array forms do not decide: 64 times their error, and wide enough that a sweep meets a
   * thousand such points.
   */
  public static final double UNDECIDED_ULP = 0x1p-18;

  private static final double CLAMP = 200;
  private static final double LOG2_E = 0x1.71547652b82fep0;

  /** ln 2 in two parts; the first ends in so many zeros that its product with an integer up to 2^12 is exact. */
  private static final double LN2_HIGH = 0x1.62e42fefa2p-1;

  private static final double LN2_LOW = 0x1.9ef35793c7673p-41;

  /** Adding it rounds to an integer, which then lies in the low bits. */
  private static final double MAGIC = 0x1.8p52;

  /** Which of the two. */
  public enum Function {
    /** ln(1 + e^x). */
    SOFTPLUS,
    /** 1 / (1 + e^−x). */
    SIGMOID
  }

  private Logistic() {}

  /** z = e^−a for magnitudes a ≥ 0. */
  public static void exponentials(float[] magnitudes, int length, double[] z) {
    for (int i = 0; i < length; i++) {
      z[i] = exp(-Math.min(magnitudes[i], CLAMP));
    }
  }

  /** softplus(−a) and softplus(a) from z = e^−a. */
  public static void softplus(float[] magnitudes, double[] z, int length, double[] ofNegative, double[] ofPositive) {
    for (int i = 0; i < length; i++) {
      double logarithm = 2 * atanh(z[i] / (2 + z[i]));
      ofNegative[i] = logarithm;
      ofPositive[i] = magnitudes[i] + logarithm;
    }
  }

  /** sigmoid(−a) and sigmoid(a) from z = e^−a. */
  public static void sigmoid(double[] z, int length, double[] ofNegative, double[] ofPositive) {
    for (int i = 0; i < length; i++) {
      double reciprocal = 1 / (1 + z[i]);
      ofNegative[i] = z[i] * reciprocal;
      ofPositive[i] = reciprocal;
    }
  }

  /** The function at a finite x, with a relative error below 2^−95. */
  public static DoubleDouble exact(Function function, float x) {
    double magnitude = Math.min(Math.abs((double) x), CLAMP);
    DoubleDouble z = DoubleDouble.of(-magnitude).exp();
    return switch (function) {
      case SOFTPLUS -> x > 0 ? DoubleDouble.of(x).plus(z.log1p()) : z.log1p();
      case SIGMOID -> (x > 0 ? DoubleDouble.ONE : z).dividedBy(DoubleDouble.ONE.plus(z));
    };
  }

  /**
   * How far a true value lies from the nearest middle between two floats, in ULP; 0.5 for a float itself.
   *
   * @throws IllegalStateException if it is so close that its error decides how it is rounded
   */
  public static double ulpFromMidpoint(DoubleDouble exact) {
    float rounded = exact.toFloat();
    float other = exact.minus(rounded) > 0 ? Math.nextUp(rounded) : Math.nextDown(rounded);
    double midpoint = ((double) rounded + other) / 2;
    double distance = Math.abs(exact.minus(midpoint)) / Ulp.of(exact.hi(), DType.FLOAT32);
    if (distance < 0x1p-68) {
      throw new IllegalStateException("%s is too close to a midpoint to be rounded.".formatted(exact));
    }
    return distance;
  }

  /** e^x for −700 ≤ x ≤ 700. */
  static double exp(double x) {
    double k = Math.fma(x, LOG2_E, MAGIC);
    double n = k - MAGIC;
    double r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    double r2 = r * r;
    double r4 = r2 * r2;
    // The Taylor series beyond 1 + r, in pairs: short chains of dependent operations let the loops overlap them.
    double p23 = Math.fma(r, 1.0 / 6, 1.0 / 2);
    double p45 = Math.fma(r, 1.0 / 120, 1.0 / 24);
    double p67 = Math.fma(r, 1.0 / 5040, 1.0 / 720);
    double p89 = Math.fma(r, 1.0 / 362880, 1.0 / 40320);
    double pAB = Math.fma(r, 1.0 / 39916800, 1.0 / 3628800);
    double pCD = Math.fma(r, 1.0 / 6227020800.0, 1.0 / 479001600);
    double p25 = Math.fma(r2, p45, p23);
    double p69 = Math.fma(r2, p89, p67);
    double pAD = Math.fma(r2, pCD, pAB);
    double tail = Math.fma(r4, Math.fma(r4, pAD, p69), p25);
    double e = 1 + Math.fma(r2, tail, r);
    return e * Double.longBitsToDouble((Double.doubleToRawLongBits(k) + 1023) << 52);
  }

  /** artanh(s) for |s| ≤ 1/3: s · (1 + s²/3 + s⁴/5 + … + s^30/31). */
  static double atanh(double s) {
    double w = s * s;
    double w2 = w * w;
    double w4 = w2 * w2;
    double w8 = w4 * w4;
    double p03 = Math.fma(w2, Math.fma(w, 1.0 / 9, 1.0 / 7), Math.fma(w, 1.0 / 5, 1.0 / 3));
    double p47 = Math.fma(w2, Math.fma(w, 1.0 / 17, 1.0 / 15), Math.fma(w, 1.0 / 13, 1.0 / 11));
    double p8B = Math.fma(w2, Math.fma(w, 1.0 / 25, 1.0 / 23), Math.fma(w, 1.0 / 21, 1.0 / 19));
    double pCE = Math.fma(w2, 1.0 / 31, Math.fma(w, 1.0 / 29, 1.0 / 27));
    double tail = Math.fma(w8, Math.fma(w4, pCE, p8B), Math.fma(w4, p47, p03));
    return Math.fma(s * w, tail, s);
  }
}
