package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.JvmFlags;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.ResultFile;

/** {@code bench --peers} in a process of its own, also interrupted; a shell script stands in for Python. */
class BenchPeersTest {
  /**
   * Answers each request with a time; before the second it does what stands in the file {@code second}. Asked for values, it
   * has none.
   */
  private static final String PYTHON =
      """
      #!/bin/sh
      echo $$ >"$LANEWISE_HOME/pid"
      echo '{"environment": {"jax": "9.9"}}'
      row='"implementation": {"name": "jax-jit", "device": "cpu", "threads": 1, "transfer": "none"}'
      time='"time": {"unit": "ns/call", "median": 20, "low": 10, "high": 30, "samples": 5}'
      while read -r work; do
        case $work in *values*) echo '{"values": [{"name": "jax-jit", "error": "none"}]}'; continue ;; esac
        echo '{"results": [{"work": '"$work, $row, $time"'}]}'
        read -r work || exit 0
        [ ! -e "$LANEWISE_HOME/second" ] || . "$LANEWISE_HOME/second"
        echo '{"results": [{"work": '"$work, $row, $time"'}]}'
      done
      """;

  @TempDir private Path folder;

  private Path json;
  private Path jmhJson;
  private Path out;
  private Path err;

  @BeforeEach
  void project() throws IOException {
    json = folder.resolve("bench.json");
    jmhJson = folder.resolve("jmh.json");
    out = folder.resolve("out");
    err = folder.resolve("err");
    Files.createDirectories(folder.resolve("bench/peers"));
    Files.createFile(folder.resolve("bench/peers/peers.py"));
    Files.writeString(folder.resolve("python"), PYTHON);
    assertTrue(folder.resolve("python").toFile().setExecutable(true));
  }

