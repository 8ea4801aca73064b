package org.lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.IndexError;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.error.ValueError;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Log-softmax cross-entropy with class indices: PyTorch's {@code cross_entropy}.
 *
 * <p>The loss of a row of logits x and its class index t is ln Σ e^x_c − x_t. Logits have shape [C], [N, C] or [N, C, d1,
 * …], class indices the same shape without the class dimension.
 *
 * <p>Rows with the class index −100 are ignored: loss 0, gradient 0, and not counted by the mean.
 *
 * <p>Special values are PyTorch's: a row with a NaN, a +∞ or nothing but −∞ gives NaN; a target at −∞ gives +∞. A loss is
 * never −0.
 *
 * <p>Objects are immutable and may be shared between threads.
 */
public final class CrossEntropy {
  /** The number of logits a kernel computes at a time, in whole rows; part of the definition of the sum's bits. */
  static final int BLOCK = 1 << 14;

  /** PyTorch's default: rows with this class index are ignored. */
  private static final long IGNORE_INDEX = -100;

  private static final class Workspace {
    final CrossEntropyCall<float[]> call = new CrossEntropyCall<>();
    final BlockSum lossSum = new BlockSum();
  }

  private static final ThreadLocal<Workspace> WORKSPACE = ThreadLocal.withInitial(Workspace::new);

  private final CrossEntropyKernel<float[]> kernel;
  private final Reduction reduction;

  private CrossEntropy(CrossEntropyKernel<float[]> kernel, Reduction reduction) {
    this.kernel = kernel;
    this.reduction = reduction;
  }

  /** The loss with PyTorch's defaults, reduction mean, on the kernel that {@link Kernels#auto()} chooses. */
  public static CrossEntropy create() {
    return on(Kernels.auto());
  }

  /**
   * The loss with PyTorch's defaults, reduction mean, on the kernel of the given provider.
   *
   * @throws UnavailableKernelException if the provider has no such kernel
   */
  public static CrossEntropy on(KernelProvider provider) {
    Declarations.require(provider, Operation.CROSS_ENTROPY, DType.FLOAT32);
    return new CrossEntropy(provider.crossEntropy(DType.FLOAT32), Reduction.MEAN);
  }

  /** The same loss with another reduction. */
  public CrossEntropy reduction(Reduction reduction) {
    return new CrossEntropy(kernel, Objects.requireNonNull(reduction, "reduction"));
  }

  /**
   * The loss.
   *
   * @param logits float32, of shape [C], [N, C] or [N, C, d1, …]
   * @param target int64 or (up to two dimensions of logits) uint8 class indices, of shape [], [N] or [N, d1, …]
   * @return of the shape of the target for reduction none, otherwise of shape {@code []}
   * @throws ValueError if the batch sizes differ
   * @throws NotImplementedError if the logits are not floating-point
   * @throws RuntimeError if shapes or the target's dtype do not fit
   * @throws IndexError if a class index is neither in [0, C) nor ignored
   */
  public Tensor forward(Tensor logits, Tensor target) {
    Shape shape = check(logits, target);
    long[] indices = indices(target, shape.classes);
    if (reduction == Reduction.NONE) {
      Tensor loss = Tensor.zeros(DType.FLOAT32, shape.result);
      compute(logits.floats(), indices, shape, null, 1, loss.floats(), null);
      return loss;
    }
    return Tensor.scalar(compute(logits.floats(), indices, shape, null, 1, null, null));
  }

