package org.lanewise.bench.results;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Objects;
import org.lanewise.bench.grid.Work;

/**
 * A time in the units that people think in; NaN where the environment does not tell what a unit needs.
 *
 * @param rowsPerSecond rows of the batch
 * @param bytesPerSecond what the work must move at least, over its time
 * @param bandwidthShare that rate as a share of the read bandwidth that was measured
 * @param cyclesPerElement an estimate, by the clock at which dependent additions ran; of one thread alone
 */
public record Units(double rowsPerSecond, double bytesPerSecond, double bandwidthShare, double cyclesPerElement) {
  /** The units of a row that was measured. */
  public static Units of(MeasuredRow row, JsonObject environment) {
    double seconds = Objects.requireNonNull(row.time()).median() * 1e-9;
    double bytes = bytes(row.work()) / seconds;
    boolean oneThread = row.implementation().device().equals("cpu") && row.implementation().threads() == 1;
    double hertz = oneThread ? number(environment, "dependent_add_hz") : Double.NaN;
    return new Units(
        row.work().batch() / seconds,
        bytes,
        bytes / number(environment, "read_bandwidth_bytes_per_s"),
        seconds * hertz / row.work().elements());
  }

  /** The bytes that a call must read and write at least. */
  public static long bytes(Work work) {
    boolean binary = work.operation().equals("bce_with_logits");
    long element = (binary ? 8 : 4) + (work.backward() ? 4 : 0);
    return element * work.elements() + (binary ? 0 : 8L * work.batch());
  }

  private static double number(JsonObject environment, String key) {
    return environment.get(key) instanceof JsonPrimitive value && value.isNumber() ? value.getAsDouble() : Double.NaN;
  }
}