  /** Two points on one kernel and one peer: [1/4] kernel, [2/4] peer, [3/4] kernel, [4/4] peer. */
  private Process bench(String python) throws IOException {
    List<String> command = JvmFlags.command();
    command.addAll(List.of("-Djmh.ignoreLock=true", "-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("bench", "--preset", "quick", "--operation", "bce_with_logits", "--batch", "1"));
    command.addAll(List.of("--kernel", "vector", "--peers", "jax", "--python", python));
    command.addAll(List.of("--json", json.toString(), "--jmh-json", jmhJson.toString()));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("LANEWISE_HOME", folder.toString());
    return builder.start();
  }

  private static void eventually(BooleanSupplier holds) throws InterruptedException {
    for (long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2); !holds.getAsBoolean(); ) {
      assertTrue(System.nanoTime() < end, "waited for too long");
      Thread.sleep(20);
    }
  }

  /** Sends the signal of Ctrl-C, or where this process was started to ignore that, SIGTERM; gives the exit code due. */
  private static int interrupt(Process process) throws IOException, InterruptedException {
    Path status = Path.of("/proc/self/status");
    boolean ignored =
        Files.exists(status)
            && Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    String signal = ignored ? "TERM" : "INT";
    assertEquals(0, new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor());
    return ignored ? 143 : 130;
  }

  private ResultFile result() {
    return ResultFile.read(json, List.of("bench"));
  }

  private List<String> measured() {
    return result().results().stream()
        .map(MeasuredRow::of)
        .map(row -> row.implementation().name() + " " + row.work().direction() + (row.time() == null ? " error" : ""))
        .toList();
  }

  private boolean complete() {
    return result().environment().get("complete").getAsBoolean();
  }

  private String words(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean pythonIsGone() throws IOException {
    return ProcessHandle.of(Long.parseLong(Files.readString(folder.resolve("pid")).strip()))
        .filter(ProcessHandle::isAlive)
        .isEmpty();
  }

  @Test
  void peersAreMeasuredAfterTheKernelsOfEachPoint() throws Exception {
    int exitCode = bench(folder.resolve("python").toString()).waitFor();

    assertEquals(ExitCode.GOOD, exitCode, words(err));
    assertEquals(
        List.of("vector forward", "jax-jit forward", "vector forward_backward", "jax-jit forward_backward"), measured());
    assertTrue(complete());
    assertEquals(
        List.of("vector loss", "vector logits_gradient"),
        Objects.requireNonNull(result().errors()).asList().stream()
            .map(JsonElement::getAsJsonObject)
            .map(row -> row.get("implementation").getAsString() + " " + row.get("output").getAsString())
            .toList());
    assertTrue(words(out).contains("largest error, ULP"), words(out));
    assertEquals("9.9", result().environment().getAsJsonObject("peers").get("jax").getAsString());
    assertTrue(words(out).contains("time / vector  "), words(out));
    assertTrue(words(err).contains("[4/4] jax-jit bce_with_logits 1 forward_backward"), words(err));
    assertEquals(2, JsonParser.parseString(words(jmhJson)).getAsJsonArray().size(), "peers are nothing of JMH's");
    assertTrue(pythonIsGone());
    assertEquals(List.of(), StoredResults.paths(result()), "no folder of this machine");
    String arguments = result().environment().get("arguments").toString();
    assertTrue(arguments.startsWith("[\"bench\",\"--preset\",\"quick\"") && arguments.contains("\"bench.json\""), arguments);
  }

  @Test
  void withoutPythonTheRowsSaySoAndTheRestRuns() throws Exception {
    int exitCode = bench("no-such-python").waitFor();

    assertEquals(ExitCode.GOOD, exitCode, words(err));
    assertEquals(4, measured().size());
    assertEquals(2, measured().stream().filter(row -> row.startsWith("jax-jit") && row.endsWith("error")).count());
    assertTrue(words(out).contains("jax-jit: no-such-python cannot be started"), words(out));
    assertTrue(words(out).contains("python3 -m pip install numpy jax"), words(out));
  }

  @Test
  void anOutputThatIsWrongIsNoGoodRun() throws Exception {
    Files.writeString(
        folder.resolve("second"), "time='\"error\": \"check failed: the loss is off\"'\n");

    assertEquals(ExitCode.ENVIRONMENT, bench(folder.resolve("python").toString()).waitFor());
    assertTrue(words(err).contains("1 outputs of peers were wrong"), words(err));
  }

  @Test
  void interruptedWhilePythonMeasuresItKeepsWhatWasMeasuredAndLeavesNoProcess() throws Exception {
    Files.writeString(folder.resolve("second"), "echo x >\"$LANEWISE_HOME/busy\"; exec sleep 300\n");
    Process bench = bench(folder.resolve("python").toString());
    eventually(() -> Files.exists(folder.resolve("busy")) || !bench.isAlive());

    int due = interrupt(bench);

    assertTrue(bench.waitFor(30, TimeUnit.SECONDS), "the command ends");
    assertEquals(due, bench.exitValue(), words(err));
    assertEquals(List.of("vector forward", "jax-jit forward", "vector forward_backward"), measured());
    assertFalse(complete());
    assertEquals(2, JsonParser.parseString(words(jmhJson)).getAsJsonArray().size());
    assertTrue(words(out).contains("time / vector  "), words(out));
    assertTrue(words(err).contains("Interrupted: 3 of 4 measurements were made"), words(err));
    assertTrue(pythonIsGone());
  }

  @Test
  void interruptedWhileJmhMeasuresItKeepsWhatWasMeasuredAndLeavesNoProcess() throws Exception {
    Process bench = bench(folder.resolve("python").toString());
    eventually(() -> words(err).contains("[3/4]") && bench.descendants().count() >= 2 || !bench.isAlive());
    List<ProcessHandle> started = bench.descendants().toList();

    int due = interrupt(bench);

    assertTrue(bench.waitFor(30, TimeUnit.SECONDS), "the command ends");
    assertEquals(due, bench.exitValue(), words(err));
    assertEquals(List.of("vector forward", "jax-jit forward"), measured());
    assertFalse(complete());
    assertNull(result().errors());
    eventually(() -> started.stream().noneMatch(ProcessHandle::isAlive));
  }

  /** The times are there by then; who interrupts the errors gets them, and nothing goes on. */
  @Test
  void interruptedWhileErrorsAreComputedItKeepsTheTimes() throws Exception {
    Path python = folder.resolve("python");
    Files.writeString(
        python,
        PYTHON.replace(
            "echo '{\"values\": [{\"name\": \"jax-jit\", \"error\": \"none\"}]}'; continue",
            "echo x >\"$LANEWISE_HOME/busy\"; exec sleep 300"));
    Process bench = bench(python.toString());
    eventually(() -> Files.exists(folder.resolve("busy")) || !bench.isAlive());
    assertEquals(4, measured().size(), "written before the errors");

    int due = interrupt(bench);

    assertTrue(bench.waitFor(30, TimeUnit.SECONDS), "the command ends");
    assertEquals(due, bench.exitValue(), words(err));
    assertEquals(4, measured().size());
    assertFalse(complete());
    assertTrue(pythonIsGone());
  }

  @Test
  void interruptedBeforeAnythingWasMeasuredItWritesNothing() throws Exception {
    Process bench = bench(folder.resolve("python").toString());
    eventually(() -> words(err).contains("[1/4]") || !bench.isAlive());

    int due = interrupt(bench);

    assertTrue(bench.waitFor(30, TimeUnit.SECONDS), "the command ends");
    assertEquals(due, bench.exitValue(), words(err));
    assertFalse(Files.exists(json));
    assertTrue(words(err).contains("Interrupted: 0 of 4 measurements were made, nothing is written."), words(err));
  }
}
