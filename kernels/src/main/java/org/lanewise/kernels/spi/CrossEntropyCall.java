package org.lanewise.kernels.spi;

import org.jspecify.annotations.Nullable;

/**
 * One block of rows for a {@link CrossEntropyKernel}: operands in, results out.
 *
 * <p>A row is a pair (n, i) of an outer index n below {@code outer} and an inner index i below {@code inner}; logits of
 * shape [N, C] have inner = 1, those of shape [N, C, d1, …] have inner = d1 · …. Logit (n, c, i) lies at {@code
 * logits.offset + n · logits.rowStride + c · logits.columnStride + i}, and so do probabilities and gradients, each with
 * strides of its own. A value per row lies at {@code offset + n · rowStride + i · columnStride}.
 *
 * <p>Inputs are never written. Outputs do not overlap inputs or each other.
 *
 * @param <A> the class of the arrays, but for class indices
 */
public final class CrossEntropyCall<A> {
  /** The number of outer indices. */
  public int outer;

  /** The number of classes. */
  public int classes;

  /** The number of inner indices. */
  public int inner;

  /** The logits of each row. */
  public final Strided<A> logits = new Strided<>();

  /** The class index of each row; absent if {@link #probabilities} are given. */
  public final Strided<long[]> target = new Strided<>();

  /** The class probabilities; absent if {@link #target} is given. */
  public final Strided<A> probabilities = new Strided<>();

  /** A weight a class at {@code classWeightOffset + c}, or null for 1. */
  public @Nullable A classWeight;

  /** Where the weight of class 0 lies. */
  public int classWeightOffset;

  /** Rows with this class index have loss 0, weight 0 and gradient 0; NaN where the row has no softmax. */
  public long ignoreIndex;

  /** From 0 to 1. */
  public double labelSmoothing;

  /** The gradient of the result per row; absent means 1. Multiplied with {@link #gradientScale}. */
  public final Strided<A> upstream = new Strided<>();

  /** A factor of every gradient entry: for a mean, the upstream gradient over the weight sum. */
  public double gradientScale;

  /** Outputs, each absent unless wanted; the loss is one a row. */
  public final Strided<A> loss = new Strided<>();

  /** The gradient by the logits. */
  public final Strided<A> logitsGradient = new Strided<>();

  /** The gradient by the class probabilities. */
  public final Strided<A> targetGradient = new Strided<>();

  /** Output, always: the float64 sum of the block's losses, each rounded to the dtype first. */
  public double lossSum;

  /**
   * Output, always: the float64 sum of the weights of the class indices that are not ignored; how many there are where
   * unweighted. With probabilities it has no meaning.
   */
  public double weightSum;

  /** An empty call. */
  public CrossEntropyCall() {}
}
