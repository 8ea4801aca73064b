package org.lanewise.kernels.metrics;

import java.util.stream.IntStream;

/**
 * Means as scikit-learn has numpy compute them, to the last bit: a mean next to the middle of two decimals then shows in a
 * report the digit that scikit-learn shows. NaN is left out; of nothing but NaN the mean is NaN.
 */
final class Means {
  private Means() {}

  static double mean(double[] values) {
    double[] kept = values.clone();
    int count = 0;
    for (int i = 0; i < kept.length; i++) {
      if (Double.isNaN(kept[i])) {
        kept[i] = 0; // keeps its place in the order of the sum
      } else {
        count++;
      }
    }
    return sum(kept, 0, kept.length) / count;
  }

  /** The weighted mean; where what is left has no weight at all, the plain one. */
  static double mean(double[] values, long[] weights) {
    int[] kept = IntStream.range(0, values.length).filter(i -> !Double.isNaN(values[i])).toArray();
    long total = IntStream.of(kept).mapToLong(i -> weights[i]).sum();
    return total == 0
        ? mean(IntStream.of(kept).mapToDouble(i -> values[i]).toArray())
        : sum(IntStream.of(kept).mapToDouble(i -> values[i] * weights[i]).toArray(), 0, kept.length) / total;
  }

  /** numpy's pairwise sum: eight interleaved sums up to 128 values, halves beyond. */
  private static double sum(double[] values, int from, int to) {
    int count = to - from;
    if (count > 128) {
      int middle = from + count / 2 / 8 * 8;
      return sum(values, from, middle) + sum(values, middle, to);
    }
    int next = from;
    double sum = 0;
    if (count >= 8) {
      double[] s = new double[8];
      for (; next + 8 <= to; next += 8) {
        for (int j = 0; j < 8; j++) {
          s[j] += values[next + j];
        }
      }
      sum = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    }
    for (; next < to; next++) {
      sum += values[next];
    }
    return sum;
  }
}
