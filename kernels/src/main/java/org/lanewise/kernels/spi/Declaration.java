package org.lanewise.kernels.spi;

import java.util.Objects;
import org.lanewise.kernels.tensor.DType;

/**
 * What a provider promises of one kernel. The conformance suite holds it to its bounds.
 *
 * <p>Bounds are in ULP of the true result (in units of the smallest subnormal where the result is subnormal), for
 * every input whose values are finite. A bound of {@link Double#POSITIVE_INFINITY} promises nothing.
 *
 * <p>Later versions may promise more; this constructor stays, and then promises nothing of what it does not know.
 *
 * @param operation the operation
 * @param dtype the dtype of logits and result
 * @param lossUlp bound of each loss with reduction none and hard targets; for float32 cross-entropy, unless the loss is
 *     subnormal, or less, before its class weight multiplies it
 * @param gradientUlp bound of each gradient entry with hard targets, for an upstream gradient of 1; an upstream gradient, a
 *     weight and the division by a count may each add half a ULP. For float32 BCE that holds for factors up to 2^75 together;
 *     otherwise unless an entry, or a target times its positive-class weight, is subnormal before they multiply it
 * @param mixedUlp bound, in ULP of the largest term of the exact sum (or of the result, if larger), of losses and
 *     gradients whose terms may cancel: soft targets, class probabilities, label smoothing, a positive-class weight
 * @param reducedUlp bound of the mean and the sum of losses that the dtype can hold
 * @param reproducibleBits whether the same inputs give the same bits on every machine, at every vector width, at
 *     every position in the arrays
 * @param allocationFree whether a call allocates nothing on the heap once warm
 */
public record Declaration(
    Operation operation,
    DType dtype,
    double lossUlp,
    double gradientUlp,
    double mixedUlp,
    double reducedUlp,
    boolean reproducibleBits,
    boolean allocationFree) {
  /**
   * @throws IllegalArgumentException if a bound is negative or NaN
   */
  public Declaration {
    Objects.requireNonNull(operation, "operation");
    Objects.requireNonNull(dtype, "dtype");
    requireBound("lossUlp", lossUlp);
    requireBound("gradientUlp", gradientUlp);
    requireBound("mixedUlp", mixedUlp);
    requireBound("reducedUlp", reducedUlp);
  }

  private static void requireBound(String name, double ulp) {
    if (!(ulp >= 0)) {
      throw new IllegalArgumentException(
          "%s is %s; a bound is a number of ULP from 0 up, or Double.POSITIVE_INFINITY to promise nothing.".formatted(name, ulp));
    }
  }

  /** Supplies a kernel and promises nothing of it: it is judged by PyTorch alone. */
  public static Declaration ofNothing(Operation operation, DType dtype) {
    double none = Double.POSITIVE_INFINITY;
    return new Declaration(operation, dtype, none, none, none, none, false, false);
  }
}
