package org.lanewise.kernels.spi;

/**
 * One block of {@code rows × columns} elements for a {@link BceWithLogitsKernel}: operands in, results out.
 *
 * <p>Inputs are never written. Outputs do not overlap inputs or each other.
 *
 * @param <A> the class of the arrays
 */
public final class BceWithLogitsCall<A> {
  public int rows;
  public int columns;

  /** Inputs; weight and positive-class weight may be absent. */
  public final Strided<A> logits = new Strided<>();

  public final Strided<A> target = new Strided<>();
  public final Strided<A> weight = new Strided<>();
  public final Strided<A> posWeight = new Strided<>();

  /** The gradient of the result per element; absent means 1. Multiplied with {@link #gradientScale}. */
  public final Strided<A> upstream = new Strided<>();

  /** A factor of every gradient entry: for a mean, the upstream gradient over the number of elements. */
  public double gradientScale;

  /** Outputs, each absent unless wanted. */
  public final Strided<A> loss = new Strided<>();

  public final Strided<A> logitsGradient = new Strided<>();
  public final Strided<A> targetGradient = new Strided<>();

  /** Output, always: the float64 sum of the block's losses, each rounded to the dtype first. */
  public double lossSum;

  /** An empty call. */
  public BceWithLogitsCall() {}
}