  /**
   * The loss, and the gradient of the result with respect to the logits, in one call.
   *
   * @param logits as for {@link #forward}
   * @param target as for {@link #forward}
   * @param upstream the gradient that flows into the result, of its shape; null for ones
   * @throws RuntimeError also if the upstream gradient does not have the result's shape
   */
  public LossAndGradient forwardBackward(Tensor logits, Tensor target, @Nullable Tensor upstream) {
    Shape shape = check(logits, target);
    long[] indices = indices(target, shape.classes);
    boolean perRow = reduction == Reduction.NONE;
    Tensor seed = Upstream.check(upstream, DType.FLOAT32, perRow ? shape.result : new int[0]);
    Tensor gradient = Tensor.zeros(DType.FLOAT32, logits.shape());
    Tensor loss = perRow ? Tensor.zeros(DType.FLOAT32, shape.result) : null;
    float reduced =
        compute(
            logits.floats(),
            indices,
            shape,
            perRow && seed != null ? seed.floats() : null,
            perRow || seed == null ? 1 : seed.item(),
            loss == null ? null : loss.floats(),
            gradient.floats());
    return new LossAndGradient(loss == null ? Tensor.scalar(reduced) : loss, gradient);
  }

  /** {@link #forwardBackward(Tensor, Tensor, Tensor)} with an upstream gradient of ones. */
  public LossAndGradient forwardBackward(Tensor logits, Tensor target) {
    return forwardBackward(logits, target, null);
  }

  /**
   * The reduced loss of a batch held in arrays, logits row by row. Allocates nothing.
   *
   * @param logits at least batch · classes values; more are ignored
   * @param target at least batch class indices
   * @throws IllegalStateException if the reduction is none
   * @throws IllegalArgumentException if a size is negative or an array too short
   * @throws IndexError if a class index is neither in [0, classes) nor −100
   */
  public float forward(float[] logits, long[] target, int batch, int classes) {
    requireReduced();
    checkArrays(logits, target, batch, classes);
    return compute(logits, target, batch, classes, 1, null, 1, null, null);
  }

  /**
   * The reduced loss and its gradient, held in arrays. Allocates nothing.
   *
   * @param logitsGradient receives batch · classes values; must be another array than the logits
   * @see #forward(float[], long[], int, int)
   */
  public float forwardBackward(float[] logits, long[] target, int batch, int classes, float[] logitsGradient) {
    requireReduced();
    int elements = checkArrays(logits, target, batch, classes);
    checkGradient(logits, logitsGradient, elements);
    return compute(logits, target, batch, classes, 1, null, 1, null, logitsGradient);
  }

  /**
   * The losses of all rows, reduction none, held in arrays. Allocates nothing.
   *
   * @param loss receives one value a row; must be another array than the logits
   * @param logitsGradient receives the gradient for an upstream gradient of ones; null if not wanted
   * @throws IllegalStateException if the reduction is not none
   * @see #forward(float[], long[], int, int)
   */
  public void rowwise(
      float[] logits, long[] target, int batch, int classes, float[] loss, float @Nullable [] logitsGradient) {
    if (reduction != Reduction.NONE) {
      throw new IllegalStateException(
          "Losses per row need reduction none, this loss has %s; call reduction(Reduction.NONE) first."
              .formatted(reduction.id()));
    }
    int elements = checkArrays(logits, target, batch, classes);
    ArrayArguments.length("loss", loss, loss.length, batch);
    ArrayArguments.distinct("loss", loss, "logits", logits);
    if (logitsGradient != null) {
      checkGradient(logits, logitsGradient, elements);
      ArrayArguments.distinct("logitsGradient", logitsGradient, "loss", loss);
    }
    compute(logits, target, batch, classes, 1, null, 1, loss, logitsGradient);
  }

  private void requireReduced() {
    if (reduction == Reduction.NONE) {
      throw new IllegalStateException(
          "Reduction none has no single result; call rowwise, or reduction(Reduction.MEAN) first.");
    }
  }

  private static int checkArrays(float[] logits, long[] target, int batch, int classes) {
    int elements = ArrayArguments.product("batch", batch, "classes", classes);
    ArrayArguments.length("logits", logits, logits.length, elements);
    ArrayArguments.length("target", target, target.length, batch);
    checkRange(target, batch, classes);
    return elements;
  }

  private static void checkGradient(float[] logits, float[] logitsGradient, int elements) {
    ArrayArguments.length("logitsGradient", logitsGradient, logitsGradient.length, elements);
    ArrayArguments.distinct("logitsGradient", logitsGradient, "logits", logits);
  }

