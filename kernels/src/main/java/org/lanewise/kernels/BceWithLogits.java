package org.lanewise.kernels;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.error.ValueError;
import org.lanewise.kernels.spi.BceWithLogitsCall;
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
 * loss +∞ or NaN. A loss is never −0, and a gradient that underflows keeps its sign.
 *
 * <p>Objects are immutable and may be shared between threads.
 */
public final class BceWithLogits {
  /** The number of elements a kernel computes at a time; part of the definition of the sum's bits. */
  static final int BLOCK = 1 << 14;

  private static final class Workspace {
    final BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
    final BlockSum sum = new BlockSum();
  }

  private static final ThreadLocal<Workspace> WORKSPACE = ThreadLocal.withInitial(Workspace::new);

  private final BceWithLogitsKernel<float[]> kernel;
  private final Reduction reduction;

  private BceWithLogits(BceWithLogitsKernel<float[]> kernel, Reduction reduction) {
    this.kernel = kernel;
    this.reduction = reduction;
  }

  /** The loss with PyTorch's defaults, reduction mean, on the kernel that {@link Kernels#auto()} chooses. */
  public static BceWithLogits create() {
    return on(Kernels.auto());
  }

  /**
   * The loss with PyTorch's defaults, reduction mean, on the kernel of the given provider.
   *
   * @throws UnavailableKernelException if the provider has no such kernel
   */
  public static BceWithLogits on(KernelProvider provider) {
    Declarations.require(provider, Operation.BCE_WITH_LOGITS, DType.FLOAT32);
    return new BceWithLogits(provider.bceWithLogits(DType.FLOAT32), Reduction.MEAN);
  }

  /** The same loss with another reduction. */
  public BceWithLogits reduction(Reduction reduction) {
    return new BceWithLogits(kernel, Objects.requireNonNull(reduction, "reduction"));
  }

  /**
   * The loss.
   *
   * @param logits float32, of any shape
   * @param target float32, of the same shape
   * @return of the shape of the logits for reduction none, otherwise of shape {@code []}
   * @throws ValueError if the shapes differ
   * @throws NotImplementedError if the logits are not floating-point
   * @throws RuntimeError if the target is not floating-point
   */
  public Tensor forward(Tensor logits, Tensor target) {
    check(logits, target);
    if (reduction == Reduction.NONE) {
      Tensor loss = Tensor.zeros(DType.FLOAT32, logits.shape());
      compute(logits.floats(), target.floats(), logits.numel(), null, 1, loss.floats(), null);
      return loss;
    }
    return Tensor.scalar(compute(logits.floats(), target.floats(), logits.numel(), null, 1, null, null));
  }

  /**
   * The loss, and the gradient of the result with respect to the logits, in one pass.
   *
   * @param logits as for {@link #forward}
   * @param target as for {@link #forward}
   * @param upstream the gradient that flows into the result, of its shape; null for ones
   * @throws RuntimeError also if the upstream gradient does not have the result's shape
   */
  public LossAndGradient forwardBackward(Tensor logits, Tensor target, @Nullable Tensor upstream) {
    check(logits, target);
    boolean perElement = reduction == Reduction.NONE;
    Tensor seed = Upstream.check(upstream, DType.FLOAT32, perElement ? logits.shape() : new int[0]);
    Tensor gradient = Tensor.zeros(DType.FLOAT32, logits.shape());
    Tensor loss = perElement ? Tensor.zeros(DType.FLOAT32, logits.shape()) : null;
    float reduced =
        compute(
            logits.floats(),
            target.floats(),
            logits.numel(),
            perElement && seed != null ? seed.floats() : null,
            perElement || seed == null ? 1 : seed.item(),
            loss == null ? null : loss.floats(),
            gradient.floats());
    return new LossAndGradient(loss == null ? Tensor.scalar(reduced) : loss, gradient);
  }

  /** {@link #forwardBackward(Tensor, Tensor, Tensor)} with an upstream gradient of ones. */
  public LossAndGradient forwardBackward(Tensor logits, Tensor target) {
    return forwardBackward(logits, target, null);
  }

