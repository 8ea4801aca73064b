package org.lanewise.bench.report;

import java.util.List;
import java.util.stream.DoubleStream;

/** A linear axis. */
final class LinearAxis implements Axis {
  private static final double MARGIN = 0.03;
  private static final double MOST_STEPS = 7;

  private final double low;
  private final double high;
  private final double start;
  private final double end;

  /**
   * An axis that shows all values from low to high.
   *
   * @param high at least low
   * @param start the pixel of the axis' low end
   * @param end the pixel of its high end; may be less than start
   */
  LinearAxis(double low, double high, double start, double end) {
    double margin = high > low ? MARGIN * (high - low) : Math.max(1, Math.abs(low)) / 10;
    this.low = low - margin;
    this.high = high + margin;
    this.start = start;
    this.end = end;
  }

  @Override
  public double pixel(double value) {
    return start + (value - low) / (high - low) * (end - start);
  }

  @Override
  public List<Double> ticks() {
    double step = step((high - low) / MOST_STEPS);
    double first = Math.ceil(low / step);
    // Whole multiples of the step: adding it up would leave 0.30000000000000004.
    return DoubleStream.iterate(first, i -> i * step <= high, i -> i + 1).map(i -> i * step + 0.0).boxed().toList();
  }

  /** The least of 1, 2 and 5 times a power of ten that is at least so much. */
  private static double step(double least) {
    double decade = Math.pow(10, Math.floor(Math.log10(least)));
    return DoubleStream.of(1, 2, 5, 10).map(digit -> digit * decade).filter(s -> s >= least).findFirst().orElseThrow();
  }
}