  /** Logits of shape [outer, classes, inner], and the shape of a result with reduction none. */
  private record Shape(int outer, int classes, int inner, int[] result) {}

  /** PyTorch's checks in PyTorch's order; then what Lanewise has no kernel for. */
  private static Shape check(Tensor logits, Tensor target) {
    if (logits.sameShape(target)) {
      // Equal shapes mean class probabilities, whatever the dtype of the target.
      if (!target.dtype().isFloatingPoint()) {
        throw new RuntimeError(
            "Expected floating point type for target with class probabilities, got " + target.dtype().torchName(),
            "Class indices have the shape of the logits without the class dimension: pass target.argmax(1) for one-hot "
                + "rows, or drop a dimension of size 1 with target.reshape(...).");
      }
      if (logits.rank() == 0) {
        throw new IndexError("Dimension specified as 1 but tensor has no dimensions", "Give the logits a class dimension.");
      }
      throw new UnavailableKernelException(
          "There is no kernel for class probabilities; pass class indices, which for one-hot rows are target.argmax(1).");
    }
    if (logits.rank() == 0) {
      throw new IndexError(
          "Dimension out of range (expected to be in range of [-1, 0], but got 1)", "Give the logits a class dimension.");
    }
    int rank = logits.rank();
    if (!logits.dtype().isFloatingPoint() && logits.numel() > 0) {
      throw new NotImplementedError(
          "\"log_softmax_%skernel_impl\" not implemented for '%s'"
              .formatted(rank <= 2 ? "lastdim_" : "", logits.dtype().torchName()),
          "Convert the logits with logits.to(DType.FLOAT32).");
    }
    if (rank > 1 && (target.rank() == 0 || target.size(0) != logits.size(0))) {
      throw new ValueError(
          "Expected input batch_size (%d) to match target batch_size (%d)."
              .formatted(logits.size(0), target.rank() == 0 ? 0 : target.size(0)),
          "Pass one class index for each row of logits.");
    }
    if (rank <= 2) {
      checkRows(logits, target);
    } else {
      checkSpatial(logits, target);
    }
    if (!logits.dtype().isFloatingPoint()) { // only empty ones get here
      throw new NotImplementedError(
          "\"%s_out_frame\" not implemented for '%s'"
              .formatted(rank <= 2 ? "nll_loss" : "nll_loss2d_forward", logits.dtype().torchName()),
          "Convert the logits with logits.to(DType.FLOAT32).");
    }
    Declarations.requireFloat32("logits", logits);

    if (rank == 1) {
      return new Shape(1, logits.size(0), 1, new int[0]);
    }
    int inner = 1;
    for (int dim = 2; dim < rank; dim++) {
      inner *= logits.size(dim);
    }
    return new Shape(logits.size(0), logits.size(1), inner, target.shape());
  }

  /** Logits of shape [C] or [N, C]. */
  private static void checkRows(Tensor logits, Tensor target) {
    if (target.rank() > 1) {
      throw new RuntimeError(
          "0D or 1D target tensor expected, multi-target not supported",
          "Pass one class index a row: drop a dimension of size 1 with target.reshape(-1), turn one-hot rows into indices "
              + "with target.argmax(1); several labels a row belong to BceWithLogits.");
    }
    checkIndexDType(target);
    if (logits.rank() == 1 && target.rank() == 1 && target.size(0) != 1) {
      throw new ValueError(
          "For 1D input, 1D target must have size 1, but got target size: " + target.size(0),
          "Pass a single class index for a single row of logits.");
    }
  }

