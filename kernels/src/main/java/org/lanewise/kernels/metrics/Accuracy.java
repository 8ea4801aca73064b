package org.lanewise.kernels.metrics;

import org.lanewise.kernels.tensor.Tensor;

/**
 * Shares of right and wrong predictions. The prediction and the target have the same shape and at least one value, and
 * may differ in dtype: int64 predictions are compared with the float32 targets of BCE by value.
 */
public final class Accuracy {
  private Accuracy() {}

  /**
   * The share of values that are right, from 0 to 1: of all elements of a multi-label problem [N, L], not of its rows.
   *
   * @throws IllegalArgumentException if the shapes differ, or there is no value
   */
  public static double of(Tensor prediction, Tensor target) {
    Checks.requirePair(prediction, target);
    return (double) (target.numel() - wrong(prediction, target, 0, target.numel())) / target.numel();
  }

  /**
   * The share of rows, along the first dimension, that are right in every label, from 0 to 1; scikit-learn's
   * {@code accuracy_score} of a multi-label problem. Of shape [N] it is {@link #of}.
   *
   * @throws IllegalArgumentException if the shapes differ, or there is no value or no dimension
   */
  public static double exactMatch(Tensor prediction, Tensor target) {
    Checks.requirePair(prediction, target);
    if (target.rank() == 0) {
      throw new IllegalArgumentException("A single value of shape [] has no rows; pass a tensor of shape [N] or [N, L].");
    }
    int rows = target.size(0);
    int labels = target.numel() / rows;
    int right = 0;
    for (int row = 0; row < rows; row++) {
      right += wrong(prediction, target, row * labels, (row + 1) * labels) == 0 ? 1 : 0;
    }
    return (double) right / rows;
  }

  /**
   * The share of values that are wrong, from 0 to 1; 1 − {@link #of} with one rounding.
   *
   * @throws IllegalArgumentException if the shapes differ, or there is no value
   */
  public static double hammingLoss(Tensor prediction, Tensor target) {
    Checks.requirePair(prediction, target);
    return (double) wrong(prediction, target, 0, target.numel()) / target.numel();
  }

  private static int wrong(Tensor prediction, Tensor target, int from, int to) {
    // Integers beyond 2^53 are compared as such.
    boolean integers = !prediction.dtype().isFloatingPoint() && !target.dtype().isFloatingPoint();
    int wrong = 0;
    for (int i = from; i < to; i++) {
      boolean right =
          integers ? prediction.getLong(i) == target.getLong(i) : prediction.getDouble(i) == target.getDouble(i);
      wrong += right ? 0 : 1;
    }
    return wrong;
  }
}
