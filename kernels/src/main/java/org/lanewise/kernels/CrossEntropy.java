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
 * Log-softmax cross-entropy: PyTorch's {@code cross_entropy}.
 *
 * <p>The loss of a row of logits x and its class index t is ln Σ e^x_c − x_t; with class probabilities q it is the mean of
 * that over the classes, weighted by q. Logits have shape [C], [N, C] or [N, C, d1, …], class indices the same shape
 * without the class dimension, class probabilities the same shape.
 *
 * <p>Rows whose class index is the ignored one (by default −100) have loss 0 and gradient 0 and are not counted by the
 * mean; a row that gives NaN when it counts has, as in PyTorch, a gradient of NaN when it is ignored too. The mean divides by the sum of the weights of the rows' class indices; with class probabilities by the number of
 * rows.
 *
 * <p>Special values are PyTorch's: a row with a NaN, a +∞ or nothing but −∞ gives NaN; a target at −∞ gives +∞. A loss is
 * never −0 where no weight is negative.
 *
 * <p>Objects are immutable and may be shared between threads.
 */
public final class CrossEntropy {
  /** The number of logits a kernel computes at a time, in whole rows; part of the definition of the sum's bits. */
  static final int BLOCK = 1 << 14;

  private static final class Workspace {
    final CrossEntropyCall<Object> call = new CrossEntropyCall<>();
    final BlockSum lossSum = new BlockSum();
    boolean busy;

    /** Forgets the caller's arrays, so that a thread's scratch keeps no user data alive. */
    void release() {
      call.logits.clear();
      call.target.clear();
      call.probabilities.clear();
      call.classWeight = null;
      call.upstream.clear();
      call.loss.clear();
      call.logitsGradient.clear();
      call.targetGradient.clear();
      busy = false;
    }
  }

  private static final ThreadLocal<Workspace> WORKSPACE = ThreadLocal.withInitial(Workspace::new);

  private final KernelProvider provider;
  private final Reduction reduction;
  private final @Nullable Tensor weight;
  private final long ignoreIndex;
  private final double labelSmoothing;

  /** Supplies the dtypes that the provider does not; null where a provider was asked for, which is then never replaced. */
  private final @Nullable KernelProvider fallback;

  /** Kept because the array forms must not allocate; null where the provider has none. */
  private final @Nullable CrossEntropyKernel<Object> float32Kernel;

  private CrossEntropy(
      KernelProvider provider,
      @Nullable KernelProvider fallback,
      Reduction reduction, @Nullable Tensor weight, long ignoreIndex, double labelSmoothing) {
    this.provider = provider;
    this.fallback = fallback;
    this.reduction = reduction;
    this.weight = weight;
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
    this.float32Kernel =
        Declarations.has(provider, Operation.CROSS_ENTROPY, DType.FLOAT32)
            ? provider.crossEntropy(DType.FLOAT32)
            : null;
  }

  /**
   * The loss with PyTorch's defaults, reduction mean, on the kernel that {@link Kernels#auto()} chooses, and on {@code scalar}
   * for dtypes that that kernel does not supply.
   */
  public static CrossEntropy create() {
    return new CrossEntropy(Kernels.auto(), Kernels.require("scalar"), Reduction.MEAN, null, -100, 0);
  }

  /** The loss with PyTorch's defaults, reduction mean, on the kernels of the given provider. */
  public static CrossEntropy on(KernelProvider provider) {
    return new CrossEntropy(provider, null, Reduction.MEAN, null, -100, 0);
  }

  /** The same loss with another reduction. */
  public CrossEntropy reduction(Reduction reduction) {
    Objects.requireNonNull(reduction, "reduction");
    return new CrossEntropy(provider, fallback, reduction, weight, ignoreIndex, labelSmoothing);
  }

  /**
   * The same loss with a weight a class.
   *
   * @param weight of shape [C]; with class indices of the dtype of the logits; null for none
   */
  public CrossEntropy weight(@Nullable Tensor weight) {
    return new CrossEntropy(provider, fallback, reduction, weight, ignoreIndex, labelSmoothing);
  }

