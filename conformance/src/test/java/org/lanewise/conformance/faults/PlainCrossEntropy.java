package org.lanewise.conformance.faults;

import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Float32 cross-entropy as a careful author without hurry writes it: loops over rows and classes, float64 inside, right for
 * every form of the call. The largest logit is left out of the sum, so that a confident row loses nothing. A planted fault
 * overrides one step.
 *
 * <p>Class indices, probabilities, weights and smoothing are one thing here: the share of a class is its weight times its
 * smoothed probability.
 */
class PlainCrossEntropy implements CrossEntropyKernel<float[]> {
  /** The target of a row that is ignored, and of a row with class probabilities. */
  static final int IGNORED = -1;

  static final int SPREAD = -2;

  @Override
  public void compute(CrossEntropyCall<float[]> call) {
    double lossSum = 0;
    double weightSum = 0;
    for (int n = 0; n < call.outer; n++) {
      for (int i = 0; i < call.inner; i++) {
        int target = target(call, n, i);
        lossSum = add(lossSum, row(call, n, i, target));
        weightSum += rowWeight(call, target);
      }
    }
    call.lossSum = lossSum;
    call.weightSum = weightSum;
  }

  /** Computes one row, and returns its loss. */
  float row(CrossEntropyCall<float[]> call, int n, int i, int target) {
    double max = max(call, n, i);
    int top = firstAt(call, n, i, max);
    double others = top < 0 ? Double.NaN : others(call, n, i, max, top);
    float loss = round(loss(call, n, i, target, max, others));
    write(call.loss, n, i, 0, loss);
    if (call.logitsGradient.array != null) {
      gradient(call, n, i, target, max, top, others);
    }
    if (call.targetGradient.array != null) {
      targetGradient(call, n, i, max, others);
    }
    return loss;
  }

  /** The class index, {@link #IGNORED} or {@link #SPREAD}. */
  int target(CrossEntropyCall<float[]> call, int n, int i) {
    if (call.target.array == null) {
      return SPREAD;
    }
    long target = call.target.array[call.target.at(n, i)];
    return target == call.ignoreIndex ? IGNORED : (int) target;
  }

  double logit(CrossEntropyCall<float[]> call, int n, int c, int i) {
    return call.logits.array[call.logits.at(n, c) + i];
  }

  /** The largest logit; NaN if there is a NaN. */
  double max(CrossEntropyCall<float[]> call, int n, int i) {
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < call.classes; c++) {
      max = Math.max(max, logit(call, n, c, i));
    }
    return max;
  }

  /** The first class whose logit is the largest; −1 if there is no softmax: a NaN, +∞, or nothing above −∞. */
  int firstAt(CrossEntropyCall<float[]> call, int n, int i, double max) {
    for (int c = 0; c < call.classes && Double.isFinite(max); c++) {
      if (logit(call, n, c, i) == max) {
        return c;
      }
    }
    return -1;
  }

  /** Σ e^(x_c − max) over all classes but the top one. */
  double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
    double sum = 0;
    for (int c = 0; c < call.classes; c++) {
      sum += c == top ? 0 : exp(logit(call, n, c, i) - max);
    }
    return sum;
  }

  double loss(CrossEntropyCall<float[]> call, int n, int i, int target, double max, double others) {
    if (target == IGNORED || call.classes == 0) {
      return 0;
    }
    double log = log1p(others);
    double loss = 0;
    for (int c = 0; c < call.classes; c++) {
      if (counts(call, c, target)) {
        loss += share(call, n, c, i, target) * (log + (max - logit(call, n, c, i)));
      }
    }
    return loss;
  }

  /** Whether a class has a part in the loss. An infinite logit of another class must not meet a share of 0. */
  boolean counts(CrossEntropyCall<float[]> call, int c, int target) {
    return target == SPREAD || call.labelSmoothing > 0 || c == target;
  }

  /** The weight of a class times its smoothed probability. */
  double share(CrossEntropyCall<float[]> call, int n, int c, int i, int target) {
    if (target == IGNORED || !counts(call, c, target)) {
      return 0;
    }
    double probability =
        target == SPREAD ? call.probabilities.array[call.probabilities.at(n, c) + i] : c == target ? 1 : 0;
    return weight(call, c) * ((1 - call.labelSmoothing) * probability + call.labelSmoothing / call.classes);
  }

  double weight(CrossEntropyCall<float[]> call, int c) {
    return call.classWeight == null ? 1 : call.classWeight[call.classWeightOffset + c];
  }

  /** What the row adds to the weight sum. */
  double rowWeight(CrossEntropyCall<float[]> call, int target) {
    return target == IGNORED ? 0 : target == SPREAD ? 1 : weight(call, target);
  }

  /** A · softmax_c − a_c with shares a_c and their sum A; for the top class as a difference that does not cancel. */
  void gradient(CrossEntropyCall<float[]> call, int n, int i, int target, double max, int top, double others) {
    double rest = 0;
    for (int c = 0; c < call.classes; c++) {
      rest += c == top ? 0 : share(call, n, c, i, target);
    }
    double all = top < 0 ? rest : rest + share(call, n, top, i, target);
    double factor = factor(call, n, i, target);
    for (int c = 0; c < call.classes; c++) {
      double gradient =
          c == top
              ? rest - all * (others / (1 + others))
              : all * (exp(logit(call, n, c, i) - max) / (1 + others)) - share(call, n, c, i, target);
      write(call.logitsGradient, n, c, i, round(gradient * factor));
    }
  }

  /** What multiplies the gradients of a row; nothing does those of an ignored one. */
  double factor(CrossEntropyCall<float[]> call, int n, int i, int target) {
    return target == IGNORED ? 1 : call.gradientScale * upstream(call, n, i);
  }

  double upstream(CrossEntropyCall<float[]> call, int n, int i) {
    return call.upstream.array == null ? 1 : call.upstream.array[call.upstream.at(n, i)];
  }

  void targetGradient(CrossEntropyCall<float[]> call, int n, int i, double max, double others) {
    double factor = factor(call, n, i, SPREAD) * (1 - call.labelSmoothing);
    for (int c = 0; c < call.classes; c++) {
      double minusLogSoftmax = log1p(others) + (max - logit(call, n, c, i));
      write(call.targetGradient, n, c, i, round(minusLogSoftmax * weight(call, c) * factor));
    }
  }

  /** e^x for x ≤ 0; never 0, lest a gradient lose its sign. */
  double exp(double x) {
    return StrictMath.exp(Math.max(x, -700));
  }

  /** ln(1 + x) for x ≥ 0. */
  double log1p(double x) {
    return StrictMath.log1p(x);
  }

  float round(double value) {
    return (float) value;
  }

  double add(double sum, float loss) {
    return sum + loss;
  }

  /** Writes an output of one value a row at (row n, column c = i), or of one value a logit. */
  void write(Strided<float[]> output, int n, int c, int i, float value) {
    if (output.array != null) {
      output.array[output.at(n, c) + i] = value;
    }
  }
}
