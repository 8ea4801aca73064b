package org.lanewise.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;

/** Real runs of JMH, too short for their times to mean anything. */
class BenchmarkRunnerTest {
  private static final Effort SHORT = new Effort(1, 1, Duration.ofMillis(10), 3, Duration.ofMillis(10));
  private static final Work WORK =
      new Work("cross_entropy", "float32", "indices", 2, 10, "mean", "forward_backward", "normal");

  @TempDir private Path folder;

  private final KernelProvider scalar = Kernels.require("scalar");

  private static Work with(String dtype, String data) {
    return new Work("cross_entropy", dtype, "indices", 2, 10, "mean", "forward", data);
  }

  @BeforeAll
  static void doNotWaitForOtherRuns() {
    System.setProperty("jmh.ignoreLock", "true"); // these times are not looked at
  }

  private List<MeasuredRow> run(List<Work> points, BenchmarkProgress progress) {
    return new BenchmarkRunner(SHORT, 2, folder.resolve("log/jmh.log"))
        .run(points, List.of(scalar), AlsoMeasured.nothing(), progress);
  }

  @Test
  void aRowHoldsThePointTheSamplesAndJmhsRecord() throws IOException {
    MeasuredRow row = run(List.of(WORK), BenchmarkProgress.none()).getFirst();

    assertNull(row.error());
    assertEquals(WORK, row.work());
    assertEquals("scalar", row.implementation().name());
    assertEquals(2, row.implementation().threads());
    Time time = row.time();
    assertNotNull(time);
    assertEquals(3, time.samples());
    assertTrue(0 < time.low() && time.low() <= time.median() && time.median() <= time.high(), time.toString());

    JsonObject jmh = row.jmh();
    assertNotNull(jmh);
    assertEquals("avgt", jmh.get("mode").getAsString());
    assertEquals(CrossEntropyBenchmark.class.getName() + ".forwardBackward", jmh.get("benchmark").getAsString());
    assertEquals("2", jmh.getAsJsonObject("params").get("batch").getAsString());
    assertEquals("2", jmh.getAsJsonObject("params").get("threads").getAsString());
    assertTrue(jmh.get("jvmArgs").toString().contains("jdk.incubator.vector"), "forks have the flags of Lanewise");
    assertTrue(jmh.getAsJsonObject("secondaryMetrics").has("gc.alloc.rate.norm"), "allocation is counted");
    assertTrue(Files.readString(folder.resolve("log/jmh.log")).contains("# Run complete"), "JMH's words are logged");
  }

  @Test
  void whatCannotBeMeasuredGivesARowWithTheReasonAndTheOthersGoOn() {
    List<String> told = new ArrayList<>();
    BenchmarkProgress progress =
        new BenchmarkProgress() {
          @Override
          public void started(int index, int total, Work work, String kernel, Duration left) {
            told.add("%d/%d %s %s".formatted(index, total, kernel, work.data()));
            assertTrue(left.isPositive());
          }

          @Override
          public void finished(MeasuredRow row) {
            told.add(row.time() == null ? "failed" : "measured");
          }
        };

    List<MeasuredRow> rows = run(List.of(with("float32", "odd"), with("complex", "normal"), WORK), progress);

    assertEquals(
        List.of("1/3 scalar odd", "failed", "2/3 scalar normal", "failed", "3/3 scalar normal", "measured"), told);
    assertEquals(
        "The JVM that measured failed: There is no data 'odd'; choose normal, trained or extreme."
            + " (IllegalArgumentException); see %s.".formatted(folder.resolve("log/jmh.log")),
        rows.get(0).error());
    assertEquals("The kernel 'scalar' does not supply cross_entropy for complex.", rows.get(1).error());
    assertNull(rows.get(2).error());
  }

  @Test
  void samplesThatStillFallAreNotSteady() {
    double[] steady = {105, 100, 99, 101, 130, 100};
    double[] falling = {900, 400, 101, 100, 99, 100};

    assertFalse(BenchmarkRunner.stillWarmingUp(List.of(steady, steady)));
    assertTrue(BenchmarkRunner.stillWarmingUp(List.of(steady, falling)));
    assertFalse(BenchmarkRunner.stillWarmingUp(List.of(new double[] {100})));
  }

  @Test
  void aHeapThatTheMachineHasNotIsNotAskedFor() {
    Work huge = new Work("bce_with_logits", "float32", "binary", Integer.MAX_VALUE, 1 << 20, "mean", "forward", "normal");

    String error = run(List.of(huge), BenchmarkProgress.none()).getFirst().error();

    assertNotNull(error);
    assertTrue(error.startsWith("This point needs a heap of "), error);
  }
}
