package org.lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.IndexError;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.error.ValueError;
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
 * mean; a row that gives NaN when it counts has, as in PyTorch, a gradient of NaN when it is ignored too. The mean
 * divides by the sum of the weights of the rows' class indices; with class probabilities by the number of rows.
 *
 * <p>Special values are PyTorch's: a row with a NaN, a +∞ or nothing but −∞ gives NaN; a target at −∞ gives +∞. A loss is
 * never −0 where no weight is negative.
 *
 * <p>Objects are immutable and may be shared between threads.
 */
public final class CrossEntropy {
  /**
   * From how many logits on a call uses all processors by itself. A helper starts some 30 µs late, in which the SIMD kernel
   * computes 100,000 logits: two threads gain nothing at 2^17, and a third or more from here on (docs/adr/0009).
   */
  static final int PARALLEL_FROM = 1 << 18;

  private final KernelProvider provider;
  private final Reduction reduction;
  private final @Nullable Tensor weight;
  private final long ignoreIndex;
  private final double labelSmoothing;

  /** The most threads of a call; 0 where the size of the batch decides. */
  private final int threads;

  /** Supplies the dtypes that the provider does not; null where a provider was asked for, which is then never replaced. */
  private final @Nullable KernelProvider fallback;

  /** Kept because the array forms must not allocate; null where the provider has none. */
  private final @Nullable CrossEntropyKernel<Object> float32Kernel;

  private CrossEntropy(
      KernelProvider provider,
      @Nullable KernelProvider fallback,
      Reduction reduction,
      @Nullable Tensor weight,
      long ignoreIndex,
      double labelSmoothing,
      int threads) {
    this.provider = provider;
    this.fallback = fallback;
    this.reduction = reduction;
    this.weight = weight;
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
    this.threads = threads;
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
    return new CrossEntropy(Kernels.auto(), Kernels.require("scalar"), Reduction.MEAN, null, -100, 0, 0);
  }

  /** The loss with PyTorch's defaults, reduction mean, on the kernels of the given provider. */
  public static CrossEntropy on(KernelProvider provider) {
    return new CrossEntropy(provider, null, Reduction.MEAN, null, -100, 0, 0);
  }

  /** The same loss with another reduction. */
  public CrossEntropy reduction(Reduction reduction) {
    Objects.requireNonNull(reduction, "reduction");
    return new CrossEntropy(provider, fallback, reduction, weight, ignoreIndex, labelSmoothing, threads);
  }

  /**
   * The same loss with a weight a class.
   *
   * @param weight of shape [C]; with class indices of the dtype of the logits; null for none
   */
  public CrossEntropy weight(@Nullable Tensor weight) {
    return new CrossEntropy(provider, fallback, reduction, weight, ignoreIndex, labelSmoothing, threads);
  }

  /** The same loss with another class index that marks rows to ignore; it need not be a class. */
  public CrossEntropy ignoreIndex(long ignoreIndex) {
    return new CrossEntropy(provider, fallback, reduction, weight, ignoreIndex, labelSmoothing, threads);
  }

  /**
   * The same loss with a part of the target spread evenly over all classes.
   *
   * @param labelSmoothing the part, up to 1; as in PyTorch, NaN and anything not above 0 mean none
   */
  public CrossEntropy labelSmoothing(double labelSmoothing) {
    return new CrossEntropy(provider, fallback, reduction, weight, ignoreIndex, labelSmoothing, threads);
  }

