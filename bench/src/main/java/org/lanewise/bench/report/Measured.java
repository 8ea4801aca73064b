package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Units;

/**
 * A row and where it was measured.
 *
 * @param peer whether a peer computed it
 */
record Measured(MeasuredRow row, JsonObject environment, boolean peer) {
  Who who() {
    return Who.of(row.implementation(), environment);
  }

  Implementation implementation() {
    return row.implementation();
  }

  Work work() {
    return row.work();
  }

  /** Null where it could not be measured. */
  @Nullable Time time() {
    return row.time();
  }

  /** The time of a row that was measured. */
  Time timed() {
    return Objects.requireNonNull(row.time());
  }

  double elementsPerSecond() {
    return row.elementsPerSecond();
  }

  Units units() {
    return Units.of(row, environment);
  }
}
