package org.lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.IndexError;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.error.ValueError;
import org.lanewise.kernels.tensor.DType;
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
    Tensor seed = Upstream.check(upstream, input.dtype(), reduction == Reduction.NONE ? rows.shape : new int[0]);
    if (input.rank() == 1 && target.rank() == 1 && input.size(0) != 1) {
      throw new RuntimeError(
          "size mismatch (got input: [%d], target: [1])".formatted(input.size(0)),
          "Give the class index of a single row the shape [], with target.reshape().");
    }
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
    final int classes;
    final int inner;
    final int[] shape;
    final double[] losses;
    final double weightSum;

    Rows(Tensor input, Tensor target) {
      this.input = input;
      this.target = target;
      classes = input.size(input.rank() == 1 ? 0 : 1);
      shape = input.rank() == 1 ? new int[0] : target.shape();
      inner = input.rank() <= 2 || target.numel() == 0 ? 1 : target.numel() / target.size(0);
      losses = new double[target.numel()];
      CompensatedSum weights = new CompensatedSum();
      for (int row = 0; row < losses.length; row++) {
        long index = target.getLong(row);
        if (index == ignoreIndex) {
          continue;
        }
        if (index < 0 || index >= classes) {
          throw new IndexError(
              "Target %d is out of bounds.".formatted(index),
              "Row %d: class indices for %d classes lie in [0, %d); mark a row to be ignored with %d."
                  .formatted(row, classes, classes, ignoreIndex));
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
      return (row / inner * classes + index) * inner + row % inner;
    }

    Tensor loss() {
      if (reduction == Reduction.NONE) {
        return Rounding.roundToPositiveZero(losses, input.dtype(), shape);
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

  /** PyTorch's checks in PyTorch's order, up to the class indices themselves. */
  private void check(Tensor input, Tensor target, boolean withGradient) {
    int rank = input.rank();
    if (rank == 0) {
      throw new ValueError(
          "Expected 1 or more dimensions (got 0)", "Give the log-probabilities a class dimension, with input.reshape(1).");
    }
    int targetBatch = target.rank() == 0 ? 0 : target.size(0);
    if (rank > 1 && targetBatch != input.size(0)) {
      throw new ValueError(
          "Expected input batch_size (%d) to match target batch_size (%d).".formatted(input.size(0), targetBatch),
          "Pass one class index for each row of log-probabilities.");
    }
    if (rank <= 2) {
      checkRows(input, target);
    } else {
      checkSpatial(input, target);
    }
    if (!input.dtype().isFloatingPoint()) {
      throw new NotImplementedError(
          "\"%s_out_frame\" not implemented for '%s'"
              .formatted(rank <= 2 ? "nll_loss" : "nll_loss2d_forward", input.dtype().torchName()),
          "Convert the log-probabilities with input.to(DType.FLOAT32).");
    }
    if (weight != null && weight.dtype() != input.dtype()) {
      throw new RuntimeError(
          "expected scalar type %s but found %s".formatted(input.dtype().torchName(), weight.dtype().torchName()),
          "Convert the weight with weight.to(DType.%s).".formatted(input.dtype()));
    }
    // A forward mean or sum over no rows is the one case in which PyTorch never looks at spatial uint8 targets.
    boolean unread = target.numel() == 0 && reduction != Reduction.NONE && !withGradient;
    if (rank > 2 && target.dtype() == DType.UINT8 && !unread) {
      throw new RuntimeError(
          "expected scalar type Long but found Byte", "Convert the target with target.to(DType.INT64).");
    }
  }

  /** Log-probabilities of shape [C] or [N, C]. */
  private void checkRows(Tensor input, Tensor target) {
    if (target.rank() > 1) {
      throw new RuntimeError(
          "0D or 1D target tensor expected, multi-target not supported",
          "Pass one class index a row: drop a dimension of size 1 with target.reshape(-1), turn one-hot rows into indices "
              + "with target.argmax(1).");
    }
    checkIndexDType(target);
    if (input.rank() == 2 && target.rank() == 0) {
      throw new IndexError(
          "Dimension specified as 0 but tensor has no dimensions", "Give the target of no rows the shape [0].");
    }
    if (input.rank() == 1 && target.rank() == 1 && target.size(0) != 1) {
      throw new ValueError(
          "For 1D input, 1D target must have size 1, but got target size: " + target.size(0),
          "Pass a single class index for a single row of log-probabilities.");
    }
    int classes = input.size(input.rank() - 1);
    if (weight != null && (weight.rank() != 1 || weight.size(0) != classes)) {
      throw new RuntimeError(
          "weight tensor should be defined either for all %d classes or no classes but got weight tensor of shape: %s"
              .formatted(classes, Arrays.toString(weight.shape())),
          "Pass one weight a class, of shape [%d].".formatted(classes));
    }
  }

  /** Log-probabilities of shape [N, C, d1, …]. */
  private void checkSpatial(Tensor input, Tensor target) {
    int[] sizes = input.shape();
    int[] expected = new int[sizes.length - 1];
    expected[0] = sizes[0];
    System.arraycopy(sizes, 2, expected, 1, sizes.length - 2);
    boolean fits = Arrays.equals(target.shape(), expected);
    String remedy = "Give the target the shape %s.".formatted(Arrays.toString(expected));
    if (sizes.length == 4) {
      if (target.rank() != 3) {
        throw new RuntimeError(
            "only batches of spatial targets supported (3D tensors) but got targets of dimension: " + target.rank(),
            remedy);
      }
    } else if (target.rank() == 0) {
      throw new RuntimeError("ArrayRef: invalid slice, N = 1; size = 0", remedy);
    } else if (!fits) {
      throw new RuntimeError(
          "Expected target size %s, got %s".formatted(Arrays.toString(expected), Arrays.toString(target.shape())), remedy);
    }
    checkIndexDType(target);
    if (weight != null && weight.numel() != sizes[1]) {
      throw new RuntimeError(
          "weight tensor should be defined either for all or no classes",
          "Pass one weight a class, of shape [%d].".formatted(sizes[1]));
    }
    if (!fits) {
      throw sizeMismatch(sizes, target.shape(), remedy);
    }
    if (sizes.length != 4 && input.numel() == 0 && target.numel() != 0) {
      // No classes. PyTorch has reshaped both operands by now, and reports the shapes it made.
      throw sizeMismatch(
          new int[] {sizes[0], sizes[1], 0, 0},
          new int[] {sizes[0], 1, target.numel() / sizes[0]},
          "Give the log-probabilities at least one class.");
    }
  }

  private static RuntimeError sizeMismatch(int[] input, int[] target, String remedy) {
    // The parenthesis that is not closed is PyTorch's.
    return new RuntimeError(
        "size mismatch (got input: %s , target: %s".formatted(Arrays.toString(input), Arrays.toString(target)), remedy);
  }

  private static void checkIndexDType(Tensor target) {
    if (target.dtype() != DType.INT64 && target.dtype() != DType.UINT8) {
      throw new RuntimeError(
          "expected target dtype to be Long or Byte, but got " + target.dtype().torchName(),
          "Convert class indices with target.to(DType.INT64).");
    }
  }
}
