package org.lanewise.kernels;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.IndexError;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.error.ValueError;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Negative log-likelihood of class indices: PyTorch's {@code nll_loss}.
 *
 * <p>The loss of a row of log-probabilities L and its class index t is −w_t · L_t. Log-probabilities have shape [C],
 * [N, C] or [N, C, d1, …], class indices the same shape without the class dimension. The mean divides by the sum of the weights
 * w_t. Rows whose class index is the ignored one have loss 0 and gradient 0 and do not count.
 *
 * <p>Everything is computed in float64 and rounded once to the dtype of the log-probabilities. A loss is never −0.
 *
 * <p>{@link CrossEntropy} takes logits and does this and {@link Activations#logSoftmax} in one pass. Objects are immutable
 * and may be shared between threads; the weight is not copied.
 */
public final class NllLoss {
  /** PyTorch's default: rows with this class index are ignored. */
  private static final long IGNORE_INDEX = -100;

  private final Reduction reduction;
  private final @Nullable Tensor weight;
  private final long ignoreIndex;

  private NllLoss(Reduction reduction, @Nullable Tensor weight, long ignoreIndex) {
    this.reduction = reduction;
    this.weight = weight;
    this.ignoreIndex = ignoreIndex;
  }

  /**
   * What {@link NllLoss#forwardBackward} computes.
   *
   * @param loss the result, the same bits as {@code forward} gives
   * @param inputGradient the gradient of the result with respect to the log-probabilities, of their shape and dtype
   */
  public record Result(Tensor loss, Tensor inputGradient) {}

  /** The loss with PyTorch's defaults: reduction mean, no weight, class index −100 ignored. */
  public static NllLoss create() {
    return new NllLoss(Reduction.MEAN, null, IGNORE_INDEX);
  }

  /** The same loss with another reduction. */
  public NllLoss reduction(Reduction reduction) {
    return new NllLoss(Objects.requireNonNull(reduction, "reduction"), weight, ignoreIndex);
  }

  /**
   * The same loss with a factor for each class.
   *
   * @param weight of shape [C] and the dtype of the log-probabilities; null for none
   */
  public NllLoss weight(@Nullable Tensor weight) {
    return new NllLoss(reduction, weight, ignoreIndex);
  }

  /** The same loss with another class index to ignore, which need not be one of a class. */
  public NllLoss ignoreIndex(long ignoreIndex) {
    return new NllLoss(reduction, weight, ignoreIndex);
  }

  /**
   * The loss.
   *
   * @param input log-probabilities: floating-point, of shape [C], [N, C] or [N, C, d1, …]
   * @param target int64 or (up to two dimensions of input) uint8 class indices, of shape [], [N] or [N, d1, …]
   * @return of the shape of the target for reduction none, otherwise of shape {@code []}
   * @throws ValueError if the batch sizes differ or the input has no dimensions
   * @throws NotImplementedError if the input is not floating-point
   * @throws RuntimeError if shapes or the dtypes of target and weight do not fit
   * @throws IndexError if a class index is neither in [0, C) nor ignored
   */
  public Tensor forward(Tensor input, Tensor target) {
    check(input, target, false);
    return new Rows(input, target).loss();
  }

  /**
   * The loss, and the gradient of the result with respect to the log-probabilities.
   *
   * @param input as for {@link #forward}
   * @param target as for {@link #forward}; for a single row of shape [], as PyTorch's gradient refuses [1]
   * @param upstream the gradient that flows into the result, of its shape; null for ones
   * @throws RuntimeError also if the upstream gradient does not have the result's shape
   */
  public Result forwardBackward(Tensor input, Tensor target, @Nullable Tensor upstream) {
    check(input, target, true);
    Rows rows = new Rows(input, target);
    Tensor seed = Upstream.check(upstream, input.dtype(), reduction == Reduction.NONE ? rows.shape.result() : new int[0]);
    ClassIndexChecks.checkSingleRowGradient(input, target);
    return new Result(rows.loss(), rows.gradient(seed));
  }

  /** {@link #forwardBackward(Tensor, Tensor, Tensor)} with an upstream gradient of ones. */
  public Result forwardBackward(Tensor input, Tensor target) {
    return forwardBackward(input, target, null);
  }

  /** The checked operands of one call, as rows of log-probabilities; row n · inner + i has the values (n, c, i). */
  private final class Rows {
    final Tensor input;
    final Tensor target;
    final RowShape shape;
    final double[] losses;
    final double weightSum;

    Rows(Tensor input, Tensor target) {
      this.input = input;
      this.target = target;
      shape = RowShape.of(input);
      losses = new double[target.numel()];
      CompensatedSum weights = new CompensatedSum();
      for (int row = 0; row < losses.length; row++) {
        long index = target.getLong(row);
        if (index == ignoreIndex) {
          continue;
        }
        if (index < 0 || index >= shape.classes()) {
          throw new IndexError(
              "Target %d is out of bounds.".formatted(index),
              "Row %d: class indices for %d classes lie in [0, %d); mark a row to be ignored with %d."
                  .formatted(row, shape.classes(), shape.classes(), ignoreIndex));
        }
        double weight = weight((int) index);
        losses[row] = -(input.getDouble(position(row, (int) index)) * weight);
        weights.add(weight);
      }
      weightSum = weights.value();
    }

    private double weight(int index) {
      return weight == null ? 1 : weight.getDouble(index);
    }

    private int position(int row, int index) {
      return (row / shape.inner() * shape.classes() + index) * shape.inner() + row % shape.inner();
    }

    Tensor loss() {
      if (reduction == Reduction.NONE) {
        return Rounding.roundToPositiveZero(losses, input.dtype(), shape.result());
      }
      CompensatedSum sum = new CompensatedSum();
      for (double loss : losses) {
        sum.add(loss);
      }
      double result = reduction == Reduction.MEAN ? sum.value() / weightSum : sum.value();
      return Rounding.roundToPositiveZero(new double[] {result}, input.dtype());
    }

    Tensor gradient(@Nullable Tensor upstream) {
      double[] gradient = new double[input.numel()];
      for (int row = 0; row < losses.length; row++) {
        long index = target.getLong(row);
        if (index != ignoreIndex) {
          double scale = upstream == null ? 1 : upstream.getDouble(reduction == Reduction.NONE ? row : 0);
          if (reduction == Reduction.MEAN) {
            scale /= weightSum;
          }
          gradient[position(row, (int) index)] = -(scale * weight((int) index));
        }
      }
      return Rounding.round(gradient, input.dtype(), input.shape());
    }
  }

  private void check(Tensor input, Tensor target, boolean withGradient) {
    Objects.requireNonNull(input, "input is null; pass a tensor.");
    Objects.requireNonNull(target, "target is null; pass a tensor.");
    if (input.rank() == 0) {
      throw new ValueError(
          "Expected 1 or more dimensions (got 0)", "Give the log-probabilities a class dimension, with input.reshape(1).");
    }
    ClassIndexChecks.check(input, target, weight, reduction, withGradient);
  }
}
