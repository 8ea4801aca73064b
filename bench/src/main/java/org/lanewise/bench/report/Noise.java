package org.lanewise.bench.report;

import com.google.gson.JsonPrimitive;
import java.util.List;
import org.lanewise.bench.results.MeasuredRow.Time;

/**
 * How many rows tell that the machine had other work.
 *
 * @param rows that were measured
 * @param spread those whose samples lie far apart
 * @param starved those of peers that waited for a processor
 */
record Noise(int rows, int spread, int starved) {
  /** What lies between the 5th and the 95th percentile, over the median. */
  private static final double MOST_SPREAD = 0.5;

  /** CPU time over wall time. With several threads too: of a small batch one may do everything, but one must. */
  private static final double LEAST_BUSY = 0.8;

  static Noise of(List<Measured> all) {
    List<Measured> rows = all.stream().filter(row -> row.time() != null).toList();
    return new Noise(
        rows.size(),
        (int) rows.stream().filter(row -> spread(row.timed()) > MOST_SPREAD).count(),
        (int) rows.stream().filter(Noise::isStarved).count());
  }

  private static double spread(Time time) {
    return (time.high() - time.low()) / time.median();
  }

  private static boolean isStarved(Measured row) {
    return row.who().onCpu()
        && row.row().facts().get("cpus_busy") instanceof JsonPrimitive busy
        && busy.isNumber()
        && busy.getAsDouble() < LEAST_BUSY;
  }

  /** What to know before reading any number; empty where nothing points to other work. */
  String sentence() {
    if (spread == 0 && starved == 0) {
      return "";
    }
    String apart = "%d have samples that spread over more than half their median".formatted(spread);
    String waiting = "%d are of peers that had less than 0.8 of a processor".formatted(starved);
    return "The machine was not quiet: of %s, %s. Small differences mean nothing here."
        .formatted(
            Words.count(rows, "row"),
            spread == 0 ? waiting : starved == 0 ? apart : apart + ", and " + waiting);
  }
}
