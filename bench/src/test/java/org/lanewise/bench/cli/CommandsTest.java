package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;
import picocli.CommandLine;

/** Commands as they are called, without the launcher. */
class CommandsTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  private int run(Object command, String... args) {
    return new CommandLine(command)
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .setExecutionExceptionHandler(
            (exception, commandLine, _) -> {
              if (exception instanceof UserError error) {
                commandLine.getErr().println(error.getMessage());
                return error.exitCode();
              }
              throw exception;
            })
        .execute(args);
  }

  @Test
  void benchMeasuresPrintsAndWrites() throws IOException {
    System.setProperty("jmh.ignoreLock", "true"); // these times are not looked at
    Path json = folder.resolve("bench.json");
    Path jmh = folder.resolve("jmh.json");
    Path report = folder.resolve("report.html");

    int exitCode =
        run(
            new BenchCommand(),
            "--preset", "quick", "--operation", "bce_with_logits", "--batch", "1", "--kernel", "scalar",
            "--json", json.toString(), "--jmh-json", jmh.toString(), "--report", report.toString());

    assertEquals(ExitCode.GOOD, exitCode, err.toString());
    assertTrue(out.toString().contains("bce_with_logits forward_backward, float32, mean, normal data"), out.toString());
    assertTrue(err.toString().contains("[2/2] scalar bce_with_logits 1 forward_backward"), err.toString());
    List<MeasuredRow> rows = ResultFile.read(json, List.of("bench")).results().stream().map(MeasuredRow::of).toList();
    assertEquals(2, rows.size());
    JsonObject environment = ResultFile.read(json, List.of("bench")).environment();
    assertTrue(environment.get("read_bandwidth_bytes_per_s").getAsDouble() > 0, environment.toString());
    assertTrue(environment.get("dependent_add_hz").getAsDouble() > 0, environment.toString());
    assertTrue(out.toString().contains("cyc est."), out.toString());
    JsonArray records = JsonParser.parseString(Files.readString(jmh)).getAsJsonArray();
    assertEquals(rows.stream().map(MeasuredRow::jmh).toList(), records.asList());
    assertTrue(Files.readString(report).contains("<svg"));
  }

  @Test
  void aReportNeverReplacesTheResultsOfTheSameRun() {
    String same = folder.resolve("same").toString();

    assertEquals(ExitCode.USAGE, run(new BenchCommand(), "--kernel", "none", "--json", same, "--report", same));
    assertTrue(err.toString().contains("--report %s would overwrite".formatted(same)), err.toString());
  }

  @Test
  void valuesThatDoNotExistAreWrongUsageAndTheValidOnesAreNamed() {
    assertEquals(ExitCode.USAGE, run(new BenchCommand(), "--preset", "slow"));
    assertEquals(ExitCode.USAGE, run(new BenchCommand(), "--operation", "softmax"));
    assertEquals(ExitCode.USAGE, run(new BenchCommand(), "--batch", "many"));
    assertEquals(ExitCode.USAGE, run(new BenchCommand(), "--kernel", "fast"));
    assertEquals(ExitCode.USAGE, run(new BenchCommand(), "--data", "odd"));
    List<String> valid =
        List.of("check, quick, default, full", "bce_with_logits, cross_entropy", "many", "scalar", "normal");
    for (String told : valid) {
      assertTrue(err.toString().contains(told), told + " in " + err);
    }
    assertEquals("", out.toString());
  }

  @Test
  void aKernelThatDoesNotExistIsToldBeforeAPointThatDoesNot() {
    assertEquals(ExitCode.USAGE, run(new BenchCommand(), "--kernel", "nosuch", "--batch", "3"));
    assertTrue(err.toString().startsWith("--kernel nosuch: "), err.toString());
  }

  @Test
  void benchMeasuresTheBaselinesTooAndChecksDoNot() {
    PrintWriter notices = new PrintWriter(err);
    List<String> baselines = List.of("plain-math", "plain-vector", "read");

    List<String> measured = Subjects.measured(notices).stream().map(KernelProvider::id).toList();
    List<String> checked = Subjects.kernels(true, notices).stream().map(KernelProvider::id).toList();

    assertEquals(baselines, measured.subList(measured.size() - 3, measured.size()), "after what they are held against");
    assertEquals(checked, measured.subList(0, measured.size() - 3));
    assertTrue(checked.containsAll(List.of("scalar", "vector")) && checked.stream().noneMatch(baselines::contains));
  }

  @Test
  void listNamesKernelsOperationsCasesAndMachine() {
    assertEquals(ExitCode.GOOD, run(new ListCommand(() -> 4711)));

    for (KernelProvider provider : Kernels.all()) {
      assertTrue(out.toString().contains("  " + provider.id() + ": "), provider.id());
    }
    assertTrue(out.toString().contains("bce_with_logits, cross_entropy"));
    assertTrue(out.toString().contains("4711"));
    assertTrue(out.toString().contains(Runtime.version().toString()));
  }

  @Test
  void reportWritesAPage() throws IOException {
    Path bench = folder.resolve("bench.json");
    Path page = folder.resolve("page.html");
    Files.writeString(bench, "{\"format\": \"lanewise/bench\", \"version\": 1, \"environment\": {}, \"results\": []}");

    assertEquals(ExitCode.GOOD, run(new ReportCommand(), bench.toString(), "-o", page.toString()), err.toString());
    assertTrue(Files.readString(page).startsWith("<!DOCTYPE html>"));
  }

  @Test
  void reportNamesAFileThatItCannotUse() throws IOException {
    Path cases = folder.resolve("cases.json");
    Files.writeString(cases, "{\"format\": \"lanewise/cases\", \"version\": 1, \"environment\": {}, \"results\": []}");
    String page = folder.resolve("page.html").toString();

    assertEquals(ExitCode.ENVIRONMENT, run(new ReportCommand(), cases.toString(), "-o", page));
    assertEquals(ExitCode.ENVIRONMENT, run(new ReportCommand(), folder.resolve("none.json").toString(), "-o", page));
    assertEquals(ExitCode.USAGE, run(new ReportCommand(), "-o", page));
    assertTrue(err.toString().contains("kind 'cases'"), err.toString());
    assertTrue(err.toString().contains("none.json: it does not exist"), err.toString());
  }
}
