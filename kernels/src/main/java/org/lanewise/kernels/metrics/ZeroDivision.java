package org.lanewise.kernels.metrics;

/**
 * The score where its divisor is 0: the precision of a label that is never predicted, the recall of one that never
 * occurs, the F1 of one that does neither.
 */
public enum ZeroDivision {
  /** 0; scikit-learn's default, less its warning. */
  ZERO(0),
  /** 1. */
  ONE(1),
  /** NaN, which means leave out. */
  NAN(Double.NaN);

  private final double value;

  ZeroDivision(double value) {
    this.value = value;
  }

  /** The score. */
  public double value() {
    return value;
  }

  /** {@code numerator / denominator}, or this score where the denominator is 0. */
  double divide(long numerator, long denominator) {
    return denominator == 0 ? value : (double) numerator / denominator;
  }
}