  /**
   * The reduced loss of a batch of {@code rows × columns} elements held in arrays, row by row. Allocates nothing.
   *
   * @param logits at least rows · columns values; more are ignored
   * @param target as many
   * @throws IllegalStateException if the reduction is none
   * @throws IllegalArgumentException if a size is negative or an array too short
   */
  public float forward(float[] logits, float[] target, int rows, int columns) {
    requireReduced();
    return compute(logits, target, checkArrays(logits, target, rows, columns), null, 1, null, null);
  }

  /**
   * The reduced loss and its gradient, held in arrays. Allocates nothing.
   *
   * @param logitsGradient receives rows · columns values; must be another array than the operands
   * @see #forward(float[], float[], int, int)
   */
  public float forwardBackward(float[] logits, float[] target, int rows, int columns, float[] logitsGradient) {
    requireReduced();
    int elements = checkArrays(logits, target, rows, columns);
    checkGradient(logits, target, logitsGradient, elements);
    return compute(logits, target, elements, null, 1, null, logitsGradient);
  }

  /**
   * The losses of all elements, reduction none, held in arrays. Allocates nothing.
   *
   * @param loss receives rows · columns values; must be another array than the operands
   * @param logitsGradient receives the gradient for an upstream gradient of ones; null if not wanted
   * @throws IllegalStateException if the reduction is not none
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
    ArrayArguments.length("loss", loss, loss.length, elements);
    ArrayArguments.distinct("loss", loss, "logits", logits);
    ArrayArguments.distinct("loss", loss, "target", target);
    if (logitsGradient != null) {
      checkGradient(logits, target, logitsGradient, elements);
      ArrayArguments.distinct("logitsGradient", logitsGradient, "loss", loss);
    }
    compute(logits, target, elements, null, 1, loss, logitsGradient);
  }

  private void requireReduced() {
    if (reduction == Reduction.NONE) {
      throw new IllegalStateException(
          "Reduction none has no single result; call elementwise, or reduction(Reduction.MEAN) first.");
    }
  }

  private static int checkArrays(float[] logits, float[] target, int rows, int columns) {
    int elements = ArrayArguments.product("rows", rows, "columns", columns);
    ArrayArguments.length("logits", logits, logits.length, elements);
    ArrayArguments.length("target", target, target.length, elements);
    return elements;
  }

  private static void checkGradient(float[] logits, float[] target, float[] logitsGradient, int elements) {
    ArrayArguments.length("logitsGradient", logitsGradient, logitsGradient.length, elements);
    ArrayArguments.distinct("logitsGradient", logitsGradient, "logits", logits);
    ArrayArguments.distinct("logitsGradient", logitsGradient, "target", target);
  }

  /** PyTorch's checks in PyTorch's order; then what Lanewise has no kernel for. */
  private static void check(Tensor logits, Tensor target) {
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
    Declarations.requireFloat32("logits", logits);
    Declarations.requireFloat32("target", target);
  }

  /**
   * Block after block.
   *
   * @return the reduced loss; for reduction none without meaning
   */
  private float compute(
      float[] logits,
      float[] target,
      int elements,
      float @Nullable [] upstream,
      double upstreamScale,
      float @Nullable [] loss,
      float @Nullable [] gradient) {
    Workspace workspace = WORKSPACE.get();
    BceWithLogitsCall<float[]> call = workspace.call;
    BlockSum sum = workspace.sum;
    sum.reset();
    call.gradientScale = reduction == Reduction.MEAN ? upstreamScale / elements : upstreamScale;
    call.rows = 1;
    for (int first = 0; first < elements; first += BLOCK) {
      int length = Math.min(BLOCK, elements - first);
      call.columns = length;
      call.logits.set(logits, first, length, 1);
      call.target.set(target, first, length, 1);
      call.upstream.set(upstream, first, length, 1);
      call.loss.set(loss, first, length, 1);
      call.logitsGradient.set(gradient, first, length, 1);
      kernel.compute(call);
      sum.add(call.lossSum);
    }
    call.logits.clear();
    call.target.clear();
    call.upstream.clear();
    call.loss.clear();
    call.logitsGradient.clear();
    double total = sum.total();
    return (float) (reduction == Reduction.MEAN ? total / elements : total);
  }
}
