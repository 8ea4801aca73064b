package org.lanewise.kernels;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.error.ValueError;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Sigmoid binary cross-entropy: PyTorch's {@code binary_cross_entropy_with_logits}.
 *
 * <p>The loss of a logit x (any real number; the probability is σ(x)) and a target t is (1 − t) · x + ln(1 + e^−x). Targets
 * have the shape of the logits; a hard target is 0 or 1, a soft one lies between.
 *
 * <p>Special values are PyTorch's: a NaN in either operand gives NaN; an infinite logit gives a finite gradient, and the
 * loss +∞ or NaN. A loss is never −0 where no weight is negative, and a gradient that underflows keeps its sign.
 *
 * <p>Objects are immutable and may be shared between threads; the weights are not copied. Results are tensors and arrays of
 * their own: operands are never written, and none is kept after a call.
 */
public final class BceWithLogits {
  /**
   * From how many elements on a call uses all processors by itself. A helper starts some 30 µs late, in which the SIMD kernel
   * computes 100,000 elements: two threads gain nothing at 2^17, and a third or more from here on (docs/adr/0009).
   */
  static final int PARALLEL_FROM = 1 << 18;

  private final KernelProvider provider;
  private final Reduction reduction;
  private final @Nullable Tensor weight;
  private final @Nullable Tensor posWeight;

  /** The most threads of a call; 0 where the size of the batch decides. */
  private final int threads;

  /** Supplies the dtypes that the provider does not; null where a provider was asked for, which is then never replaced. */
  private final @Nullable KernelProvider fallback;

  /** Kept because the array forms must not allocate; null where the provider has none. */
  private final @Nullable BceWithLogitsKernel<Object> float32Kernel;

  private BceWithLogits(
      KernelProvider provider,
      @Nullable KernelProvider fallback,
      Reduction reduction,
      @Nullable Tensor weight,
      @Nullable Tensor posWeight,
      int threads) {
    this.provider = provider;
    this.fallback = fallback;
    this.reduction = reduction;
    this.weight = weight;
    this.posWeight = posWeight;
    this.threads = threads;
    this.float32Kernel =
        Declarations.has(provider, Operation.BCE_WITH_LOGITS, DType.FLOAT32)
            ? provider.bceWithLogits(DType.FLOAT32)
            : null;
  }

  /**
   * The loss with PyTorch's defaults, reduction mean, on the kernel that {@link Kernels#auto()} chooses, and on {@code scalar}
   * for dtypes that that kernel does not supply.
   *
   * @throws IllegalStateException if two providers have the same id
   */
  public static BceWithLogits create() {
    return new BceWithLogits(Kernels.auto(), Kernels.require("scalar"), Reduction.MEAN, null, null, 0);
  }

  /**
   * The loss with PyTorch's defaults, reduction mean, on the kernels of the given provider. No other takes its place: a dtype
   * that it does not supply is an error when asked for.
   *
   * @param provider one that is available, from {@link Kernels#require} for example
   */
  public static BceWithLogits on(KernelProvider provider) {
    return new BceWithLogits(provider, null, Reduction.MEAN, null, null, 0);
  }

  /** The same loss with another reduction. */
  public BceWithLogits reduction(Reduction reduction) {
    return new BceWithLogits(provider, fallback, Objects.requireNonNull(reduction, "reduction"), weight, posWeight, threads);
  }

  /**
   * The same loss with a factor for the loss of each element.
   *
   * @param weight of any dtype, of a shape that broadcasts to that of the logits: [C] is a weight a class, [N, 1] one a
   *     sample; null for none
   */
  public BceWithLogits weight(@Nullable Tensor weight) {
    return new BceWithLogits(provider, fallback, reduction, weight, posWeight, threads);
  }

  /**
   * The same loss with a factor for the positive part of each element's loss: above 1 it favours recall, below 1 precision.
   *
   * @param posWeight of any dtype but bool, of a shape that broadcasts to that of the logits, usually [C]; null for none
   */
  public BceWithLogits posWeight(@Nullable Tensor posWeight) {
    return new BceWithLogits(provider, fallback, reduction, weight, posWeight, threads);
  }

