package org.lanewise.bench.gate.rule;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.gate.statistics.Bootstrap;
import org.lanewise.bench.gate.statistics.Exact;
import org.lanewise.bench.gate.statistics.Median;

/**
 * The candidate's time over the base's, as the geometric mean over benchmarks. It is taken over the first forks: every
 * benchmark has them, and they were not chosen for what they showed.
 *
 * @param ratio the mean
 * @param low lower end of its 95 % interval
 * @param high upper end
 */
public record SuiteMean(double ratio, double low, double high) {
  /** The whole suite must not lose more than this, however little each benchmark loses. */
  private static final double BROAD_LOSS = 1.01;

  /** The mean of comparisons that were measured; null of none. */
  public static @Nullable SuiteMean of(List<Comparison> measured) {
    if (measured.isEmpty()) {
      return null;
    }
    List<double[]> benchmarks = measured.stream().map(comparison -> Forks.logRatios(comparison.first())).toList();
    double mean = benchmarks.stream().mapToDouble(Median::of).sum() / benchmarks.size();
    Exact.Interval interval = Bootstrap.ofMeanOfMedians(benchmarks);
    return new SuiteMean(StrictMath.exp(mean), StrictMath.exp(interval.low()), StrictMath.exp(interval.high()));
  }

  /** Whether the suite as a whole has become slower, a little everywhere perhaps. */
  public boolean isBroadLoss() {
    return ratio > BROAD_LOSS && low > 1;
  }
}
