package org.lanewise.kernels.scalar;

import static org.lanewise.kernels.scalar.SlotSum.SLOTS;

import java.util.Arrays;

/**
 * One row of cross-entropy in float64: what the scalar and the SIMD kernels share, which is all but the loops. Serves the
 * float64 kernels, and the float32 ones where the target is spread over the classes ({@link MixedTargets}).
 *
 * <p>With k the largest logit, d_c = x_c − x_k and Z = Σ e^d_c over all c ≠ k, the softmax is e^d_c / (1 + Z) and the loss
 * of class c is ln(1 + Z) − d_c, two terms of one sign. All of these are pairs of doubles, so that each result is rounded
 * once; the exponentials are kept 2^256 too large, so that those which are subnormal have low parts too.
 *
 * <p>A row is copied to {@link #logits}; the loops work on whole vectors, so the copy is padded to a multiple of {@link
 * #PADDING}. What is computed once a row is computed here, for all kernels.
 */
public abstract class RowFloat64 {
  /** At least as many doubles as a vector has. */
  private static final int PADDING = 8;

  /** What the exponentials are too large by. */
  private static final double UNIT = 1 / Float64Math.UNSCALE;

  /** Below this ln(1 + z) is z. */
  private static final double SMALL = 0x1p-200;

  /** The row's logits, then its gradient. */
  double[] logits = new double[0];

  /** The row's probabilities; all 0 between rows where the target is a class index. */
  double[] probabilities = new double[0];

  /** The weights of the classes, for all rows of a call. */
  double[] weights = new double[0];

  /** The gradient with respect to the probabilities. */
  double[] targetGradient = new double[0];

  private double[] d = new double[0];
  private double[] dLow = new double[0];
  private double[] e = new double[0];
  private double[] eLow = new double[0];
  private double[] a = new double[0];
  private double[] aLow = new double[0];
  private final double[] slots = new double[2 * SLOTS];

  private int classes;
  private int padded;
  private int largest;
  private double kept;
  private double keptLow;
  private double even;
  private double evenLow;

  /** Results of the last step that has a pair for a result. */
  private double high;

  private double low;

  private double z;
  private double zLow;
  private double log;
  private double logLow;
  private double logUnit;
  private double factor;
  private double factorLow;

  /** For subclasses. */
  protected RowFloat64() {}

  /** Prepares for rows of so many classes. */
  final void begin(int classes, double labelSmoothing) {
    this.classes = classes;
    padded = (classes + PADDING - 1) & -PADDING;
    if (logits.length < padded) {
      logits = new double[padded];
      probabilities = new double[padded];
      weights = new double[padded];
      targetGradient = new double[padded];
      d = new double[padded];
      dLow = new double[padded];
      e = new double[padded];
      eLow = new double[padded];
      a = new double[padded];
      aLow = new double[padded];
    }
    Arrays.fill(probabilities, 0, padded, 0);
    Arrays.fill(weights, 0, classes, 1);
    Arrays.fill(weights, classes, padded, 0); // a padding class has no share
    kept = 1 - labelSmoothing;
    keptLow = (1 - kept) - labelSmoothing;
    even = labelSmoothing / classes;
    evenLow = Math.fma(-even, classes, labelSmoothing) / classes;
  }

  /** Sets the factor of the gradients, a product. */
  final void factor(double scale, double upstream, double weight) {
    double first = scale * upstream;
    double firstLow = Math.fma(scale, upstream, -first);
    factor = first * weight;
    factorLow = numberOrZero(Math.fma(first, weight, -factor) + firstLow * weight);
  }

  /**
   * The loss of a row with a class index, times the weight of the class.
   *
   * @param target the class; −1 for an ignored row, whose loss is 0
   */
  final double indexed(int target, boolean gradientWanted) {
    if (!softmax(target)) {
      Arrays.fill(logits, 0, classes, Double.NaN);
      return target < 0 ? 0 : Double.NaN;
    }
    if (target < 0) {
      Arrays.fill(logits, 0, classes, 0);
      return 0;
    }
    double distance = d[target];
    double distanceLow = dLow[target];
    if (gradientWanted) {
      // Without the target the others sum to 1 + Z - e_t, which does not cancel: e_t is a part of Z.
      double others = z;
      double othersLow = zLow;
      if (target != largest) {
        add(z, zLow, -e[target], -eLow[target]);
        add(high, low, UNIT, 0);
        others = high;
        othersLow = low;
        e[largest] = UNIT;
      }
      e[target] = -others;
      eLow[target] = -othersLow;
      add(z, zLow, UNIT, 0);
      // A small factor is not to make the sum's quotient subnormal, nor a large one to multiply what is.
      boolean small = Math.abs(factor) < 1;
      double unscale = small ? Float64Math.UNSCALE : 1;
      divide(factor, factorLow, high * unscale, low * unscale);
      scale(e, eLow, high, numberOrZero(low), unscale, logits, padded);
    }
    double weight = weights[target];
    if (distance == 0) {
      multiplyLog(weight, 0);
    } else {
      add(log * logUnit, logLow * logUnit, -distance, -distanceLow);
      multiply(high, low, weight, 0);
    }
    return value() + 0.0; // + 0.0 makes a -0 a +0
  }

