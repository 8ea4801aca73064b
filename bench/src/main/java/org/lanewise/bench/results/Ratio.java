package org.lanewise.bench.results;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.lanewise.bench.results.MeasuredRow.Time;

/**
 * How many times as long one takes as another for the same work, and the room that the samples leave for it.
 *
 * @param value of the medians
 * @param low the 5th percentile of the one over the 95th of the other
 * @param high the reverse
 */
public record Ratio(double value, double low, double high) {
  /** How many times as long {@code time} is as {@code unit}. */
  public static Ratio of(Time time, Time unit) {
    return new Ratio(time.median() / unit.median(), time.low() / unit.high(), time.high() / unit.low());
  }

  /** The geometric mean, of the ends of the room too; at least one ratio. */
  public static Ratio mean(List<Ratio> ratios) {
    return new Ratio(mean(ratios, Ratio::value), mean(ratios, Ratio::low), mean(ratios, Ratio::high));
  }

  private static double mean(List<Ratio> ratios, ToDoubleFunction<Ratio> which) {
    return Math.exp(ratios.stream().mapToDouble(ratio -> Math.log(which.applyAsDouble(ratio))).average().orElseThrow());
  }
}
