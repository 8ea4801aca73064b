package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A logarithmic axis. */
final class LogAxis implements Axis {
  private static final int[] EVERY_DECADE = {1};
  private static final int[] THREE_A_DECADE = {1, 2, 5};
  private static final int[] NINE_A_DECADE = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  private static final double MOST_TICKS = 7;

  /** How much wider the axis becomes, on both sides, until it has two ticks: where all values are alike. */
  private static final double WIDER = 0.05;

  /** Far beyond anything that is measured; beyond them a power of ten is no double. */
  private static final double LEAST = 1e-250;

  private static final double MOST = 1e250;

  private final double logLow;
  private final double logHigh;
  private final double start;
  private final double end;
  private final List<Double> ticks;

  /**
   * An axis that shows all values from low to high.
   *
   * @param low positive
   * @param high at least low
   * @param start the pixel of the axis' low end
   * @param end the pixel of its high end; may be less than start
   */
  LogAxis(double low, double high, double start, double end) {
    if (!(low >= LEAST && low <= high && high <= MOST)) {
      throw new IllegalArgumentException("an axis from %s to %s cannot be drawn".formatted(low, high));
    }
    this.start = start;
    this.end = end;
    double margin = Math.max(0.05 * Math.log10(high / low), WIDER);
    List<Double> chosen = ticks(Math.log10(low) - margin, Math.log10(high) + margin);
    while (chosen.size() < 2) {
      margin += WIDER;
      chosen = ticks(Math.log10(low) - margin, Math.log10(high) + margin);
    }
    logLow = Math.log10(low) - margin;
    logHigh = Math.log10(high) + margin;
    ticks = chosen;
  }

  @Override
  public double pixel(double value) {
    return start + (Math.log10(value) - logLow) / (logHigh - logLow) * (end - start);
  }

  @Override
  public List<Double> ticks() {
    return ticks;
  }

  /** Powers of ten; where they are too few, round numbers between them as well. */
  private static List<Double> ticks(double logLow, double logHigh) {
    List<Double> decades = ticks(logLow, logHigh, EVERY_DECADE);
    if (decades.size() >= 3) {
      int step = (int) Math.ceil(decades.size() / MOST_TICKS);
      return IntStream.range(0, decades.size()).filter(i -> i % step == 0).mapToObj(decades::get).toList();
    }
    List<Double> three = ticks(logLow, logHigh, THREE_A_DECADE);
    return three.size() >= 3 ? three : ticks(logLow, logHigh, NINE_A_DECADE);
  }

  private static List<Double> ticks(double logLow, double logHigh, int[] digits) {
    List<Double> ticks = new ArrayList<>();
    for (int exponent = (int) Math.floor(logLow); exponent <= logHigh; exponent++) {
      for (int digit : digits) {
        double tick = exponent < 0 ? digit / Math.pow(10, -exponent) : digit * Math.pow(10, exponent);
        if (Math.log10(tick) >= logLow && Math.log10(tick) <= logHigh) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