  /**
   * The loss of a row with a share a_c for each class, its weight times its probability, smoothed: A · ln(1 + Z) − Σ a_c d_c
   * with A = Σ a_c. For shares of one sign nothing cancels, however confident the row.
   *
   * <p>The gradient is A · softmax_c − a_c; for class k it is computed as Σ a_c over c ≠ k, minus A · Z / (1 + Z): a
   * confident row with a one-hot target loses nothing there either.
   *
   * @param target the class whose probability is 1; −1 for an ignored row; unused with probabilities
   */
  final double mixed(int target, boolean spread, boolean gradientWanted, boolean targetGradientWanted) {
    if (!softmax(spread ? -1 : target)) {
      Arrays.fill(logits, 0, classes, Double.NaN);
      Arrays.fill(targetGradient, 0, classes, Double.NaN);
      return !spread && target < 0 ? 0 : Double.NaN;
    }
    if (!spread && target < 0) {
      Arrays.fill(logits, 0, classes, 0);
      return 0;
    }
    if (!spread) {
      probabilities[target] = 1;
    }
    shares(probabilities, weights, kept, keptLow, even, evenLow, a, aLow, padded);
    if (!spread) {
      probabilities[target] = 0;
    }
    double own = a[largest];
    double ownLow = aLow[largest];
    a[largest] = 0;
    aLow[largest] = 0;
    sum(a, aLow, padded, slots);
    reduce();
    double others = high;
    double othersLow = low;
    add(others, othersLow, own, ownLow);
    double all = high;
    double allLow = numberOrZero(low);

    sumProducts(a, aLow, d, dLow, padded, slots);
    reduce();
    double distances = high;
    double distancesLow = low;

    if (gradientWanted) {
      e[largest] = -z;
      eLow[largest] = -zLow;
      a[largest] = -others;
      aLow[largest] = -othersLow;
      add(z, zLow, UNIT, 0);
      divide(all, allLow, high, low);
      differences(e, eLow, a, aLow, high, numberOrZero(low), factor, factorLow, logits, padded);
    }
    if (targetGradientWanted) {
      targetGradient();
    }
    multiplyLog(all, allLow);
    add(high, low, -distances, -distancesLow);
    return value() + 0.0;
  }

  /** The gradient with respect to the probabilities: (ln(1 + Z) − d) · weight · kept. Seldom wanted, so for all kernels. */
  private void targetGradient() {
    multiply(factor, factorLow, kept, keptLow);
    double all = high;
    double allLow = numberOrZero(low);
    for (int c = 0; c < classes; c++) {
      add(log * logUnit, logLow * logUnit, -d[c], -dLow[c]);
      multiply(high, low, all, allLow);
      multiply(high, low, weights[c], 0);
      targetGradient[c] = value();
    }
  }

  /** Differences from the largest logit, exponentials without that one, Z, its logarithm; false if there is no softmax. */
  private boolean softmax(int target) {
    Arrays.fill(logits, classes, padded, Double.NEGATIVE_INFINITY);
    double max = max(logits, padded) + 0.0;
    exponentials(logits, max, d, dLow, e, eLow, padded);
    Arrays.fill(d, classes, padded, 0); // the padding has no share, but 0 times infinity is not 0
    largest = 0;
    if (target >= 0 && d[target] == 0) {
      largest = target;
    } else {
      while (largest < classes && d[largest] != 0) {
        largest++;
      }
    }
    if (largest == classes) {
      return false; // +inf among the logits, or nothing above -inf
    }
    e[largest] = 0;
    sum(e, eLow, padded, slots);
    reduce();
    z = high;
    zLow = low;
    if (z != z) {
      return false;
    }
    if (z < SMALL * UNIT) {
      log = z;
      logLow = zLow;
      logUnit = Float64Math.UNSCALE;
    } else {
      log1p(z * Float64Math.UNSCALE, zLow * Float64Math.UNSCALE);
      log = high;
      logLow = low;
      logUnit = 1;
    }
    return true;
  }

