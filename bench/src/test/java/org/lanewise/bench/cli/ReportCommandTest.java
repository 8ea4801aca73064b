package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import picocli.CommandLine;

/** {@code lanewise report} with files of every kind, and with files that cannot be used. */
class ReportCommandTest {
  private static final String WORK =
      """
      {"operation": "bce_with_logits", "dtype": "float32", "target": "binary", "batch": 2048, "classes": 1,
       "reduction": "mean", "direction": "forward", "data": "normal"}""";
  private static final String MEASURED =
      """
      {"work": %s, "implementation": {"name": "%s", "device": "cpu", "threads": 1, "transfer": "none"},
       "time": {"unit": "ns/call", "median": %s, "low": 1, "high": 3, "samples": 5},
       "jmh": {"primaryMetric": {"rawData": [[%s, 2.5]]}}}""";
  private static final String CHECKED =
      """
      {"kernel": "vector", "operation": "bce", "dtype": "float32", "case": "bce/ordinary/1", "region": "ORDINARY",
       "contract": "true", "verdict": "%s", "max_ulp": %s, "worst": {"output": "loss", "input": "x"}, "reason": null,
       "repeat": null}""";
  private static final String CERTIFIED =
      """
      {"operation": "bce_with_logits", "kernel": "vector", "dtype": "float32", "output": "loss",
       "verdict": "PASSED", "max_ulp": %s, "worst": {"input": "-0x1p0"}, "histogram": [9, 1]}""";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  private int report(Path... files) {
    Stream<String> output = Stream.of("-o", page().toString());
    return run(Stream.concat(Stream.of(files).map(Path::toString), output).toArray(String[]::new));
  }

