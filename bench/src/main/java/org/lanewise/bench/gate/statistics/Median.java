package org.lanewise.bench.gate.statistics;

import java.util.Arrays;

/** The value in the middle, which a wild one does not move. */
public final class Median {
  private Median() {}

  /** The median; the mean of the middle two of an even number. */
  public static double of(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle]);
  }
}
