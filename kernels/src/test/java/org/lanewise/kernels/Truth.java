package org.lanewise.kernels;

/**
 * The true values, in float64 by formulas without cancellation: good to about 2^−50, a ten-millionth of a float32 ULP's
 * half. Written from the definitions; shares nothing with the kernels.
 */
final class Truth {
  private Truth() {}

  /** The float32 ULP of a true value; that of the smallest subnormal at least. */
  static double ulp(double truth) {
    return Math.scalb(1.0, Math.max(Math.getExponent(truth), Float.MIN_EXPONENT) - 23);
  }

  /** The error in ULP of the truth. */
  static double error(float actual, double truth) {
    return Math.abs(actual - truth) / ulp(truth);
  }

  /** The error in ULP of the largest term of a sum that may cancel. */
  static double error(float actual, double truth, double term1, double term2) {
    return Math.abs(actual - truth) / ulp(Math.max(Math.abs(truth), Math.max(Math.abs(term1), Math.abs(term2))));
  }

  /** |x| · w, the term of a BCE loss that is linear in the logit. */
  static double bceLinearTerm(double x, double t) {
    return Math.abs(x) * (x > 0 ? 1 - t : t);
  }

  static double bceLogTerm(double x) {
    return Math.log1p(Math.exp(-Math.abs(x)));
  }

  static double bceLoss(double x, double t) {
    return bceLinearTerm(x, t) + bceLogTerm(x);
  }

  static double sigmoid(double x) {
    double z = Math.exp(-Math.abs(x));
    return (x > 0 ? 1 : z) / (1 + z);
  }

  /** σ(x) − t; σ(x) − 1 is −σ(−x). */
  static double bceGradient(double x, double t) {
    return x > 0 ? (1 - t) - sigmoid(-x) : sigmoid(x) - t;
  }

  /**
   * The loss of a row of cross-entropy.
   *
   * @param gradient receives the gradient of the row's logits
   */
  static double crossEntropy(float[] logits, int start, int classes, int target, double[] gradient) {
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      max = Math.max(max, logits[start + c]);
    }
    double others = 0;
    for (int c = 0; c < classes; c++) {
      gradient[c] = Math.exp(logits[start + c] - max);
      others += c == target ? 0 : gradient[c];
    }
    double toTarget = max - logits[start + target];
    double ofTarget = gradient[target];
    for (int c = 0; c < classes; c++) {
      gradient[c] /= others + ofTarget;
    }
    gradient[target] = -others / (others + ofTarget);
    // A target below the largest: the others hold a 1, and neither term is negative.
    return toTarget == 0 ? Math.log1p(others) : toTarget + Math.log1p((others - 1) + ofTarget);
  }
}
