package org.lanewise.kernels.scalar;

import java.util.Arrays;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Float64 cross-entropy: the formulas of {@link CrossEntropyMath} and {@link MixedTargets} with the exponential and
 * logarithm of {@link StrictMath}, whose bits the platform fixes. What a difference of logits loses to rounding is kept and
 * multiplied into its exponential.
 */
final class ScalarCrossEntropyFloat64 implements CrossEntropyKernel<double[]> {
  /** The declared bounds, in ULP. */
  static final double LOSS_ULP = 4;

  static final double GRADIENT_ULP = 6;
  static final double MIXED_ULP = 6;
  static final double REDUCED_ULP = 6;

  /** e^−750 is 0 in float64. */
  private static final double DEEPEST = -750;

  private static final ThreadLocal<double[]> SLOTS = ThreadLocal.withInitial(() -> new double[4 * SlotSum.SLOTS]);

  @Override
  public void compute(CrossEntropyCall<double[]> call) {
    double[] slots = SLOTS.get();
    int block = 3 * SlotSum.SLOTS;
    Arrays.fill(slots, block, block + SlotSum.SLOTS, 0);
    double weightSum = 0;
    int row = 0;
    for (int n = 0; n < call.outer; n++) {
      for (int i = 0; i < call.inner; i++, row++) {
        int target = 0;
        if (call.target.array != null) {
          long index = call.target.array[call.target.at(n, i)];
          target = index == call.ignoreIndex ? -1 : (int) index;
        }
        boolean ignored = target < 0;
        double upstream = call.upstream.array == null ? 1 : call.upstream.array[call.upstream.at(n, i)];
        double loss = row(call, slots, n, i, target, ignored ? 0 : call.gradientScale * upstream);
        if (ignored) {
          loss = 0;
        }
        if (call.loss.array != null) {
          call.loss.array[call.loss.at(n, i)] = loss;
        }
        slots[block + row % SlotSum.SLOTS] += loss;
        weightSum += ignored ? 0 : weight(call, target);
      }
    }
    call.lossSum = SlotSum.reduce(slots, block);
    call.weightSum = weightSum;
  }

  private static double row(CrossEntropyCall<double[]> call, double[] slots, int n, int i, int target, double scale) {
    int classes = call.classes;
    int largest = -1;
    double max = Double.NEGATIVE_INFINITY;
    boolean nan = false;
    for (int c = 0; c < classes; c++) {
      double x = logit(call, n, i, c);
      nan |= x != x;
      if (x > max) {
        max = x;
        largest = c;
      }
    }
    if (nan || !(Math.abs(max) <= Double.MAX_VALUE)) {
      fillRow(call.logitsGradient, classes, n, i);
      fillRow(call.targetGradient, classes, n, i);
      return Double.NaN;
    }
    // The class that is left out of the sum: the target's own, or with mixed targets the largest.
    boolean mixed = call.probabilities.array != null || call.labelSmoothing > 0;
    int pivot = mixed || target < 0 ? largest : target;
    double pivotLogit = logit(call, n, i, pivot);
    Arrays.fill(slots, 0, 3 * SlotSum.SLOTS, 0);
    for (int c = 0; c < classes; c++) {
      if (c != pivot) {
        slots[c % SlotSum.SLOTS] += exp(logit(call, n, i, c), max);
      }
    }
    double others = SlotSum.reduce(slots, 0);
    double own = exp(pivotLogit, max);
    double total = others + own;
    // ln(1 + others / own); where own has underflowed, the distance to the largest logit is all that counts.
    double log =
        pivotLogit - max > DEEPEST / 2
            ? StrictMath.log1p(others / own)
            : (max - pivotLogit) + StrictMath.log(others);

    double loss;
    double shares = 0;
    if (mixed) {
      for (int c = 0; c < classes; c++) {
        double share = share(call, n, i, c, target);
        slots[SlotSum.SLOTS + c % SlotSum.SLOTS] += share * (max - logit(call, n, i, c));
        slots[2 * SlotSum.SLOTS + c % SlotSum.SLOTS] += share;
      }
      shares = SlotSum.reduce(slots, 2 * SlotSum.SLOTS);
      loss = SlotSum.reduce(slots, SlotSum.SLOTS) + shares * log;
    } else {
      loss = target < 0 ? 0 : weight(call, target) * log;
    }

    if (call.logitsGradient.array != null) {
      double factor = mixed ? scale * shares : target < 0 ? 0 : scale * weight(call, target);
      for (int c = 0; c < classes; c++) {
        double softmax = (c == pivot ? own : exp(logit(call, n, i, c), max)) / total;
        double gradient;
        if (mixed) {
          gradient = scale * (softmax * shares - share(call, n, i, c, target));
        } else {
          gradient = c == target ? -(others / total * factor) : softmax * factor;
        }
        call.logitsGradient.array[call.logitsGradient.at(n, c) + i] = gradient;
      }
    }
    if (call.targetGradient.array != null) {
      for (int c = 0; c < classes; c++) {
        call.targetGradient.array[call.targetGradient.at(n, c) + i] =
            scale * (1 - call.labelSmoothing) * weight(call, c) * ((max - logit(call, n, i, c)) + log);
      }
    }
    return loss + 0.0;
  }

  /** e^(x − max), x ≤ max finite, what the difference loses to rounding included. */
  private static double exp(double x, double max) {
    double difference = x - max;
    if (!(difference >= DEEPEST)) {
      return 0;
    }
    double back = difference + max;
    double lost = (x - back) + ((back - difference) - max); // exact: the error of a difference is a double
    double e = StrictMath.exp(difference);
    return e + e * lost;
  }

  private static double logit(CrossEntropyCall<double[]> call, int n, int i, int c) {
    return call.logits.array[call.logits.at(n, c) + i];
  }

  private static double weight(CrossEntropyCall<double[]> call, int c) {
    return call.classWeight == null ? 1 : call.classWeight[call.classWeightOffset + c];
  }

  private static double share(CrossEntropyCall<double[]> call, int n, int i, int c, int target) {
    double probability =
        call.probabilities.array != null
            ? call.probabilities.array[call.probabilities.at(n, c) + i]
            : c == target ? 1 : 0;
    if (call.labelSmoothing > 0) {
      probability = (1 - call.labelSmoothing) * probability + call.labelSmoothing / call.classes;
    }
    return weight(call, c) * probability;
  }

  private static void fillRow(Strided<double[]> operand, int classes, int n, int i) {
    for (int c = 0; c < classes && operand.array != null; c++) {
      operand.array[operand.at(n, c) + i] = Double.NaN;
    }
  }
}
