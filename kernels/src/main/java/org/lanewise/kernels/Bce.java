package org.lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.error.ValueError;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Binary cross-entropy of probabilities: PyTorch's {@code binary_cross_entropy}.
 *
 * <p>The loss of a probability p and a target t, both in [0, 1], is −t · ln p − (1 − t) · ln(1 − p), where neither
 * logarithm goes below −100. The gradient with respect to p is (p − t) / max((1 − p) · p, 1e-12); that with respect to t is
 * −ln(p / (1 − p)), without a bound. All three are computed in float64 and rounded once to the dtype of the operands.
 *
 * <p>A probability that has been rounded has lost its distance from 1: where logits are at hand, {@link BceWithLogits} is
 * the better choice.
 *
 * <p>A loss is never −0. Objects are immutable and may be shared between threads; the weight is not copied.
 */
public final class Bce {
  /** PyTorch's bound on the divisor of the gradient: a float32 constant, whatever the dtype. */
  private static final double EPSILON = 1e-12f;

  private final Reduction reduction;
  private final @Nullable Tensor weight;

  private Bce(Reduction reduction, @Nullable Tensor weight) {
    this.reduction = reduction;
    this.weight = weight;
  }

  /**
   * What {@link Bce#forwardBackward} computes.
   *
   * @param loss the result, the same bits as {@code forward} gives
   * @param inputGradient the gradient of the result with respect to the probabilities, of their shape and dtype
   * @param targetGradient the gradient of the result with respect to the target, of the same shape and dtype
   */
  public record Result(Tensor loss, Tensor inputGradient, Tensor targetGradient) {}

  /** The loss with PyTorch's defaults: reduction mean, no weight. */
  public static Bce create() {
    return new Bce(Reduction.MEAN, null);
  }

  /** The same loss with another reduction. */
  public Bce reduction(Reduction reduction) {
    return new Bce(Objects.requireNonNull(reduction, "reduction"), weight);
  }

  /**
   * The same loss with a factor on the loss of each element; the mean still divides by the number of elements.
   *
   * @param weight of any dtype, and of a shape that broadcasts to that of the probabilities; null for none
   */
  public Bce weight(@Nullable Tensor weight) {
    return new Bce(reduction, weight);
  }

  /**
   * The loss.
   *
   * @param input probabilities: floating-point, of any shape, in [0, 1]
   * @param target of the same shape and dtype, in [0, 1]
   * @return of the shape of the input for reduction none, otherwise of shape {@code []}
   * @throws ValueError if the shapes differ
   * @throws NotImplementedError if both operands are of a dtype that is not floating-point
   * @throws RuntimeError if the dtypes differ, a value lies outside [0, 1], or the weight does not broadcast
   */
  public Tensor forward(Tensor input, Tensor target) {
    check(input, target);
    return loss(input, Rounding.values(input), Rounding.values(target), weights(input));
  }

  /**
   * The loss, and the gradients of the result with respect to both operands.
   *
   * @param input as for {@link #forward}
   * @param target as for {@link #forward}
   * @param upstream the gradient that flows into the result, of its shape; null for ones
   * @throws RuntimeError also if the upstream gradient does not have the result's shape
   */
  public Result forwardBackward(Tensor input, Tensor target, @Nullable Tensor upstream) {
    check(input, target);
    boolean perElement = reduction == Reduction.NONE;
    Tensor seed = Upstream.check(upstream, input.dtype(), perElement ? input.shape() : new int[0]);
    double[] p = Rounding.values(input);
    double[] t = Rounding.values(target);
    double[] w = weights(input);
    double[] inputGradient = new double[p.length];
    double[] targetGradient = new double[p.length];
    for (int i = 0; i < p.length; i++) {
      double scale = seed == null ? 1 : seed.getDouble(perElement ? i : 0);
      if (w != null) {
        scale *= w[i];
      }
      if (reduction == Reduction.MEAN) {
        scale /= p.length;
      }
      inputGradient[i] = (p[i] - t[i]) / Math.max((1 - p[i]) * p[i], EPSILON) * scale;
      targetGradient[i] = -logit(p[i]) * scale;
    }
    return new Result(
        loss(input, p, t, w),
        Rounding.round(inputGradient, input.dtype(), input.shape()),
        Rounding.round(targetGradient, input.dtype(), input.shape()));
  }

  /** {@link #forwardBackward(Tensor, Tensor, Tensor)} with an upstream gradient of ones. */
  public Result forwardBackward(Tensor input, Tensor target) {
    return forwardBackward(input, target, null);
  }