  /**
   * The same loss on at most so many threads: 1 is the caller's alone. The result has the same bits for any number. Where
   * this is not called, small batches are computed on the caller's thread, larger ones on all processors.
   *
   * @throws IllegalArgumentException if there is to be none
   */
  public BceWithLogits threads(int threads) {
    return new BceWithLogits(provider, fallback, reduction, weight, posWeight, Parallel.check(threads));
  }

  /**
   * The loss. Computed in float64 where an operand is float64, otherwise in float32, and rounded once to the target's
   * dtype.
   *
   * @param logits of any floating-point dtype and shape
   * @param target of any floating-point dtype, of the same shape
   * @return of the target's dtype (PyTorch's rule); of the shape of the logits for reduction none, otherwise of shape {@code
   *     []}
   * @throws ValueError if the shapes differ
   * @throws NotImplementedError if the logits are not floating-point
   * @throws RuntimeError if the target is not floating-point, or a weight does not broadcast
   * @throws UnavailableKernelException if the provider has no kernel of the dtype
   */
  public Tensor forward(Tensor logits, Tensor target) {
    return compute(logits, target, null, false, false).loss;
  }

  /**
   * The loss, and the gradient of the result with respect to the logits, in one pass.
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
   * The gradient of the result with respect to the target, in its dtype and shape.
   *
   * @see #forwardBackward(Tensor, Tensor, Tensor)
   */
  public Tensor targetGradient(Tensor logits, Tensor target, @Nullable Tensor upstream) {
    return Objects.requireNonNull(compute(logits, target, upstream, false, true).targetGradient);
  }

  /** {@link #forwardBackward(Tensor, Tensor, Tensor)} with an upstream gradient of ones. */
  public LossAndGradient forwardBackward(Tensor logits, Tensor target) {
    return forwardBackward(logits, target, null);
  }

  /**
   * The reduced loss of a batch of {@code rows × columns} elements held in arrays, row by row. Allocates nothing on one
   * thread. In the array forms nothing is written before all arguments are checked, and rows or columns may be 0.
   *
   * @param logits at least rows · columns values; more are ignored
   * @param target as many; may be the array of the logits
   * @throws IllegalStateException if the reduction is none
   * @throws IllegalArgumentException if a size is negative, an array null or too short, or a weight not float32
   * @throws RuntimeError if a weight does not broadcast to [rows, columns]
   * @throws UnavailableKernelException if the provider has no float32 kernel
   */
  public float forward(float[] logits, float[] target, int rows, int columns) {
    requireReduced();
    checkArrays(logits, target, rows, columns);
    return compute(logits, target, rows, columns, null, null);
  }

  /**
   * The reduced loss and its gradient, held in arrays. Allocates nothing on one thread.
   *
   * @param logitsGradient receives rows · columns values; must be another array than the operands and the weights'
   * @return the loss; the same bits as without the gradient, on kernels that declare reproducible bits
   * @throws IllegalArgumentException also if the gradient is too short or an array that is read
   * @see #forward(float[], float[], int, int)
   */
  public float forwardBackward(float[] logits, float[] target, int rows, int columns, float[] logitsGradient) {
    requireReduced();
    int elements = checkArrays(logits, target, rows, columns);
    checkGradient(logits, target, logitsGradient, elements);
    return compute(logits, target, rows, columns, null, logitsGradient);
  }

