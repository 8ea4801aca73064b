package org.lanewise.kernels.scalar;

import java.util.Arrays;
import org.lanewise.kernels.spi.CrossEntropyCall;

/**
 * The end of a cross-entropy row whose target is spread over the classes: class probabilities, label smoothing, or both.
 *
 * <p>Let a_c be the share of class c: its weight times its probability, smoothed. With k the largest logit, S the sum of
 * e^(x_c − x_k) over all c ≠ k and A = Σ a_c, the loss is Σ a_c · (x_k − x_c) + A · ln(1 + S). For shares of one sign all
 * terms have that sign, so nothing cancels, however confident the row. The gradient is A · softmax_c − a_c.
 *
 * <p>The exponentials come from the kernel, which is what takes the time; the rest is float64, for the scalar and the SIMD
 * kernel alike.
 */
public final class MixedTargets {
  private MixedTargets() {}

  /** Whether rows of this call end here. */
  public static boolean applies(CrossEntropyCall<float[]> call) {
    return call.probabilities.isPresent() || call.labelSmoothing > 0;
  }

  /** The first class with the given logit, which occurs. */
  public static int indexOf(float[] logits, float value) {
    int c = 0;
    while (logits[c] != value) {
      c++;
    }
    return c;
  }

  /**
   * The loss of one row, in float64; writes the gradients of the row that are wanted.
   *
   * @param n the outer index of the row
   * @param i the inner index of the row
   * @param logits its logits, side by side
   * @param exponentials e^(x_c − x_k) · 2^headroom, 0 for k itself
   * @param others the sum of the exponentials
   * @param k the class of the largest logit
   * @param largest what the exponentials are relative to: ln of what class k would have in their scale
   * @param target the class index; −1 for an ignored row; unused with probabilities
   * @param scale the factor of the gradients
   * @param slots scratch, {@link SlotSum#SLOTS} values twice
   */
  public static double row(
      CrossEntropyCall<float[]> call,
      int n,
      int i,
      float[] logits,
      float[] exponentials,
      double others,
      int k,
      double largest,
      int target,
      double scale,
      double[] slots) {
    Arrays.fill(slots, 0);
    for (int c = 0; c < call.classes; c++) {
      double share = share(call, n, i, c, target);
      slots[c % SlotSum.SLOTS] += share * ((double) logits[k] - logits[c]);
      slots[SlotSum.SLOTS + c % SlotSum.SLOTS] += share;
    }
    double distance = SlotSum.reduce(slots, 0);
    double total = SlotSum.reduce(slots, SlotSum.SLOTS);
    double unit = RowMath.exp(-largest);
    double ratio = others * unit;
    double log = RowMath.log1p(ratio);

    if (call.logitsGradient.array != null) {
      double probability = unit / (1 + ratio);
      for (int c = 0; c < call.classes; c++) {
        double softmax = c == k ? 1 / (1 + ratio) : exponentials[c] * probability;
        call.logitsGradient.array[call.logitsGradient.at(n, c) + i] =
            (float) (scale * (softmax * total - share(call, n, i, c, target)));
      }
    }
    if (call.targetGradient.array != null) {
      for (int c = 0; c < call.classes; c++) {
        double weight = call.classWeight == null ? 1 : call.classWeight[call.classWeightOffset + c];
        call.targetGradient.array[call.targetGradient.at(n, c) + i] =
            (float)
                (scale * (1 - call.labelSmoothing) * weight * (((double) logits[k] - logits[c]) + log));
      }
    }
    return distance + total * log + 0.0; // + 0.0 makes a -0 a +0
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
}