  private int run(String... args) {
    return new CommandLine(new ReportCommand())
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

  private Path page() {
    return folder.resolve("page.html");
  }

  private Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private static String document(String kind, String rest) {
    return "{\"format\": \"lanewise/%s\", \"version\": 1, \"environment\": {\"cpu\": \"A CPU\"}, %s}"
        .formatted(kind, rest);
  }

  private static String results(String kind, String row) {
    return document(kind, "\"results\": [%s]".formatted(row));
  }

  private static String measured(String name, String median, String sample) {
    return MEASURED.formatted(WORK, name, median, sample);
  }

  @Test
  void everyKindOfFileIsTakenInAnyMix() throws IOException {
    Path bench = file("bench.json", results("bench", measured("scalar", "2", "2")));
    Path peers = file("peers.json", results("peers", measured("pytorch-eager", "2", "2")));
    Path verify = file("verify.json", results("verify", CHECKED.formatted("PASSED", "0.5")));
    Path certificate = file("certificate.json", results("certificate", CERTIFIED.formatted("0.75")));
    String finding =
        """
        {"implementation": "mine", "rule": "bound", "operation": "bce", "dtype": "float32", "case": "bce/weighted/2",
         "verdict": "PASSED", "worst": null, "reason": null, "repeat": null}""";
    String identity =
        """
        {"implementation": "mine", "operation": "bce", "dtype": "float32", "identity": "the mirror image",
         "values": 100, "hold": 98, "max_ulp": "NaN", "allowed_ulp": "inf", "worst": "x"}""";
    String counts = "\"counts\": [%s, %s], \"results\": [%s]".formatted(measured("mine", "1", "1"), identity, finding);
    Path validate = file("validate.json", document("validate", counts));

    assertEquals(ExitCode.GOOD, report(bench, peers, verify, certificate, validate), err.toString());
    String page = Files.readString(page());
    List<String> all =
        List.of("<td class=first>mine", "pytorch-eager", "scalar", "the mirror image", "98 of 100", "weighted");
    for (String shown : all) {
      assertTrue(page.contains(shown), shown);
    }
    assertTrue(page.contains("mine against scalar"), "what validate measured is a measurement");
    assertEquals(ExitCode.GOOD, report(validate), "alone too");
  }

  static Stream<List<String>> bad() {
    String good = results("bench", measured("vector", "2", "2"));
    return Stream.of(
        List.of("", "name a file that Lanewise wrote"),
        List.of("{\"a\": [1, 2]}", "is not a result file"),
        List.of("[]", "is not a result file"),
        List.of("3", "is not a result file"),
        List.of("no JSON", "name a file that Lanewise wrote"),
        List.of(good.substring(0, good.length() / 2), "is not JSON"),
        List.of(good.replace("\"version\": 1", "\"version\": 2"), "has version 2, and this program reads version 1"),
        List.of(results("cases", ""), "holds results of kind 'cases'"),
        List.of(results("gate", "{}"), "its \"work\" is not an object"),
        List.of(results("bench", measured("vector", "\"NaN\"", "2")), "a time of it is NaN"),
        List.of(results("bench", measured("vector", "NaN", "2")), "NaN"),
        List.of(results("bench", measured("vector", "2", "2").replace("float32", "float8")), "float8"),
        List.of(results("bench", measured("vector", "-2", "2")), "a time of it is -2.0"),
        List.of(results("bench", measured("vector", "2", "\"NaN\"")), "a sample in its \"rawData\" is NaN"),
        List.of(results("verify", CHECKED.formatted("PASSED", "\"NaN\"")), "its \"max_ulp\" is NaN"),
        List.of(results("verify", CHECKED.formatted("GREAT", "1")), "its verdict 'GREAT' is none of"),
        List.of(results("verify", "{}"), "it lacks \"kernel\""),
        List.of(results("certificate", CERTIFIED.formatted("\"NaN\"")), "its \"max_ulp\" is NaN"),
        List.of(results("certificate", CERTIFIED.formatted("\"much\"")), "its \"max_ulp\" holds \"much\""),
        List.of(document("bench", "\"errors\": [3], \"results\": []"), "its \"errors\" is not an object"),
        List.of(document("validate", "\"counts\": [{}], \"results\": []"), "it lacks \"output\""));
  }

  @ParameterizedTest
  @MethodSource
  void bad(List<String> contentAndSentence) throws IOException {
    Path bad = file("bad.json", contentAndSentence.getFirst());
    Path good = file("good.json", results("bench", measured("vector", "2", "2")));

    assertEquals(ExitCode.ENVIRONMENT, report(good, bad));
    assertFalse(Files.exists(page()), "no page of half the files");
    String told = err.toString().strip();
    assertTrue(told.contains(contentAndSentence.getLast()), told);
    assertTrue(told.startsWith(bad.toString()), told);
    assertEquals(1, told.lines().count(), told);
    assertTrue(told.endsWith("."), told);
    assertEquals("", out.toString());

    Files.writeString(page(), "an older page");
    assertEquals(ExitCode.ENVIRONMENT, report(bad, good));
    assertEquals("an older page", Files.readString(page()), "it stays as it was");
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(3, files.count(), "and nothing lies beside it");
    }
  }

  @Test
  void aFileThatIsReadIsNeverWrittenOver() throws IOException {
    Path bench = file("bench.json", results("bench", measured("vector", "2", "2")));
    String before = Files.readString(bench);
    Path link = Files.createSymbolicLink(folder.resolve("link.json"), bench);
    for (Path output : List.of(bench, link, folder.resolve("nowhere/../bench.json"))) {
      assertEquals(ExitCode.USAGE, run("-o", output.toString(), bench.toString()), err.toString());
      assertEquals(before, Files.readString(bench));
    }
    assertTrue(err.toString().contains("would overwrite " + bench), err.toString());
    assertEquals(3, err.toString().strip().lines().count(), "one sentence each");
  }

  @Test
  void withoutANameThePageLiesWhereCommandsLeaveTheirFiles() throws IOException {
    Path page = WorkFolder.path().resolve("report.html");
    Path kept = folder.resolve("kept.html");
    boolean existed = Files.exists(page);
    if (existed) {
      Files.move(page, kept);
    }
    try {
      Path bench = file("bench.json", results("bench", measured("vector", "2", "2")));
      assertEquals(ExitCode.GOOD, run(bench.toString()), err.toString());
      assertEquals("Report: " + page, out.toString().strip());
      assertTrue(Files.exists(page));
    } finally {
      Files.deleteIfExists(page);
      if (existed) {
        Files.move(kept, page);
      }
    }
  }
}