  private Tensor loss(Tensor input, double[] p, double[] t, double @Nullable [] w) {
    double[] losses = new double[p.length];
    CompensatedSum sum = new CompensatedSum();
    for (int i = 0; i < p.length; i++) {
      double loss = (1 - t[i]) * boundedLog(StrictMath.log1p(-p[i])) + t[i] * boundedLog(StrictMath.log(p[i]));
      losses[i] = w == null ? loss : loss * w[i];
      sum.add(losses[i]);
    }
    if (reduction == Reduction.NONE) {
      return Rounding.roundToPositiveZero(losses, input.dtype(), input.shape());
    }
    double result = reduction == Reduction.MEAN ? sum.value() / p.length : sum.value();
    return Rounding.roundToPositiveZero(new double[] {result}, input.dtype());
  }

  /** The negative of a logarithm ≤ 0, at most 100. */
  private static double boundedLog(double log) {
    return Math.min(-log, 100);
  }

  /** ln(p / (1 − p)), relatively accurate also around its zero at ½, where 2p − 1 is exact. */
  private static double logit(double p) {
    if (p < 0.25 || p > 0.75) {
      return StrictMath.log(p / (1 - p));
    }
    return p < 0.5 ? -StrictMath.log1p((1 - 2 * p) / p) : StrictMath.log1p((2 * p - 1) / (1 - p));
  }

  /** PyTorch's checks in PyTorch's order. */
  private void check(Tensor input, Tensor target) {
    Objects.requireNonNull(input, "input is null; pass a tensor.");
    Objects.requireNonNull(target, "target is null; pass a tensor.");
    if (!target.sameShape(input)) {
      throw new ValueError(
          ("Using a target size (%s) that is different to the input size (%s) is deprecated. "
                  + "Please ensure they have the same size.")
              .formatted(target.torchSize(), input.torchSize()),
          "Give the target the shape of the probabilities, with target.reshape(...).");
    }
    int[] broadcast = weight == null ? input.shape() : broadcast(input.shape(), weight);
    if (target.dtype() != input.dtype()) {
      throw new RuntimeError(
          "Found dtype %s but expected %s".formatted(target.dtype().torchName(), input.dtype().torchName()),
          input.dtype().isFloatingPoint()
              ? "Convert the target with target.to(DType.%s).".formatted(input.dtype())
              : "Convert both operands to one floating-point dtype, with to(DType.FLOAT32).");
    }
    if (!input.dtype().isFloatingPoint()) {
      throw new NotImplementedError(
          "\"binary_cross_entropy\" not implemented for '%s'".formatted(input.dtype().torchName()),
          "Convert both operands with to(DType.FLOAT32).");
    }
    for (int i = 0; i < input.numel(); i++) {
      checkRange("input", input.getDouble(i), i, "Pass probabilities; logits belong to BceWithLogits.");
      checkRange("target", target.getDouble(i), i, "Scale the targets to [0, 1].");
    }
    if (!Arrays.equals(broadcast, input.shape())) {
      throw new RuntimeError(
          "output with shape %s doesn't match the broadcast shape %s"
              .formatted(Arrays.toString(input.shape()), Arrays.toString(broadcast)),
          "Drop the dimensions of the weight that the input does not have, with weight.reshape(...).");
    }
  }

  private static void checkRange(String name, double value, int index, String remedy) {
    if (!(value >= 0 && value <= 1)) {
      throw new RuntimeError(
          "all elements of %s should be between 0 and 1".formatted(name),
          "Element %d is %s. %s".formatted(index, value, remedy));
    }
  }

  /** The shape that the input and the weight broadcast to together; it may be larger than the input's. */
  private static int[] broadcast(int[] input, Tensor weight) {
    int rank = Math.max(input.length, weight.rank());
    int[] broadcast = new int[rank];
    Arrays.fill(broadcast, 1);
    System.arraycopy(input, 0, broadcast, rank - input.length, input.length);
    for (int fromEnd = 1; fromEnd <= weight.rank(); fromEnd++) {
      int size = weight.size(weight.rank() - fromEnd);
      int other = broadcast[rank - fromEnd];
      if (size != 1 && size != other) {
        if (other != 1) {
          throw new RuntimeError(
              ("Attempting to broadcast a dimension of length %d at -%d! Mismatching argument at index 1 had %s; "
                      + "but expected shape should be broadcastable to %s")
                  .formatted(size, fromEnd, weight.torchSize(), Arrays.toString(broadcast)),
              "Give the weight, from its last dimension on, the sizes of the input or 1, with weight.reshape(...).");
        }
        broadcast[rank - fromEnd] = size;
      }
    }
    return broadcast;
  }

  /** The weight of each element of the input, to whose shape it is known to broadcast; null without weight. */
  private double @Nullable [] weights(Tensor input) {
    if (weight == null) {
      return null;
    }
    if (weight.sameShape(input)) {
      return Rounding.values(weight);
    }
    return (double[]) Broadcast.expand(weight.to(DType.FLOAT64), input.shape(), input.numel());
  }
}