  /**
   * The losses of all elements, reduction none, held in arrays. Allocates nothing on one thread.
   *
   * @param loss receives rows · columns values; must be another array than the operands and the weights'
   * @param logitsGradient receives the gradient for an upstream gradient of ones; null if not wanted; as {@code loss}
   * @throws IllegalStateException if the reduction is not none
   * @throws IllegalArgumentException also if a result is too short or an array that is read, or both are the same
   * @see #forward(float[], float[], int, int)
   */
  public void elementwise(
      float[] logits, float[] target, int rows, int columns, float[] loss, float @Nullable [] logitsGradient) {
    if (reduction != Reduction.NONE) {
      throw new IllegalStateException(
          "Losses per element need reduction none, this loss has %s; call reduction(Reduction.NONE) first."
              .formatted(reduction.id()));
    }
    int elements = checkArrays(logits, target, rows, columns);
    ArrayArguments.length("loss", loss, elements);
    ArrayArguments.distinct("loss", loss, "logits", logits);
    ArrayArguments.distinct("loss", loss, "target", target);
    if (logitsGradient != null) {
      checkGradient(logits, target, logitsGradient, elements);
      ArrayArguments.distinct("logitsGradient", logitsGradient, "loss", loss);
    }
    compute(logits, target, rows, columns, loss, logitsGradient);
  }

  private void requireReduced() {
    if (reduction == Reduction.NONE) {
      throw new IllegalStateException(
          "Reduction none has no single result; call elementwise, or reduction(Reduction.MEAN) first.");
    }
  }

  private static int checkArrays(float[] logits, float[] target, int rows, int columns) {
    int elements = ArrayArguments.product("rows", rows, "columns", columns);
    ArrayArguments.length("logits", logits, elements);
    ArrayArguments.length("target", target, elements);
    return elements;
  }

  private static void checkGradient(float[] logits, float[] target, float[] logitsGradient, int elements) {
    ArrayArguments.length("logitsGradient", logitsGradient, elements);
    ArrayArguments.distinct("logitsGradient", logitsGradient, "logits", logits);
    ArrayArguments.distinct("logitsGradient", logitsGradient, "target", target);
  }

