package org.lanewise.bench.baseline;

import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * The two losses as most Java programs have them: a loop over {@link Math#exp}, {@link Math#log1p} and {@link Math#log},
 * in double, from the textbook's stable formulas. What such a loop is not written for (weights, soft targets, strides)
 * takes a slower loop below it.
 */
final class PlainMath implements BceWithLogitsKernel<float[]>, CrossEntropyKernel<float[]> {
  /** Whether a call is one that the simple loops compute: contiguous, unweighted, upstream gradient 1. */
  static boolean isSimple(BceWithLogitsCall<float[]> call) {
    int rows = call.rows;
    int columns = call.columns;
    return !call.weight.isPresent()
        && !call.posWeight.isPresent()
        && !call.upstream.isPresent()
        && !call.targetGradient.isPresent()
        && call.logits.isContiguous(rows, columns)
        && call.target.isContiguous(rows, columns)
        && call.loss.isContiguous(rows, columns)
        && call.logitsGradient.isContiguous(rows, columns);
  }

  /** The same: class indices, none ignored, rows of consecutive logits, upstream gradient 1. */
  static boolean isSimple(CrossEntropyCall<float[]> call) {
    if (call.inner != 1
        || call.target.array == null
        || call.classWeight != null
        || call.labelSmoothing != 0
        || call.upstream.isPresent()
        || call.logits.columnStride != 1
        || call.logitsGradient.isPresent() && call.logitsGradient.columnStride != 1) {
      return false;
    }
    for (int n = 0; n < call.outer; n++) {
      if (call.target.array[call.target.at(n, 0)] == call.ignoreIndex) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
    if (isSimple(call)) {
      call.lossSum =
          bce(
              call.logits.array, call.logits.offset,
              call.target.array, call.target.offset,
              call.loss.array, call.loss.offset,
              call.logitsGradient.array, call.logitsGradient.offset,
              call.gradientScale, call.rows * call.columns);
    } else {
      anyBce(call);
    }
  }

  /** The sum of the losses; writes losses and gradient where there is an array for them. */
  static double bce(
      float[] logits, int logitsOffset, float[] target, int targetOffset, float[] losses, int lossesOffset,
      float[] gradient, int gradientOffset, double scale, int length) {
    double sum = 0;
    for (int i = 0; i < length; i++) {
      float x = logits[logitsOffset + i];
      float t = target[targetOffset + i];
      double e = Math.exp(-Math.abs(x));
      float loss = (float) (Math.max(x, 0) - x * t + Math.log1p(e));
      sum += loss;
      if (losses != null) {
        losses[lossesOffset + i] = loss;
      }
      if (gradient != null) {
        double sigmoid = (x >= 0 ? 1 : e) / (1 + e);
        gradient[gradientOffset + i] = (float) ((sigmoid - t) * scale);
      }
    }
    return sum;
  }

  private static void anyBce(BceWithLogitsCall<float[]> call) {
    double sum = 0;
    for (int row = 0; row < call.rows; row++) {
      for (int column = 0; column < call.columns; column++) {
        double x = at(call.logits, row, column);
        double t = at(call.target, row, column);
        double weight = at(call.weight, row, column);
        double positive = at(call.posWeight, row, column);
        double scale = call.gradientScale * at(call.upstream, row, column);
        double e = Math.exp(-Math.abs(x));
        double softplus = Math.max(-x, 0) + Math.log1p(e); // ln(1 + e^-x)
        double sigmoid = (x >= 0 ? 1 : e) / (1 + e);
        double c = 1 - t + positive * t;
        float loss = (float) (weight * ((1 - t) * x + c * softplus));
        sum += loss;
        set(call.loss, row, column, loss);
        set(call.logitsGradient, row, column, scale * weight * (c * sigmoid - positive * t));
        set(call.targetGradient, row, column, scale * weight * ((positive - 1) * softplus - x));
      }
    }
    call.lossSum = sum;
  }

  @Override
  public void compute(CrossEntropyCall<float[]> call) {
    if (!isSimple(call)) {
      anyCrossEntropy(call);
      return;
    }
    double sum = 0;
    for (int n = 0; n < call.outer; n++) {
      int target = (int) call.target.array[call.target.at(n, 0)];
      float loss =
          row(
              call.logits.array, call.logits.at(n, 0),
              call.logitsGradient.array, call.logitsGradient.at(n, 0),
              target, call.gradientScale, call.classes);
      sum += loss;
      set(call.loss, n, 0, loss);
    }
    call.lossSum = sum;
    call.weightSum = call.outer;
  }

  private static float row(
      float[] logits, int start, float[] gradient, int gradientStart, int target, double scale, int classes) {
    float max = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      max = Math.max(max, logits[start + c]);
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double e = Math.exp(logits[start + c] - max);
      sum += e;
      if (gradient != null) {
        gradient[gradientStart + c] = (float) e;
      }
    }
    if (gradient != null) {
      double factor = scale / sum;
      for (int c = 0; c < classes; c++) {
        gradient[gradientStart + c] = (float) (gradient[gradientStart + c] * factor);
      }
      gradient[gradientStart + target] = (float) (gradient[gradientStart + target] - scale);
    }
    return (float) (Math.log(sum) - (logits[start + target] - max));
  }

  private static void anyCrossEntropy(CrossEntropyCall<float[]> call) {
    double lossSum = 0;
    double weightSum = 0;
    for (int n = 0; n < call.outer; n++) {
      for (int i = 0; i < call.inner; i++) {
        int target = call.target.array == null ? -1 : (int) call.target.array[call.target.at(n, i)];
        boolean ignored = call.target.array != null && call.target.array[call.target.at(n, i)] == call.ignoreIndex;
        float loss = ignored ? 0 : (float) anyRow(call, n, i, target);
        if (ignored) {
          zeroGradient(call, n, i);
        } else {
          weightSum += call.target.array == null ? 1 : weight(call, target);
        }
        lossSum += loss;
        set(call.loss, n, i, loss);
      }
    }
    call.lossSum = lossSum;
    call.weightSum = weightSum;
  }

  /** With shares a_c (weight times smoothed probability) and L = log softmax: −Σ a_c L_c, and its gradients. */
  private static double anyRow(CrossEntropyCall<float[]> call, int n, int i, int target) {
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < call.classes; c++) {
      max = Math.max(max, logit(call, n, c, i));
    }
    double sum = 0;
    double shares = 0;
    for (int c = 0; c < call.classes; c++) {
      sum += Math.exp(logit(call, n, c, i) - max);
      shares += share(call, n, c, i, target);
    }
    double logSumExp = max + Math.log(sum);
    double scale = call.gradientScale * at(call.upstream, n, i);
    double loss = 0;
    for (int c = 0; c < call.classes; c++) {
      double logSoftmax = logit(call, n, c, i) - logSumExp;
      double share = share(call, n, c, i, target);
      loss -= share == 0 ? 0 : share * logSoftmax;
      set(call.logitsGradient, n, c, i, scale * (shares * Math.exp(logSoftmax) - share));
      set(call.targetGradient, n, c, i, scale * weight(call, c) * (call.labelSmoothing - 1) * logSoftmax);
    }
    return loss;
  }

  private static void zeroGradient(CrossEntropyCall<float[]> call, int n, int i) {
    for (int c = 0; c < call.classes; c++) {
      set(call.logitsGradient, n, c, i, 0);
    }
  }

  private static double share(CrossEntropyCall<float[]> call, int n, int c, int i, int target) {
    double probability =
        call.probabilities.array == null
            ? c == target ? 1 : 0
            : call.probabilities.array[call.probabilities.at(n, c) + i];
    return weight(call, c) * ((1 - call.labelSmoothing) * probability + call.labelSmoothing / call.classes);
  }

  private static double weight(CrossEntropyCall<float[]> call, int c) {
    return call.classWeight == null ? 1 : call.classWeight[call.classWeightOffset + c];
  }

  private static double logit(CrossEntropyCall<float[]> call, int n, int c, int i) {
    return call.logits.array[call.logits.at(n, c) + i];
  }

  /** The element, 1 where the operand is absent. */
  private static double at(Strided<float[]> operand, int row, int column) {
    return operand.array == null ? 1 : operand.array[operand.at(row, column)];
  }

  private static void set(Strided<float[]> output, int row, int column, double value) {
    set(output, row, column, 0, value);
  }

  private static void set(Strided<float[]> output, int row, int column, int inner, double value) {
    if (output.array != null) {
      output.array[output.at(row, column) + inner] = (float) value;
    }
  }
}
