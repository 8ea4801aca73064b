package org.lanewise.conformance.oracle;

/**
 * The true loss and gradient of one row of float32 cross-entropy with a class index, in float64.
 *
 * <p>With m the largest logit, R = Σ e^(x_c − m) over the classes but the largest, and t the target, the loss is (m − x_t) +
 * ln(1 + R), and the gradient e^(x_c − m) / (1 + R) for the classes but the target, the negated sum of those for the target.
 * Every sum has terms of one sign, so nothing cancels.
 *
 * <p><b>Error.</b> A difference x_c − m is kept with what its rounding lost; its exponential is that of {@link Logistic} with a
 * relative error below 2^−50; sums are compensated (2^−52, whatever the number of classes); the logarithm, products and the
 * division add 2^−49 in all. Loss and gradient stay below 2^−47, that is 2^−23 ULP of a float32 result. Terms below e^−700
 * count as e^−700, far below what the smallest subnormal float32 can show.
 */
public final class SoftmaxRow {
  /** Bound of the relative error of loss and gradient. */
  public static final double RELATIVE_ERROR = 0x1p-47;

  private static final double CLAMP = -700;

  private final double[] terms;
  private double loss;
  private double reciprocal;

  /** Scratch for rows of up to so many classes. */
  public SoftmaxRow(int largest) {
    terms = new double[largest];
  }

  /** Reads a row of finite logits. */
  public void read(float[] logits, int offset, int classes, int target) {
    int largest = 0;
    for (int c = 1; c < classes; c++) {
      largest = logits[offset + c] > logits[offset + largest] ? c : largest;
    }
    double m = logits[offset + largest];
    double sum = 0; // over the classes but the largest, with Neumaier's compensation
    double lost = 0;
    double others = target == largest ? 0 : 1; // over the classes but the target; the largest class has the term 1
    double othersLost = 0;
    for (int c = 0; c < classes; c++) {
      double x = logits[offset + c];
      double difference = x - m;
      double back = x - difference;
      double error = (x - (difference + back)) + (back - m); // what rounding the difference lost
      double e = Logistic.exp(Math.max(difference, CLAMP));
      e = Math.fma(e, error, e);
      terms[c] = e;
      if (c != largest) {
        double next = sum + e;
        lost += Math.max(sum, e) - next + Math.min(sum, e);
        sum = next;
        if (c != target) {
          double nextOthers = others + e;
          othersLost += Math.max(others, e) - nextOthers + Math.min(others, e);
          others = nextOthers;
        }
      }
    }
    double rest = sum + lost;
    loss = (m - logits[offset + target]) + log1p(rest);
    reciprocal = 1 / (1 + rest);
    terms[target] = -(others + othersLost);
  }

  /** The loss. */
  public double loss() {
    return loss;
  }

  /** The gradient of a class's logit. */
  public double gradient(int c) {
    return terms[c] * reciprocal;
  }

  /** ln(1 + x) for x ≥ 0; where x is not small, a power of two is taken out of 1 + x. */
  private static double log1p(double x) {
    if (x <= 1) {
      return 2 * Logistic.atanh(x / (2 + x));
    }
    double u = 1 + x;
    int exponent = Math.getExponent(u);
    double f = Math.scalb(u, -exponent); // in [1, 2)
    return Math.fma(exponent, 0x1.62e42fefa39efp-1, 2 * Logistic.atanh((f - 1) / (f + 1)));
  }
}
