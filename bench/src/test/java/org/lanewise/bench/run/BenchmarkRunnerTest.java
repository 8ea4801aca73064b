package org.lanewise.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.jmh.CrossEntropyBenchmark;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.profile.LinuxPerfNormProfiler;
import org.openjdk.jmh.profile.Profiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

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

  /** Viewers of JMH results read the file that {@code -rf json} writes; ours has to be one to them. */
  @Test
  void aRecordHasTheKeysAndTypesOfJmhsOwnFile() throws Exception {
    Path own = folder.resolve("jmh.json");
    new Runner(
            new OptionsBuilder()
                .include("^" + Pattern.quote(CrossEntropyBenchmark.class.getName() + ".forwardBackward") + "$")
                .param("kernel", "scalar")
                .param("batch", "2")
                .param("classes", "10")
                .param("reduction", "mean")
                .param("data", "normal")
                .forks(1)
                .warmupIterations(1)
                .warmupTime(TimeValue.milliseconds(10))
                .measurementIterations(3)
                .measurementTime(TimeValue.milliseconds(10))
                .addProfiler(GCProfiler.class)
                .resultFormat(ResultFormatType.JSON)
                .result(own.toString())
                .verbosity(VerboseMode.SILENT)
                .build())
        .run();
    JsonElement theirs = JsonParser.parseString(Files.readString(own)).getAsJsonArray().get(0);

    JsonObject ours = run(List.of(WORK), BenchmarkProgress.none()).getFirst().jmh();

    assertNotNull(ours);
    assertEquals(String.join("\n", types("", theirs)), String.join("\n", types("", ours)));
  }

  /** A line a key, with the type of its value; of an array, the distinct types of its values. */
  private static Set<String> types(String path, JsonElement json) {
    Set<String> types = new TreeSet<>();
    if (json instanceof JsonObject object) {
      object.entrySet().forEach(entry -> types.addAll(types(path + "." + entry.getKey(), entry.getValue())));
    } else if (json instanceof JsonArray array) {
      types.add(path + " array");
      array.forEach(value -> types.addAll(types(path + "[]", value)));
    } else if (json instanceof JsonPrimitive primitive) {
      String type = primitive.isString() ? "string" : primitive.isNumber() ? "number" : "boolean";
      // What is not a number JMH writes as a string; which statistics are none, differs between runs.
      types.add(path + " " + (primitive.getAsString().equals("NaN") ? "number" : type));
    } else {
      types.add(path + " null");
    }
    return types;
  }

  @Test
  void profilersThatAreNotHereAreNamedAndTheOthersStay() {
    List<String> absent = new ArrayList<>();

    List<Class<? extends Profiler>> profilers = Profilers.here(absent::add);

    assertTrue(profilers.contains(GCProfiler.class));
    assertEquals(profilers.contains(LinuxPerfNormProfiler.class), absent.isEmpty());
    assertTrue(absent.stream().allMatch(sentence -> sentence.contains("perfnorm")), absent.toString());
  }

  @Test
  void whatIsAlsoMeasuredComesAfterTheKernelsOfEachPoint() {
    AlsoMeasured also =
        new AlsoMeasured() {
          @Override
          public List<String> names() {
            return List.of("a", "b");
          }

          @Override
          public List<MeasuredRow> measure(Work work) {
            return names().stream()
                .map(name -> MeasuredRow.failed(work, Implementation.kernel(name), "Not here."))
                .toList();
          }
        };

    List<MeasuredRow> rows =
        new BenchmarkRunner(SHORT, 1, folder.resolve("jmh.log"))
            .run(List.of(WORK, with("float32", "normal")), List.of(scalar), also, BenchmarkProgress.none());

    assertEquals(
        List.of("scalar", "a", "b", "scalar", "a", "b"),
        rows.stream().map(row -> row.implementation().name()).toList());
  }
}