  /** The logarithm times a pair; a subnormal logarithm is rounded after that. */
  private void multiplyLog(double by, double byLow) {
    if (Math.abs(by) < 1) {
      multiply(log, logLow, by, byLow);
      high *= logUnit;
      low *= logUnit;
    } else {
      multiply(log, logLow, by * logUnit, byLow * logUnit);
    }
  }

  /** ln(1 + x): 1 + x = 2^q f with f near 1, then 2 artanh((f − 1) / (f + 1)). */
  private void log1p(double x, double xLow) {
    int q = 0;
    double g = x;
    double gLow = xLow;
    if (x >= 0.375) {
      add(1, 0, x, xLow);
      q = Math.getExponent(high * 0x1.6a09e667f3bcdp0);
      double half = Math.scalb(1.0, -q);
      g = high * half - 1;
      gLow = low * half;
    }
    double denominator = 2 + g;
    double denominatorLow = ((2 - denominator) + g) + gLow;
    divide(g, gLow, denominator, denominatorLow);
    double s = high;
    double sLow = low;
    double u = s * s;
    double u2 = u * u;
    double u4 = u2 * u2;
    double a03 = Math.fma(u2, Math.fma(u, Float64Math.A3, Float64Math.A2), Math.fma(u, Float64Math.A1, Float64Math.A0));
    double a47 = Math.fma(u2, Math.fma(u, Float64Math.A7, Float64Math.A6), Math.fma(u, Float64Math.A5, Float64Math.A4));
    double p = Math.fma(u4, Math.fma(u4, Math.fma(u, Float64Math.A9, Float64Math.A8), a47), a03);
    double s2 = s + s;
    double correction = sLow + sLow;
    double rest = Math.fma(s2 * u, p, Math.fma(correction, u, correction));
    high = s2 + rest;
    low = (s2 - high) + rest;
    if (q != 0) {
      double ln2Low = -q * Float64Math.MINUS_LN2_LOW;
      add(-q * Float64Math.MINUS_LN2_HIGH, 0, high, low + ln2Low);
    }
  }

  private void add(double x, double xLow, double y, double yLow) {
    double sum = x + y;
    double back = sum - x;
    high = sum;
    low = ((x - (sum - back)) + (y - back)) + (xLow + yLow);
  }

  private void multiply(double x, double xLow, double y, double yLow) {
    high = x * y;
    low = Math.fma(x, y, -high) + Math.fma(x, yLow, xLow * y);
  }

  private void divide(double x, double xLow, double y, double yLow) {
    high = x / y;
    low = (Math.fma(-high, y, x) + (xLow - high * yLow)) / y;
  }

  private void reduce() {
    PairSum.reduce(slots, padded);
    high = slots[0];
    low = numberOrZero(slots[SLOTS]);
  }

  /** An infinite result has no low part. */
  private static double numberOrZero(double low) {
    return low - low == 0 ? low : 0;
  }

  private double value() {
    double sum = high + low;
    return sum == sum ? sum : high;
  }

  /** The largest logit, NaN passed over; −inf if there is none. */
  protected abstract double max(double[] logits, int length);

  /** Exponential: d + dLow = x − max, e + eLow = e^(x − max) · 2^256. */
  protected abstract void exponentials(
      double[] logits, double max, double[] ds, double[] dLows, double[] es, double[] eLows, int length);

  /** Sum of pairs: slot j of a {@link PairSum} is the sum of pairs j, j + 32, …. */
  protected abstract void sum(double[] highs, double[] lows, int length, double[] slots);

  /** Sum of the products of two pairs, likewise. */
  protected abstract void sumProducts(
      double[] as, double[] aLows, double[] ds, double[] dLows, int length, double[] slots);

  /** Share: weight · (kept · probability + even). */
  protected abstract void shares(
      double[] probabilities, double[] weights,
      double kept, double keptLow, double even, double evenLow,
      double[] as, double[] aLows, int length);

  /** Gradient for a class index: e · factor, unscaled. */
  protected abstract void scale(
      double[] es, double[] eLows, double factor, double factorLow, double unscale, double[] out, int length);

  /** Gradient for shares: (e · perUnit − a) · factor. */
  protected abstract void differences(
      double[] es, double[] eLows, double[] as, double[] aLows,
      double perUnit, double perUnitLow, double factor, double factorLow,
      double[] out, int length);
}