  /** The same loss with another class index that marks rows to ignore; it need not be a class. */
  public CrossEntropy ignoreIndex(long ignoreIndex) {
    return new CrossEntropy(provider, fallback, reduction, weight, ignoreIndex, labelSmoothing);
  }

  /**
   * The same loss with a part of the target spread evenly over all classes.
   *
   * @param labelSmoothing the part, up to 1; as in PyTorch, NaN and anything not above 0 mean none
   */
  public CrossEntropy labelSmoothing(double labelSmoothing) {
    return new CrossEntropy(provider, fallback, reduction, weight, ignoreIndex, labelSmoothing);
  }

  /**
   * The loss. Computed in float64 where an operand is float64, otherwise in float32, and rounded once to the result's
   * dtype: that of the logits, or with class probabilities the wider of the operands'.
   *
   * @param logits of any floating-point dtype, of shape [C], [N, C] or [N, C, d1, …]
   * @param target int64 or (up to two dimensions of logits) uint8 class indices, of shape [], [N] or [N, d1, …]; or class
   *     probabilities of the shape of the logits
   * @return of the shape of the logits without the class dimension for reduction none, otherwise of shape {@code []}
   * @throws ValueError if the batch sizes differ
   * @throws NotImplementedError if the logits are not floating-point
   * @throws RuntimeError if shapes, a dtype, the weight or the label smoothing do not fit
   * @throws IndexError if a class index is neither in [0, C) nor ignored
   * @throws UnavailableKernelException if the provider has no kernel of the dtype
   */
  public Tensor forward(Tensor logits, Tensor target) {
    return compute(logits, target, null, false, false).loss;
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
    Result result = compute(logits, target, upstream, true, false);
    return new LossAndGradient(result.loss, Objects.requireNonNull(result.logitsGradient));
  }

