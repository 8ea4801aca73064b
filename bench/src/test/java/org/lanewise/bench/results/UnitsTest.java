package org.lanewise.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;

/** Against values computed by hand. */
class UnitsTest {
  private static final Work BCE =
      new Work("bce_with_logits", "float32", "binary", 1000, 4, "mean", "forward", "normal");

  /** 32 GB/s and 4 GHz. */
  private static JsonObject environment() {
    JsonObject environment = new JsonObject();
    environment.addProperty("read_bandwidth_bytes_per_s", 32_000_000_000L);
    environment.addProperty("dependent_add_hz", 4_000_000_000L);
    return environment;
  }

  private static MeasuredRow row(Implementation implementation, double nanos) {
    return MeasuredRow.measured(BCE, implementation, new Time(nanos, nanos, nanos, 1), null);
  }

  @Test
  void aRowInTheUnitsPeopleThinkIn() {
    // 1,000 rows, 4,000 logits and 32,000 bytes in 2 µs, which are 8,000 cycles.
    Units units = Units.of(row(Implementation.kernel("vector"), 2000), environment());

    assertEquals(5e8, units.rowsPerSecond(), 1);
    assertEquals(16e9, units.bytesPerSecond(), 1);
    assertEquals(0.5, units.bandwidthShare(), 1e-12);
    assertEquals(2, units.cyclesPerElement(), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({
    "bce_with_logits, float32, binary,        mean, forward,          8000", // 1000 logits and as many targets
    "bce_with_logits, float32, soft,          mean, forward_backward, 12000", // and a gradient
    "bce_with_logits, float32, binary,        none, forward,          12000", // a loss a logit
    "bce_with_logits, float64, binary,        none, forward_backward, 32000",
    "bce_with_logits, bfloat16, binary,       sum,  forward,          4000",
    "cross_entropy,   float32, indices,       mean, forward,          4800", // an index of 8 bytes a row
    "cross_entropy,   float32, indices,       sum,  forward_backward, 8800",
    "cross_entropy,   float32, indices,       none, forward_backward, 9200", // a loss a row
    "cross_entropy,   float32, probabilities, mean, forward,          8000"
  })
  void theBytesThatAHundredRowsOfTenLogitsMove(
      String operation, String dtype, String target, String reduction, String direction, long bytes) {
    assertEquals(bytes, Units.bytes(new Work(operation, dtype, target, 100, 10, reduction, direction, "normal")));
  }

  @Test
  void theLargestPointOverflowsNoInteger() {
    Work work = new Work("bce_with_logits", "float64", "binary", 1 << 28, 1, "none", "forward_backward", "normal");

    assertEquals(32L << 28, Units.bytes(work));
  }

  @Test
  void whatIsNotKnownIsNotANumber() {
    JsonObject unknown = environment();
    unknown.add("read_bandwidth_bytes_per_s", JsonNull.INSTANCE);
    unknown.remove("dependent_add_hz");
    Units here = Units.of(row(Implementation.kernel("vector"), 2000), unknown);
    Units threads = Units.of(row(Implementation.kernel("vector", 2), 2000), environment());
    Units gpu = Units.of(row(new Implementation("pytorch-eager", "A GPU", 1, "resident"), 2000), environment());

    for (Units units : new Units[] {here, threads, gpu}) {
      assertEquals(16e9, units.bytesPerSecond(), 1);
      assertTrue(Double.isNaN(units.bandwidthShare()), units.toString());
      assertTrue(Double.isNaN(units.cyclesPerElement()), units.toString());
    }
    Units failed = Units.of(MeasuredRow.failed(BCE, Implementation.kernel("vector"), "It failed."), environment());
    assertTrue(Double.isNaN(failed.rowsPerSecond()) && Double.isNaN(failed.bytesPerSecond()));
  }
}
