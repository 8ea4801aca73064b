package org.lanewise.kernels.scalar;

import java.util.Arrays;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;

/**
 * Float64 BCE with logits: the formulas of {@link BceMath} with the exponential and logarithm of {@link StrictMath}, whose
 * bits the platform fixes.
 */
final class ScalarBceWithLogitsFloat64 implements BceWithLogitsKernel<double[]> {
  /** The declared bounds, in ULP. */
  static final double LOSS_ULP = 3;

  static final double GRADIENT_ULP = 4;
  static final double MIXED_ULP = 4;
  static final double REDUCED_ULP = 4;

  private static final ThreadLocal<double[]> SLOTS = ThreadLocal.withInitial(() -> new double[SlotSum.SLOTS]);

  @Override
  public void compute(BceWithLogitsCall<double[]> call) {
    double[] slots = SLOTS.get();
    Arrays.fill(slots, 0);
    int element = 0;
    for (int row = 0; row < call.rows; row++) {
      for (int column = 0; column < call.columns; column++, element++) {
        double x = call.logits.array[call.logits.at(row, column)];
        double t = call.target.array[call.target.at(row, column)];
        double weight = call.weight.array == null ? 1 : call.weight.array[call.weight.at(row, column)];
        double y = -Math.abs(x);
        double z = StrictMath.exp(y);
        double log = StrictMath.log1p(z);
        double q = t;
        double c = 1;
        if (call.posWeight.array != null) {
          q = call.posWeight.array[call.posWeight.at(row, column)] * t;
          c = (1 - t) + q;
        }
        double factor = call.gradientScale * weight;
        if (call.upstream.array != null) {
          factor *= call.upstream.array[call.upstream.at(row, column)];
        }
        if (call.logitsGradient.array != null) {
          // (v z - w) / (1 + z): for a hard target one of the two terms is 0, with the sign that leaves the other's.
          double quotient = (x > 0 ? (t - 1) + q * z : (1 - t) * z - q) / (1 + z);
          if (quotient == 0) {
            quotient = Math.copySign(0, x > 0 ? q * z : (1 - t) * z);
          } else if (Double.isInfinite(q) && call.posWeight.array != null) {
            quotient = Double.NaN; // as in PyTorch, where it is the difference of two infinities
          }
          double gradient = (x > 0 ? -quotient : quotient) * factor;
          call.logitsGradient.array[call.logitsGradient.at(row, column)] = x != x ? x : gradient;
        }
        if (call.targetGradient.array != null) {
          double slope =
              call.posWeight.array == null
                  ? -x
                  : BceTargetGradient.slope(x, call.posWeight.array[call.posWeight.at(row, column)], 0);
          call.targetGradient.array[call.targetGradient.at(row, column)] = slope * factor;
        }
        // y is -|x|, so 0 - y * w is |x| w; x - y as in the float32 kernel.
        double w = x > 0 ? 1 - t : q + (x - y);
        double loss = (c * log - y * w) * weight + 0.0;
        if (call.loss.array != null) {
          call.loss.array[call.loss.at(row, column)] = loss;
        }
        slots[element % SlotSum.SLOTS] += loss;
      }
    }
    call.lossSum = SlotSum.reduce(slots);
  }
}
