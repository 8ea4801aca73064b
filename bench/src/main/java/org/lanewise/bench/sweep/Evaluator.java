package org.lanewise.bench.sweep;

import java.util.Arrays;
import org.lanewise.kernels.Activations;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.Tensor;

/** Calls an operation through its public door, for one thread. */
interface Evaluator {
  /**
   * Computes the outputs of logits.
   *
   * @param target 0 or 1, where there is one
   * @param outputs one array for each {@link SweptOutput} of the operation
   */
  void compute(float[] logits, int length, int target, float[][] outputs);

  /** Whether there is a target, and so an image of target 0 under target 1 to compare. */
  default boolean hasTarget() {
    return false;
  }

  /** The evaluator of an operation that can be swept. */
  static Evaluator of(String operation, KernelProvider kernel, int length) {
    return switch (operation) {
      case "bce_with_logits" -> new Bce(kernel, length);
      case "sigmoid" ->
          (logits, n, target, outputs) ->
              System.arraycopy(Activations.sigmoid(tensor(logits, n)).floats(), 0, outputs[0], 0, n);
      case "log_sigmoid" ->
          (logits, n, target, outputs) ->
              System.arraycopy(Activations.logSigmoid(tensor(logits, n)).floats(), 0, outputs[0], 0, n);
      default -> throw new IllegalArgumentException(operation);
    };
  }

  private static Tensor tensor(float[] values, int length) {
    return Tensor.of(values.length == length ? values : Arrays.copyOf(values, length), length);
  }

  /** Loss and gradient in one call. */
  final class Bce implements Evaluator {
    private final BceWithLogits door;
    private final float[][] targets;

    Bce(KernelProvider kernel, int length) {
      door = BceWithLogits.on(kernel).reduction(Reduction.NONE);
      targets = new float[2][length];
      Arrays.fill(targets[1], 1);
    }

    @Override
    public void compute(float[] logits, int length, int target, float[][] outputs) {
      door.elementwise(logits, targets[target], 1, length, outputs[0], outputs[1]);
    }

    @Override
    public boolean hasTarget() {
      return true;
    }
  }
}
