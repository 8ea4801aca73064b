package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A logarithmic axis: maps values to pixels, and chooses few, round ticks. */
final class LogAxis {
  private static final int[] EVERY_DECADE = {1};
  private static final int[] THREE_A_DECADE = {1, 2, 5};
  private static final int[] NINE_A_DECADE = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  private static final double MOST_TICKS = 7;

  private final double logLow;
  private final double logHigh;
  private final double start;
  private final double end;

  /**
   * An axis that shows all values from low to high.
   *
   * @param low positive
   * @param high at least low
   * @param start the pixel of the axis' low end
   * @param end the pixel of its high end; may be less than start
   */
  LogAxis(double low, double high, double start, double end) {
    double margin = Math.max(0.06 * Math.log10(high / low), 0.08);
    this.logLow = Math.log10(low) - margin;
    this.logHigh = Math.log10(high) + margin;
    this.start = start;
    this.end = end;
  }

  double pixel(double value) {
    return start + (Math.log10(value) - logLow) / (logHigh - logLow) * (end - start);
  }

  /** Powers of ten; where they are too few, round numbers between them as well. */
  List<Double> ticks() {
    List<Double> decades = ticks(EVERY_DECADE);
    if (decades.size() >= 3) {
      int step = (int) Math.ceil(decades.size() / MOST_TICKS);
      return IntStream.range(0, decades.size()).filter(i -> i % step == 0).mapToObj(decades::get).toList();
    }
    List<Double> three = ticks(THREE_A_DECADE);
    return three.size() >= 3 ? three : ticks(NINE_A_DECADE);
  }

  private List<Double> ticks(int[] digits) {
    List<Double> ticks = new ArrayList<>();
    for (int exponent = (int) Math.floor(logLow); exponent <= logHigh; exponent++) {
      for (int digit : digits) {
        double tick = digit * Math.pow(10, exponent);
        if (Math.log10(tick) >= logLow && Math.log10(tick) <= logHigh) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