  /**
   * The same loss on at most so many threads: 1 is the caller's alone. The result has the same bits for any number. Where
   * this is not called, small batches are computed on the caller's thread, larger ones on all processors.
   *
   * @throws IllegalArgumentException if there is to be none
   */
  public CrossEntropy threads(int threads) {
    return new CrossEntropy(
        provider, fallback, reduction, weight, ignoreIndex, labelSmoothing, Parallel.check(threads));
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
   * The reduced loss of a batch held in arrays, logits row by row. Allocates nothing on one thread.
   *
   * @param logits at least batch · classes values; more are ignored
   * @param target at least batch class indices
   * @throws IllegalStateException if the reduction is none
   * @throws IllegalArgumentException if a size is negative or an array too short
   * @throws IndexError if a class index is neither in [0, classes) nor the ignored one
   */
  public float forward(float[] logits, long[] target, int batch, int classes) {
    requireReduced();
    int counted = checkArrays(logits, target, batch, classes);
    return compute(logits, target, batch, classes, counted, null, null);
  }

  /**
   * The reduced loss and its gradient, held in arrays. Allocates nothing on one thread.
   *
   * @param logitsGradient receives batch · classes values; must be another array than the logits
   * @see #forward(float[], long[], int, int)
   */
  public float forwardBackward(float[] logits, long[] target, int batch, int classes, float[] logitsGradient) {
    requireReduced();
    int counted = checkArrays(logits, target, batch, classes);
    checkGradient(logits, logitsGradient, batch * classes);
    return compute(logits, target, batch, classes, counted, null, logitsGradient);
  }

  /**
   * The losses of all rows, reduction none, held in arrays. Allocates nothing on one thread.
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
    int counted = checkArrays(logits, target, batch, classes);
    ArrayArguments.length("loss", loss, batch);
    ArrayArguments.distinct("loss", loss, "logits", logits);
    checkWeightDistinct("loss", loss);
    if (logitsGradient != null) {
      checkGradient(logits, logitsGradient, batch * classes);
      ArrayArguments.distinct("logitsGradient", logitsGradient, "loss", loss);
    }
    compute(logits, target, batch, classes, counted, loss, logitsGradient);
  }

  private void requireReduced() {
    if (reduction == Reduction.NONE) {
      throw new IllegalStateException(
          "Reduction none has no single result; call rowwise, or reduction(Reduction.MEAN) first.");
    }
  }

  /** The number of rows that are not ignored. */
  private int checkArrays(float[] logits, long[] target, int batch, int classes) {
    int elements = ArrayArguments.product("batch", batch, "classes", classes);
    ArrayArguments.length("logits", logits, elements);
    ArrayArguments.length("target", target, batch);
    checkSmoothing();
    if (weight != null) {
      checkClassWeight(weight, classes);
      checkWeightDType(weight, DType.FLOAT32);
    }
    return countedRows(target, batch, classes);
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

  /** PyTorch's checks in PyTorch's order, for class indices; the number of rows that are not ignored. */
  private int checkIndices(Tensor logits, Tensor target, boolean withGradient) {
    checkSmoothing();
    if (logits.rank() == 0) {
      throw new IndexError(
          "Dimension out of range (expected to be in range of [-1, 0], but got 1)", "Give the logits a class dimension.");
    }
    if (!logits.dtype().isFloatingPoint() && logits.numel() > 0) {
      throw logSoftmaxError(logits);
    }
    ClassIndexChecks.check(logits, target, weight, reduction, withGradient);
    int counted = countedRows(target.to(DType.INT64).longs(), target.numel(), Shape.of(logits).classes);
    if (labelSmoothing > 0) {
      checkSmoothedOperands(logits, target);
    }
    return counted;
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

  /** Checks the class indices and counts the rows that are not ignored: without branches, so that it is SIMD code. */
  private int countedRows(long[] target, int rows, int classes) {
    long last = classes - 1L;
    long outside = 0;
    long counted = 0;
    for (int row = 0; row < rows; row++) {
      long index = target[row];
      long difference = index ^ ignoreIndex;
      long counts = (difference | -difference) >> 63; // all ones unless ignored
      outside |= (index | last - index) & counts; // negative where one of the two is
      counted -= counts;
    }
    if (outside < 0) {
      throw outOfBounds(target, classes);
    }
    return (int) counted;
  }

  private IndexError outOfBounds(long[] target, int classes) {
    int row = 0;
    while (target[row] >= 0 && target[row] < classes || target[row] == ignoreIndex) {
      row++;
    }
    return new IndexError(
        "Target %d is out of bounds.".formatted(target[row]),
        "Row %d: class indices for %d classes lie in [0, %d).".formatted(row, classes, classes));
  }

  private record Result(Tensor loss, @Nullable Tensor logitsGradient, @Nullable Tensor targetGradient) {}

  private Result compute(
      Tensor logits, Tensor target, @Nullable Tensor upstream, boolean logitsGradient, boolean targetGradient) {
    Objects.requireNonNull(logits, "logits is null; pass a tensor.");
    Objects.requireNonNull(target, "target is null; pass a tensor.");
    // Equal shapes mean class probabilities, whatever the dtype of the target.
    boolean probabilities = logits.sameShape(target);
    int counted = 0;
    if (probabilities) {
      checkProbabilities(logits, target);
    } else {
      counted = checkIndices(logits, target, logitsGradient);
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
    DType resultKept = BatchOperand.kept(resultDType, dtype);
    Tensor loss = perRow ? Tensor.zeros(resultKept, shape.result) : null;
    Tensor gradientOfLogits =
        logitsGradient ? Tensor.zeros(BatchOperand.kept(logits.dtype(), dtype), logits.shape()) : null;
    Tensor gradientOfTarget =
        targetGradient && probabilities ? Tensor.zeros(BatchOperand.kept(target.dtype(), dtype), logits.shape()) : null;
    double reduced;
    CrossEntropyBatch batch = CrossEntropyBatch.take();
    try {
      batch.logits.set(logits.to(BatchOperand.kept(logits.dtype(), dtype)));
      batch.target = indices;
      batch.probabilities.set(probabilities ? target.to(BatchOperand.kept(target.dtype(), dtype)) : null);
      batch.upstream.set(perRow && seed != null ? seed.to(resultKept) : null);
      batch.loss.set(loss);
      batch.logitsGradient.set(gradientOfLogits);
      batch.targetGradient.set(gradientOfTarget);
      batch.classWeight = weight == null ? null : weight.to(dtype).array();
      batch.shape(shape.outer, shape.classes, shape.inner);
      reduced =
          reduced(
              batch,
              kernel(dtype),
              shape.outer * shape.inner,
              shape.classes,
              counted,
              perRow || seed == null ? 1 : seed.item());
    } finally {
      batch.release();
    }
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
      float[] logits,
      long[] target,
      int rows,
      int classes,
      int counted,
      float @Nullable [] loss,
      float @Nullable [] gradient) {
    CrossEntropyBatch batch = CrossEntropyBatch.take();
    try {
      batch.logits.set(logits, DType.FLOAT32);
      batch.target = target;
      batch.loss.set(loss, DType.FLOAT32);
      batch.logitsGradient.set(gradient, DType.FLOAT32);
      batch.classWeight = weight == null ? null : weight.array();
      batch.shape(rows, classes, 1);
      return (float) reduced(batch, kernel(DType.FLOAT32), rows, classes, counted, 1);
    } finally {
      batch.release();
    }
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
   * Computes the batch.
   *
   * @param counted the number of rows whose class index is not ignored
   * @return the reduced loss; for reduction none without meaning
   */
  private double reduced(
      CrossEntropyBatch batch,
      CrossEntropyKernel<Object> kernel,
      int rows,
      int classes,
      int counted,
      double upstreamScale) {
    batch.ignoreIndex = ignoreIndex;
    batch.labelSmoothing = labelSmoothing > 0 ? labelSmoothing : 0;
    batch.gradientScale = upstreamScale;
    double divisor = 1;
    if (reduction == Reduction.MEAN) {
      if (batch.target == null) {
        divisor = classes == 0 ? Double.NaN : rows; // PyTorch divides the number of logits by that of classes
      } else {
        divisor = batch.classWeight == null ? counted : weightSum(batch.target, rows, batch.classWeight);
      }
      // Where every row is ignored the mean is NaN but the gradient 0: a scale that is never multiplied by anything.
      if (batch.target == null ? rows > 0 : counted > 0) {
        batch.gradientScale = upstreamScale / divisor;
      }
    }
    double total = batch.compute(kernel, Parallel.threads(threads, rows * classes, PARALLEL_FROM));
    return reduction == Reduction.MEAN ? total / divisor : total;
  }

  /** The sum of the weights of the class indices that are not ignored. */
  private double weightSum(long[] target, int rows, Object classWeight) {
    double sum = 0;
    if (classWeight instanceof float[] weights) {
      for (int row = 0; row < rows; row++) {
        sum += target[row] == ignoreIndex ? 0 : weights[(int) target[row]];
      }
    } else {
      double[] weights = (double[]) classWeight;
      double lost = 0; // what the additions rounded off: it would show in every entry of a float64 gradient
      for (int row = 0; row < rows; row++) {
        double weight = target[row] == ignoreIndex ? 0 : weights[(int) target[row]];
        double next = sum + weight;
        double back = next - sum;
        lost += (sum - (next - back)) + (weight - back);
        sum = next;
      }
      return Double.isNaN(lost) ? sum : sum + lost;
    }
    return sum;
  }
}
