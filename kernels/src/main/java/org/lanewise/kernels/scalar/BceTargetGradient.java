package org.lanewise.kernels.scalar;

import org.lanewise.kernels.spi.BceWithLogitsCall;

/**
 * The gradient of BCE with respect to the target, −x or with a positive-class weight pos_weight · ln(1 + e^−x) − ln(1 +
 * e^x): seldom wanted, so computed in float64, one element at a time, for every kernel.
 */
public final class BceTargetGradient {
  private BceTargetGradient() {}

  /** Writes the target's gradient, if it is wanted. */
  public static void compute(BceWithLogitsCall<float[]> call) {
    if (call.targetGradient.array == null) {
      return;
    }
    for (int row = 0; row < call.rows; row++) {
      for (int column = 0; column < call.columns; column++) {
        double x = call.logits.array[call.logits.at(row, column)];
        double factor = call.gradientScale;
        if (call.upstream.array != null) {
          factor *= call.upstream.array[call.upstream.at(row, column)];
        }
        if (call.weight.array != null) {
          factor *= call.weight.array[call.weight.at(row, column)];
        }
        double slope =
            call.posWeight.array == null
                ? -x
                : slope(x, call.posWeight.array[call.posWeight.at(row, column)], 0x1p-150);
        call.targetGradient.array[call.targetGradient.at(row, column)] = (float) (slope * factor);
      }
    }
  }

  /**
   * pos_weight · ln(1 + e^−x) − ln(1 + e^x).
   *
   * @param negligible what an infinite weight finds to be 0, as it does in PyTorch, which rounds the logarithm first
   */
  static double slope(double x, double posWeight, double negligible) {
    double log = StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
    if (Double.isInfinite(posWeight) && log <= negligible) {
      log = 0;
    }
    return posWeight * (Math.max(-x, 0) + log) - (Math.max(x, 0) + log);
  }
}