  /** PyTorch's checks in PyTorch's order. */
  private void check(Tensor logits, Tensor target) {
    Objects.requireNonNull(logits, "logits is null; pass a tensor.");
    Objects.requireNonNull(target, "target is null; pass a tensor.");
    int[] shape = logits.shape();
    if (!logits.sameShape(target)) {
      throw new ValueError(
          "Target size (%s) must be the same as input size (%s)".formatted(target.torchSize(), logits.torchSize()),
          "Give the target the shape of the logits, with target.reshape(...); class indices belong to CrossEntropy.");
    }
    if (!logits.dtype().isFloatingPoint()) {
      throw new NotImplementedError(
          "\"log_sigmoid_cpu\" not implemented for '%s'".formatted(logits.dtype().torchName()),
          "Convert the logits with logits.to(DType.FLOAT32).");
    }
    if (posWeight != null) {
      if (posWeight.dtype() == DType.BOOL) {
        throw new RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use "
                + "the `~` or `logical_not()` operator instead.",
            "Convert the weight with posWeight.to(DType.%s).".formatted(logits.dtype()));
      }
      Broadcast.check("posWeight", posWeight.shape(), shape, shape);
    }
    if (target.dtype() == DType.BOOL) {
      throw new RuntimeError(
          "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
              + "operator instead.",
          "Convert the target with target.to(DType.%s).".formatted(logits.dtype()));
    }
    if (!target.dtype().isFloatingPoint()) {
      throw new RuntimeError(
          "result type %s can't be cast to the desired output type %s"
              .formatted(logits.dtype().torchName(), target.dtype().torchName()),
          "Convert the target with target.to(DType.%s).".formatted(logits.dtype()));
    }
    if (weight != null) {
      Broadcast.check("weight", shape, weight.shape(), shape);
    }
  }

  private record Result(Tensor loss, @Nullable Tensor logitsGradient, @Nullable Tensor targetGradient) {}

  private Result compute(
      Tensor logits, Tensor target, @Nullable Tensor upstream, boolean logitsGradient, boolean targetGradient) {
    check(logits, target);
    boolean perElement = reduction == Reduction.NONE;
    int[] shape = logits.shape();
    Tensor seed = Upstream.check(upstream, target.dtype(), perElement ? shape : new int[0]);
    DType dtype = Declarations.computation(logits, target, weight, posWeight);
    DType logitsDType = BatchOperand.kept(logits.dtype(), dtype);
    DType targetDType = BatchOperand.kept(target.dtype(), dtype);
    Tensor loss = perElement ? Tensor.zeros(targetDType, shape) : null;
    Tensor gradientOfLogits = logitsGradient ? Tensor.zeros(logitsDType, shape) : null;
    Tensor gradientOfTarget = targetGradient ? Tensor.zeros(targetDType, shape) : null;
    int columns = shape.length == 0 ? 1 : shape[shape.length - 1];
    double reduced;
    BceWithLogitsBatch batch = BceWithLogitsBatch.take();
    try {
      batch.logits.set(logits.to(logitsDType));
      batch.target.set(target.to(targetDType));
      batch.upstream.set(perElement && seed != null ? seed.to(targetDType) : null);
      batch.loss.set(loss);
      batch.logitsGradient.set(gradientOfLogits);
      batch.targetGradient.set(gradientOfTarget);
      batch.shape(
          shape,
          columns == 0 ? 0 : logits.numel() / columns,
          columns,
          weight == null ? null : weight.to(dtype),
          posWeight == null ? null : posWeight.to(dtype));
      reduced = reduced(batch, kernel(dtype), logits.numel(), perElement || seed == null ? 1 : seed.item());
    } finally {
      batch.release();
    }
    return new Result(
        (loss == null ? Tensor.of(new double[] {reduced}) : loss).to(target.dtype()),
        gradientOfLogits == null ? null : gradientOfLogits.to(logits.dtype()),
        gradientOfTarget == null ? null : gradientOfTarget.to(target.dtype()));
  }

  private float compute(
      float[] logits, float[] target, int rows, int columns, float @Nullable [] loss, float @Nullable [] gradient) {
    checkWeight("weight", weight, rows, columns, loss, gradient);
    checkWeight("posWeight", posWeight, rows, columns, loss, gradient);
    BceWithLogitsBatch batch = BceWithLogitsBatch.take();
    try {
      batch.logits.set(logits, DType.FLOAT32);
      batch.target.set(target, DType.FLOAT32);
      batch.loss.set(loss, DType.FLOAT32);
      batch.logitsGradient.set(gradient, DType.FLOAT32);
      batch.shape(null, rows, columns, weight, posWeight);
      return (float) reduced(batch, kernel(DType.FLOAT32), rows * columns, 1);
    } finally {
      batch.release();
    }
  }

  /** Computes the batch; the reduced loss, for reduction none without meaning. */
  private double reduced(
      BceWithLogitsBatch batch, BceWithLogitsKernel<Object> kernel, int elements, double upstreamScale) {
    boolean mean = reduction == Reduction.MEAN;
    batch.gradientScale = mean ? upstreamScale / elements : upstreamScale;
    double total = batch.compute(kernel, Parallel.threads(threads, elements, PARALLEL_FROM));
    return mean ? total / elements : total;
  }

  private static void checkWeight(
      String name,
      @Nullable Tensor weight,
      int rows,
      int columns,
      float @Nullable [] loss,
      float @Nullable [] gradient) {
    if (weight == null) {
      return;
    }
    if (weight.dtype() != DType.FLOAT32) {
      throw new IllegalArgumentException(
          "%s is %s, but the array forms compute in float32; convert it with to(DType.FLOAT32)."
              .formatted(name, weight.dtype().id()));
    }
    if (loss != null) {
      ArrayArguments.distinct("loss", loss, name, weight.array());
    }
    if (gradient != null) {
      ArrayArguments.distinct("logitsGradient", gradient, name, weight.array());
    }
    Broadcast.checkMatrix(name, weight, rows, columns);
  }

  private BceWithLogitsKernel<Object> kernel(DType dtype) {
    if (dtype == DType.FLOAT32 && float32Kernel != null) {
      return float32Kernel;
    }
    if (fallback != null && !Declarations.has(provider, Operation.BCE_WITH_LOGITS, dtype)) {
      return fallback.bceWithLogits(dtype);
    }
    Declarations.require(provider, Operation.BCE_WITH_LOGITS, dtype);
    return provider.bceWithLogits(dtype);
  }
}