  /** Logits of shape [N, C, d1, …]. */
  private static void checkSpatial(Tensor logits, Tensor target) {
    int[] input = logits.shape();
    int[] actual = target.shape();
    int[] expected = new int[input.length - 1];
    expected[0] = input[0];
    System.arraycopy(input, 2, expected, 1, input.length - 2);
    String remedy = "Give the target the shape of the logits without dimension 1.";
    if (input.length == 4) {
      if (target.rank() != 3) {
        throw new RuntimeError(
            "only batches of spatial targets supported (3D tensors) but got targets of dimension: " + target.rank(),
            remedy);
      }
      checkIndexDType(target);
      if (!Arrays.equals(actual, expected)) {
        throw sizeMismatch(input, actual, remedy);
      }
    } else {
      if (!Arrays.equals(actual, expected)) {
        throw new RuntimeError(
            "Expected target size %s, got %s".formatted(Arrays.toString(expected), Arrays.toString(actual)), remedy);
      }
      checkIndexDType(target);
      if (logits.numel() == 0 && target.numel() != 0) {
        // No classes. PyTorch has reshaped both by now, and reports the shapes it made.
        throw sizeMismatch(
            new int[] {input[0], input[1], 0, 0}, new int[] {input[0], 1, target.numel() / input[0]}, remedy);
      }
    }
    if (target.dtype() == DType.UINT8) {
      throw new RuntimeError(
          "expected scalar type Long but found Byte", "Convert the target with target.to(DType.INT64).");
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

  private static long[] indices(Tensor target, int classes) {
    long[] indices = target.to(DType.INT64).longs();
    checkRange(indices, indices.length, classes);
    return indices;
  }

  private static void checkRange(long[] target, int rows, int classes) {
    for (int row = 0; row < rows; row++) {
      long index = target[row];
      if ((index < 0 || index >= classes) && index != IGNORE_INDEX) {
        throw new IndexError(
            "Target %d is out of bounds.".formatted(index),
            "Row %d: class indices for %d classes lie in [0, %d).".formatted(row, classes, classes));
      }
    }
  }

  private float compute(
      float[] logits,
      long[] target,
      Shape shape,
      float @Nullable [] upstream,
      double upstreamScale,
      float @Nullable [] loss,
      float @Nullable [] gradient) {
    return compute(logits, target, shape.outer, shape.classes, shape.inner, upstream, upstreamScale, loss, gradient);
  }

  /**
   * Block after block.
   *
   * @return the reduced loss; for reduction none without meaning
   */
  private float compute(
      float[] logits,
      long[] target,
      int outer,
      int classes,
      int inner,
      float @Nullable [] upstream,
      double upstreamScale,
      float @Nullable [] loss,
      float @Nullable [] gradient) {
    Workspace workspace = WORKSPACE.get();
    CrossEntropyCall<float[]> call = workspace.call;
    BlockSum sum = workspace.lossSum;
    sum.reset();
    int counted = 0;
    int rows = outer * inner;
    for (int row = 0; row < rows; row++) {
      counted += target[row] == IGNORE_INDEX ? 0 : 1;
    }
    call.classes = classes;
    call.ignoreIndex = IGNORE_INDEX;
    // Where every row is ignored the mean is NaN but the gradient 0: a scale that is never multiplied by anything.
    call.gradientScale = reduction == Reduction.MEAN && counted > 0 ? upstreamScale / counted : upstreamScale;

    int innerBlock = Math.max(1, Math.min(inner, BLOCK / Math.max(1, classes)));
    int outerBlock = Math.max(1, BLOCK / Math.max(1, Math.multiplyExact(classes, innerBlock)));
    if (innerBlock < inner) {
      outerBlock = 1;
    }
    for (int n = 0; n < outer; n += outerBlock) {
      call.outer = Math.min(outerBlock, outer - n);
      for (int i = 0; i < inner; i += innerBlock) {
        call.inner = Math.min(innerBlock, inner - i);
        call.logits.set(logits, n * classes * inner + i, classes * inner, inner);
        call.target.set(target, n * inner + i, inner, 1);
        call.upstream.set(upstream, n * inner + i, inner, 1);
        call.loss.set(loss, n * inner + i, inner, 1);
        call.logitsGradient.set(gradient, n * classes * inner + i, classes * inner, inner);
        kernel.compute(call);
        sum.add(call.lossSum);
      }
    }
    call.logits.clear();
    call.target.clear();
    call.upstream.clear();
    call.loss.clear();
    call.logitsGradient.clear();
    double total = sum.total();
    return (float) (reduction == Reduction.MEAN ? total / counted : total);
  }
}
