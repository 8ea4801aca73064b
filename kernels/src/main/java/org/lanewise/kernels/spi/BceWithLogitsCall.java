package org.lanewise.kernels.spi;

/**
 * One block of {@code rows × columns} elements for a {@link BceWithLogitsKernel}: operands in, results out.
 *
 * <p>Inputs are never written. Outputs do not overlap inputs or each other.
 *
 * @param <A> the class of the arrays
 */
public final class BceWithLogitsCall<A> {
  /** The number of rows of the block. */
  public int rows;

  /** The number of elements a row. */
  public int columns;

  /** Inputs; weight and positive-class weight may be absent. */
  public final Strided<A> logits = new Strided<>();

  /** The target of each element. */
  public final Strided<A> target = new Strided<>();

  /** A factor of the loss; absent means 1. */
  public final Strided<A> weight = new Strided<>();

  /** The weight of the positive class; absent means 1. */
  public final Strided<A> posWeight = new Strided<>();

  /** The gradient of the result per element; absent means 1. Multiplied with {@link #gradientScale}. */
  public final Strided<A> upstream = new Strided<>();

  /** A factor of every gradient entry: for a mean, the upstream gradient over the number of elements. */
  public double gradientScale;

  /** Outputs, each absent unless wanted. */
  public final Strided<A> loss = new Strided<>();

  /** The gradient by the logits. */
  public final Strided<A> logitsGradient = new Strided<>();

  /** The gradient by the target. */
  public final Strided<A> targetGradient = new Strided<>();

  /** Output, always: the float64 sum of the block's losses, each rounded to the dtype first. */
  public double lossSum;

  /** An empty call. */
  public BceWithLogitsCall() {}
}
