package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;

class SamplesTest {
  private static MeasuredRow row(String rawData) {
    JsonObject jmh = new JsonObject();
    JsonObject metric = new JsonObject();
    metric.add("rawData", JsonParser.parseString(rawData));
    jmh.add("primaryMetric", metric);
    Work work = new Work("bce_with_logits", "float32", "binary", 1, 1, "mean", "forward", "normal");
    return MeasuredRow.measured(work, Implementation.kernel("vector"), new Time(1, 1, 1, 1), jmh);
  }

  @Test
  void everyForkHasItsSamples() {
    assertEquals(List.of(List.of(1.0, 2.5), List.of(3.0)), Samples.forks(row("[[1, 2.5], [3], []]")));
    MeasuredRow peer = row("[]");
    assertEquals(List.of(), Samples.forks(peer));
    assertEquals(
        List.of(),
        Samples.forks(MeasuredRow.measured(peer.work(), peer.implementation(), new Time(1, 1, 1, 1), null)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"NaN\"", "\"inf\"", "0", "-1"})
  void aSampleThatIsNoPositiveNumberIsRefused(String sample) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Samples.forks(row("[[1, %s]]".formatted(sample))))
            .getMessage();
    assertTrue(message.contains("\"rawData\"") && message.contains("expected a positive number"), message);
  }

  @Test
  void forksDisagreeByTheirMediansNotByTheirWorstSamples() {
    assertEquals(2, Samples.disagreement(List.of(List.of(1.0, 1.0, 90.0), List.of(2.0, 2.0, 2.0))), 1e-12);
    assertTrue(Double.isNaN(Samples.disagreement(List.of(List.of(1.0)))), "one fork");
  }
}
