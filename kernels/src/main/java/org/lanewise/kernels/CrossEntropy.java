package org.lanewise.kernels;

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
 * <p>Objects are immutable and may be shared between threads; the weight is not copied. Results are tensors and arrays of
 * their own: operands are never written, and none is kept after a call.
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
  private final CrossEntropyChecks checks;

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
    this.checks = new CrossEntropyChecks(reduction, weight, ignoreIndex, labelSmoothing);
    this.threads = threads;
    this.float32Kernel =
        Declarations.has(provider, Operation.CROSS_ENTROPY, DType.FLOAT32)
            ? provider.crossEntropy(DType.FLOAT32)
            : null;
  }

  /**
   * The loss with PyTorch's defaults, reduction mean, on the kernel that {@link Kernels#auto()} chooses, and on {@code scalar}
   * for dtypes that that kernel does not supply.
   *
   * @throws IllegalStateException if two providers have the same id
   */
  public static CrossEntropy create() {
    return new CrossEntropy(Kernels.auto(), Kernels.require("scalar"), Reduction.MEAN, null, -100, 0, 0);
  }

  /**
   * The loss with PyTorch's defaults, reduction mean, on the kernels of the given provider. No other takes its place: a dtype
   * that it does not supply is an error when asked for.
   *
   * @param provider one that is available, from {@link Kernels#require} for example
   */
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
   * @return the loss as of {@link #forward}, and a gradient of the shape and dtype of the logits
   * @throws RuntimeError as {@link #forward}, and if the upstream gradient does not have the result's shape
   */
  public LossAndGradient forwardBackward(Tensor logits, Tensor target, @Nullable Tensor upstream) {
    Result result = compute(logits, target, upstream, true, false);
    return new LossAndGradient(result.loss, Objects.requireNonNull(result.logitsGradient));
  }

  /**
   * The gradient of the result with respect to class probabilities, in their dtype and shape.
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
   * The reduced loss of a batch held in arrays, logits row by row. Allocates nothing on one thread. In the array forms
   * nothing is written before all arguments are checked, and the batch may be 0.
   *
   * @param logits at least batch · classes values; more are ignored
   * @param target at least batch class indices
   * @throws IllegalStateException if the reduction is none
   * @throws IllegalArgumentException if a size is negative, or an array null or too short
   * @throws RuntimeError if the weight is not float32 of shape [classes], or the label smoothing above 1
   * @throws IndexError if a class index is neither in [0, classes) nor the ignored one
   * @throws UnavailableKernelException if the provider has no float32 kernel
   */
  public float forward(float[] logits, long[] target, int batch, int classes) {
    requireReduced();
    int counted = checks.arrays(logits, target, batch, classes);
    return compute(logits, target, batch, classes, counted, null, null);
  }

  /**
   * The reduced loss and its gradient, held in arrays. Allocates nothing on one thread.
   *
   * @param logitsGradient receives batch · classes values; must be another array than the logits and the weight's
   * @return the loss; the same bits as without the gradient, on kernels that declare reproducible bits
   * @throws IllegalArgumentException also if the gradient is too short or an array that is read
   * @see #forward(float[], long[], int, int)
   */
  public float forwardBackward(float[] logits, long[] target, int batch, int classes, float[] logitsGradient) {
    requireReduced();
    int counted = checks.arrays(logits, target, batch, classes);
    checks.result("logitsGradient", logitsGradient, batch * classes, logits);
    return compute(logits, target, batch, classes, counted, null, logitsGradient);
  }

  /**
   * The losses of all rows, reduction none, held in arrays. Allocates nothing on one thread.
   *
   * @param loss receives one value a row; must be another array than the logits and the weight's
   * @param logitsGradient receives the gradient for an upstream gradient of ones; null if not wanted; as {@code loss}
   * @throws IllegalStateException if the reduction is not none
   * @throws IllegalArgumentException also if a result is too short or an array that is read, or both are the same
   * @see #forward(float[], long[], int, int)
   */
  public void rowwise(
      float[] logits, long[] target, int batch, int classes, float[] loss, float @Nullable [] logitsGradient) {
    if (reduction != Reduction.NONE) {
      throw new IllegalStateException(
          "Losses per row need reduction none, this loss has %s; call reduction(Reduction.NONE) first."
              .formatted(reduction.id()));
    }
    int counted = checks.arrays(logits, target, batch, classes);
    checks.result("loss", loss, batch, logits);
    if (logitsGradient != null) {
      checks.result("logitsGradient", logitsGradient, batch * classes, logits);
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

  private record Result(Tensor loss, @Nullable Tensor logitsGradient, @Nullable Tensor targetGradient) {}

  private Result compute(
      Tensor logits, Tensor target, @Nullable Tensor upstream, boolean logitsGradient, boolean targetGradient) {
    Objects.requireNonNull(logits, "logits is null; pass a tensor.");
    Objects.requireNonNull(target, "target is null; pass a tensor.");
    // Equal shapes mean class probabilities, whatever the dtype of the target.
    boolean probabilities = logits.sameShape(target);
    int counted = 0;
    if (probabilities) {
      checks.probabilities(logits, target);
    } else {
      counted = checks.indices(logits, target, logitsGradient);
    }
    RowShape shape = RowShape.of(logits);
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
    Tensor seed = Upstream.check(upstream, resultDType, perRow ? shape.result() : new int[0]);
    if (!probabilities && logitsGradient) {
      ClassIndexChecks.checkSingleRowGradient(logits, target);
    }
    DType dtype = Declarations.computation(logits, probabilities ? target : null, weight);
    DType resultKept = BatchOperand.kept(resultDType, dtype);
    Tensor loss = perRow ? Tensor.zeros(resultKept, shape.result()) : null;
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
      batch.shape(shape.outer(), shape.classes(), shape.inner());
      reduced =
          reduced(
              batch,
              kernel(dtype),
              shape.outer() * shape.inner(),
              shape.classes(),
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
    if (classWeight instanceof double[] weights) {
      CompensatedSum sum = new CompensatedSum(); // what is rounded off would show in every entry of a float64 gradient
      for (int row = 0; row < rows; row++) {
        sum.add(target[row] == ignoreIndex ? 0 : weights[(int) target[row]]);
      }
      return sum.value();
    }
    float[] weights = (float[]) classWeight;
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      sum += target[row] == ignoreIndex ? 0 : weights[(int) target[row]];
    }
    return sum;
  }
}