  /**
   * The gradient of the result with respect to class probabilities, in their dtype.
   *
   * @throws IllegalArgumentException if the target is class indices, which have no gradient
   * @see #forwardBackward(Tensor, Tensor, Tensor)
   */
  public Tensor targetGradient(Tensor logits, Tensor target, @Nullable Tensor upstream) {
    Result result = compute(logits, target, upstream, false, true);
    if (result.targetGradient == null) {
      throw new IllegalArgumentException("Class indices have no gradient; pass class probabilities.");
    }
    return result.targetGradient;
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
   * @throws IndexError if a class index is neither in [0, classes) nor the ignored one
   */
  public float forward(float[] logits, long[] target, int batch, int classes) {
    requireReduced();
    checkArrays(logits, target, batch, classes);
    return compute(logits, target, batch, classes, null, null);
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
    return compute(logits, target, batch, classes, null, logitsGradient);
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
    ArrayArguments.length("loss", loss, batch);
    ArrayArguments.distinct("loss", loss, "logits", logits);
    checkWeightDistinct("loss", loss);
    if (logitsGradient != null) {
      checkGradient(logits, logitsGradient, elements);
      ArrayArguments.distinct("logitsGradient", logitsGradient, "loss", loss);
    }
    compute(logits, target, batch, classes, loss, logitsGradient);
  }

  private void requireReduced() {
    if (reduction == Reduction.NONE) {
      throw new IllegalStateException(
          "Reduction none has no single result; call rowwise, or reduction(Reduction.MEAN) first.");
    }
  }

  private int checkArrays(float[] logits, long[] target, int batch, int classes) {
    int elements = ArrayArguments.product("batch", batch, "classes", classes);
    ArrayArguments.length("logits", logits, elements);
    ArrayArguments.length("target", target, batch);
    checkSmoothing();
    if (weight != null) {
      checkClassWeight(weight, classes);
      checkWeightDType(weight, DType.FLOAT32);
    }
    checkRange(target, batch, classes);
    return elements;
  }

  private void checkWeightDistinct(String name, float[] result) {
    if (weight != null) {
      ArrayArguments.distinct(name, result, "weight", weight.array());
    }
  }

  private void checkGradient(float[] logits, float[] logitsGradient, int elements) {
    ArrayArguments.length("logitsGradient", logitsGradient, elements);
    ArrayArguments.distinct("logitsGradient", logitsGradient, "logits", logits);
    checkWeightDistinct("logitsGradient", logitsGradient);
  }

  /** Logits of shape [outer, classes, inner], and the shape of a result with reduction none. */
  private record Shape(int outer, int classes, int inner, int[] result) {
    static Shape of(Tensor logits) {
      int rank = logits.rank();
      if (rank == 1) {
        return new Shape(1, logits.size(0), 1, new int[0]);
      }
      int[] result = new int[rank - 1];
      result[0] = logits.size(0);
      int inner = 1;
      for (int dim = 2; dim < rank; dim++) {
        inner *= logits.size(dim);
        result[dim - 1] = logits.size(dim);
      }
      return new Shape(logits.size(0), logits.size(1), inner, result);
    }
  }

  /** PyTorch's checks in PyTorch's order, for class probabilities. */
  private void checkProbabilities(Tensor logits, Tensor target) {
    if (!target.dtype().isFloatingPoint()) {
      throw new RuntimeError(
          "Expected floating point type for target with class probabilities, got " + target.dtype().torchName(),
          "Class indices have the shape of the logits without the class dimension: pass target.argmax(1) for one-hot "
              + "rows, or drop a dimension of size 1 with target.reshape(...).");
    }
    if (ignoreIndex >= 0) {
      throw new RuntimeError(
          "ignore_index is not supported for floating point target",
          "Leave ignoreIndex out, or pass class indices: for one-hot rows target.argmax(1).");
    }
    if (logits.rank() == 0) {
      throw new IndexError(
          "Dimension specified as 1 but tensor has no dimensions", "Give the logits a class dimension.");
    }
    int classes = Shape.of(logits).classes;
    if (weight != null && (weight.rank() != 1 || weight.size(0) != classes)) {
      throw new RuntimeError(
          "cross_entropy: weight tensor should be defined either for all %d classes or no classes but got weight tensor of shape: %s"
              .formatted(classes, Arrays.toString(weight.shape())),
          "Pass one weight for each class.");
    }
    if (!logits.dtype().isFloatingPoint() && logits.numel() > 0) {
      throw logSoftmaxError(logits);
    }
    checkSmoothing();
  }

  private void checkSmoothing() {
    if (labelSmoothing > 1) {
      throw new RuntimeError(
          "label_smoothing must be between 0.0 and 1.0. Got: " + CppNumber.format(labelSmoothing),
          "Pass the part of the target that is spread over all classes, from 0 to 1.");
    }
  }

  private static NotImplementedError logSoftmaxError(Tensor logits) {
    return new NotImplementedError(
        "\"log_softmax_%skernel_impl\" not implemented for '%s'"
            .formatted(logits.rank() <= 2 ? "lastdim_" : "", logits.dtype().torchName()),
        "Convert the logits with logits.to(DType.FLOAT32).");
  }

  /** PyTorch's checks in PyTorch's order, for class indices. */
  private void checkIndices(Tensor logits, Tensor target, boolean withGradient) {
    checkSmoothing();
    if (logits.rank() == 0) {
      throw new IndexError(
          "Dimension out of range (expected to be in range of [-1, 0], but got 1)", "Give the logits a class dimension.");
    }
    int rank = logits.rank();
    if (!logits.dtype().isFloatingPoint() && logits.numel() > 0) {
      throw logSoftmaxError(logits);
    }
    ClassIndexChecks.check(logits, target, weight, reduction, withGradient);
    checkRange(target.to(DType.INT64).longs(), target.numel(), Shape.of(logits).classes);
    if (labelSmoothing > 0) {
      checkSmoothedOperands(logits, target);
    }
  }

  /** What PyTorch's sum over all classes, which label smoothing adds, trips over. */
  private void checkSmoothedOperands(Tensor logits, Tensor target) {
    if (logits.rank() == 1 && target.rank() == 1 && logits.size(0) != 1) {
      throw new RuntimeError(
          "output with shape [] doesn't match the broadcast shape [1]",
          "Give the class index of a single row the shape [], with target.reshape().");
    }
    if (weight != null && weight.rank() > 1 && weight.size(0) != weight.numel()) {
      int[] view = new int[logits.rank()];
      Arrays.fill(view, 1);
      view[1] = weight.size(0);
      throw new RuntimeError(
          "shape '%s' is invalid for input of size %d".formatted(Arrays.toString(view), weight.numel()),
          "Give the weight the shape [%d].".formatted(weight.numel()));
    }
    if (weight != null && reduction == Reduction.MEAN && target.numel() > 0) {
      if (target.dtype() == DType.UINT8) {
        throw new RuntimeError(
            "gather(): Expected dtype int32/int64 for index", "Convert the target with target.to(DType.INT64).");
      }
      if (weight.rank() > 1) {
        throw new RuntimeError(
            "Index tensor must have the same number of dimensions as input tensor",
            "Give the weight the shape [%d].".formatted(weight.numel()));
      }
    }
  }

  private static void checkClassWeight(Tensor weight, int classes) {
    if (weight.rank() != 1 || weight.size(0) != classes) {
      throw new RuntimeError(
          "weight tensor should be defined either for all %d classes or no classes but got weight tensor of shape: %s"
              .formatted(classes, Arrays.toString(weight.shape())),
          "Pass one weight for each of the %d classes.".formatted(classes));
    }
  }

  private static void checkWeightDType(Tensor weight, DType dtype) {
    if (weight.dtype() != dtype) {
      throw new RuntimeError(
          "expected scalar type %s but found %s".formatted(dtype.torchName(), weight.dtype().torchName()),
          "Convert the weight with weight.to(DType.%s).".formatted(dtype));
    }
  }

  private void checkRange(long[] target, int rows, int classes) {
    for (int row = 0; row < rows; row++) {
      long index = target[row];
      if ((index < 0 || index >= classes) && index != ignoreIndex) {
        throw new IndexError(
            "Target %d is out of bounds.".formatted(index),
            "Row %d: class indices for %d classes lie in [0, %d).".formatted(row, classes, classes));
      }
    }
  }

  private record Result(Tensor loss, @Nullable Tensor logitsGradient, @Nullable Tensor targetGradient) {}

  private Result compute(
      Tensor logits, Tensor target, @Nullable Tensor upstream, boolean logitsGradient, boolean targetGradient) {
    // Equal shapes mean class probabilities, whatever the dtype of the target.
    boolean probabilities = logits.sameShape(target);
    if (probabilities) {
      checkProbabilities(logits, target);
    } else {
      checkIndices(logits, target, logitsGradient);
    }
    Shape shape = Shape.of(logits);
    long[] indices = null;
    if (!probabilities) {
      indices = target.to(DType.INT64).longs();
    }
    DType resultDType =
        !probabilities
            ? logits.dtype()
            : promote(
                logits.dtype().isFloatingPoint() ? promote(logits.dtype(), target.dtype()) : target.dtype(),
                weight != null && weight.dtype().isFloatingPoint() ? weight.dtype() : target.dtype());
    boolean perRow = reduction == Reduction.NONE;
    Tensor seed = Upstream.check(upstream, resultDType, perRow ? shape.result : new int[0]);
    if (!probabilities && logitsGradient) {
      ClassIndexChecks.checkSingleRowGradient(logits, target);
    }
    DType dtype = Declarations.computation(logits, probabilities ? target : null, weight);
    Tensor loss = perRow ? Tensor.zeros(dtype, shape.result) : null;
    Tensor gradientOfLogits = logitsGradient ? Tensor.zeros(dtype, logits.shape()) : null;
    Tensor gradientOfTarget = targetGradient && probabilities ? Tensor.zeros(dtype, logits.shape()) : null;
    double reduced =
        compute(
            kernel(dtype),
            logits.to(dtype).array(),
            indices,
            probabilities ? target.to(dtype).array() : null,
            shape.outer,
            shape.classes,
            shape.inner,
            weight == null ? null : weight.to(dtype),
            perRow && seed != null ? seed.to(dtype).array() : null,
            perRow || seed == null ? 1 : seed.item(),
            loss == null ? null : loss.array(),
            gradientOfLogits == null ? null : gradientOfLogits.array(),
            gradientOfTarget == null ? null : gradientOfTarget.array());
    return new Result(
        (loss == null ? Tensor.of(new double[] {reduced}) : loss).to(resultDType),
        gradientOfLogits == null ? null : gradientOfLogits.to(logits.dtype()),
        gradientOfTarget == null ? null : gradientOfTarget.to(target.dtype()));
  }

  /** The dtype that holds both: PyTorch's promotion of floating-point dtypes. */
  private static DType promote(DType a, DType b) {
    if (a == b) {
      return a;
    }
    return a == DType.FLOAT64 || b == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
  }

  private float compute(
      float[] logits, long[] target, int batch, int classes, float @Nullable [] loss, float @Nullable [] gradient) {
    return (float)
        compute(
            kernel(DType.FLOAT32), logits, target, null, batch, classes, 1, weight, null, 1, loss, gradient, null);
  }

  private CrossEntropyKernel<Object> kernel(DType dtype) {
    if (dtype == DType.FLOAT32 && float32Kernel != null) {
      return float32Kernel;
    }
    if (fallback != null && !Declarations.has(provider, Operation.CROSS_ENTROPY, dtype)) {
      return fallback.crossEntropy(dtype);
    }
    Declarations.require(provider, Operation.CROSS_ENTROPY, dtype);
    return provider.crossEntropy(dtype);
  }

  /**
   * Block after block.
   *
   * @return the reduced loss; for reduction none without meaning
   */
  private double compute(
      CrossEntropyKernel<Object> kernel,
      Object logits,
      long @Nullable [] target,
      @Nullable Object probabilities,
      int outer,
      int classes,
      int inner,
      @Nullable Tensor weight,
      @Nullable Object upstream,
      double upstreamScale,
      @Nullable Object loss,
      @Nullable Object logitsGradient,
      @Nullable Object targetGradient) {
    Workspace workspace = WORKSPACE.get();
    if (workspace.busy) {
      workspace = new Workspace(); // a kernel that calls a front door itself
    }
    workspace.busy = true;
    CrossEntropyCall<Object> call = workspace.call;
    BlockSum sum = workspace.lossSum;
    try {
      sum.reset();
      int rows = outer * inner;
      int counted = rows;
      double denominator = classes == 0 ? Double.NaN : rows; // PyTorch divides the number of logits by that of classes
      if (target != null) {
        counted = 0;
        denominator = 0;
        for (int row = 0; row < rows; row++) {
          if (target[row] != ignoreIndex) {
            counted++;
            denominator += weight == null ? 1 : weight.getDouble((int) target[row]);
          }
        }
      }
      call.classes = classes;
      call.ignoreIndex = ignoreIndex;
      call.labelSmoothing = labelSmoothing > 0 ? labelSmoothing : 0;
      call.classWeight = weight == null ? null : weight.array();
      call.classWeightOffset = 0;
      // Where every row is ignored the mean is NaN but the gradient 0: a scale that is never multiplied by anything.
      call.gradientScale = reduction == Reduction.MEAN && counted > 0 ? upstreamScale / denominator : upstreamScale;

      int innerBlock = Math.max(1, Math.min(inner, BLOCK / Math.max(1, classes)));
      int outerBlock = innerBlock < inner ? 1 : Math.max(1, BLOCK / Math.max(1, classes * innerBlock));
      for (int n = 0; n < outer; n += outerBlock) {
        call.outer = Math.min(outerBlock, outer - n);
        for (int i = 0; i < inner; i += innerBlock) {
          call.inner = Math.min(innerBlock, inner - i);
          int firstLogit = n * classes * inner + i;
          int firstRow = n * inner + i;
          call.logits.set(logits, firstLogit, classes * inner, inner);
          call.target.set(target, firstRow, inner, 1);
          call.probabilities.set(probabilities, firstLogit, classes * inner, inner);
          call.upstream.set(upstream, firstRow, inner, 1);
          call.loss.set(loss, firstRow, inner, 1);
          call.logitsGradient.set(logitsGradient, firstLogit, classes * inner, inner);
          call.targetGradient.set(targetGradient, firstLogit, classes * inner, inner);
          kernel.compute(call);
          sum.add(call.lossSum);
        }
      }
      double total = sum.total();
      return reduction == Reduction.MEAN ? total / denominator : total;
    } finally {
      workspace.release();
    }
  }
}
