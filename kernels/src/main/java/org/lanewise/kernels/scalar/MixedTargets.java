package org.lanewise.kernels.scalar;

import java.util.Arrays;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.Strided;

/**
 * Float32 cross-entropy rows whose target is spread over the classes: class probabilities, label smoothing, or both. One
 * implementation for the scalar and the SIMD kernel.
 *
 * <p>Let a_c be the share of class c: its weight times its probability, smoothed. With k the largest logit, S the sum of
 * e^(x_c − x_k) over all c ≠ k and A = Σ a_c, the loss is Σ a_c · (x_k − x_c) + A · ln(1 + S). For shares of one sign all
 * terms have that sign, so nothing cancels, however confident the row.
 *
 * <p>The gradient is A · softmax_c − a_c, which does cancel near the optimum of a soft target; therefore the exponentials
 * are float64 too, and the row costs what float64 costs. For class k, A · softmax_k − a_k is computed as Σ a_c over c ≠ k,
 * minus A · S / (1 + S): a confident row with a one-hot target loses nothing there either.
 */
public final class MixedTargets {
  private double[] exponentials = new double[0];
  private final double[] slots = new double[3 * SlotSum.SLOTS];

  /** Scratch for one thread. */
  public MixedTargets() {}

  /** Whether rows of this call are of this kind. */
  public static boolean applies(CrossEntropyCall<float[]> call) {
    return call.probabilities.isPresent() || call.labelSmoothing > 0;
  }

  /**
   * The loss of one row, in float64; writes the gradients of the row that are wanted.
   *
   * @param n the outer index of the row
   * @param i the inner index of the row
   * @param target the class index; −1 for an ignored row; unused with probabilities
   * @param scale the factor of the gradients
   */
  public double row(CrossEntropyCall<float[]> call, int n, int i, int target, double scale) {
    int classes = call.classes;
    if (classes == 0) {
      return 0;
    }
    int k = -1;
    float max = Float.NEGATIVE_INFINITY;
    boolean nan = false;
    for (int c = 0; c < classes; c++) {
      float x = call.logits.array[call.logits.at(n, c) + i];
      nan |= x != x;
      if (x > max) {
        max = x;
        k = c;
      }
    }
    if (nan || k < 0 || max == Float.POSITIVE_INFINITY) {
      fill(call.logitsGradient, classes, n, i, Float.NaN);
      fill(call.targetGradient, classes, n, i, Float.NaN);
      return Double.NaN;
    }
    if (exponentials.length < classes) {
      exponentials = new double[classes];
    }

    Arrays.fill(slots, 0);
    for (int c = 0; c < classes; c++) {
      double distance = (double) max - call.logits.array[call.logits.at(n, c) + i];
      double share = share(call, n, i, c, target);
      int slot = c % SlotSum.SLOTS;
      exponentials[c] = c == k || distance > 700 ? 0 : RowMath.exp(-distance);
      slots[slot] += exponentials[c];
      slots[SlotSum.SLOTS + slot] += share * distance;
      slots[2 * SlotSum.SLOTS + slot] += c == k ? 0 : share;
    }
    double sum = SlotSum.reduce(slots, 0);
    double otherShares = SlotSum.reduce(slots, 2 * SlotSum.SLOTS);
    double shares = otherShares + share(call, n, i, k, target);
    double log = RowMath.log1p(sum);

    if (call.logitsGradient.array != null) {
      double perUnit = shares / (1 + sum);
      for (int c = 0; c < classes; c++) {
        double gradient =
            c == k ? otherShares - sum * perUnit : exponentials[c] * perUnit - share(call, n, i, c, target);
        call.logitsGradient.array[call.logitsGradient.at(n, c) + i] = (float) (scale * gradient);
      }
    }
    if (call.targetGradient.array != null) {
      for (int c = 0; c < classes; c++) {
        double distance = (double) max - call.logits.array[call.logits.at(n, c) + i];
        double weight = call.classWeight == null ? 1 : call.classWeight[call.classWeightOffset + c];
        call.targetGradient.array[call.targetGradient.at(n, c) + i] =
            (float) (scale * (1 - call.labelSmoothing) * weight * (distance + log));
      }
    }
    return SlotSum.reduce(slots, SlotSum.SLOTS) + shares * log + 0.0; // + 0.0 makes a -0 a +0
  }

  /** a_c. */
  private static double share(CrossEntropyCall<float[]> call, int n, int i, int c, int target) {
    double weight = call.classWeight == null ? 1 : call.classWeight[call.classWeightOffset + c];
    double probability =
        call.probabilities.array != null
            ? call.probabilities.array[call.probabilities.at(n, c) + i]
            : c == target ? 1 : 0;
    if (call.labelSmoothing > 0) {
      probability = (1 - call.labelSmoothing) * probability + call.labelSmoothing / call.classes;
    }
    return weight * probability;
  }

  private static void fill(Strided<float[]> operand, int classes, int n, int i, float value) {
    for (int c = 0; c < classes && operand.array != null; c++) {
      operand.array[operand.at(n, c) + i] = value;
    }
  }
}
