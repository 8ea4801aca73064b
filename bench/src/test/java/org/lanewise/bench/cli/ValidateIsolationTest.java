package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.sick.SickFiles;
import org.lanewise.bench.sick.SickProvider;

/**
 * {@code lanewise validate} on what crashes, ends its process, never returns or eats memory: that costs the case in which it
 * happens, the others are judged, and no process is left behind.
 */
class ValidateIsolationTest {
  /** One of these cases has the size that makes kernels sick. */
  private static final String CASES = "bce_with_logits/lane_multiple/*-hard-none";

  private static final String SICK_CASE = "bce_with_logits/lane_multiple/997-hard-none";
  private static final String SICK_WHEN = "SICK_WHEN=elements==" + SickProvider.SICK_SIZE;

  @TempDir Path folder;
  private Set<ProcessHandle> before = Set.of();

  private record Run(int exitCode, String out, String err, List<JsonObject> findings) {}

  @BeforeEach
  void listProcesses() {
    before = ProcessHandle.current().descendants().collect(Collectors.toSet());
  }

  private Run validate(String... arguments) throws IOException {
    Path json = folder.resolve("findings.json");
    List<String> all = new ArrayList<>(List.of("validate", "--level", "smoke", "--seed", "5", "--json", json.toString()));
    all.addAll(List.of("--case", CASES, "--memory-limit", "512"));
    if (!List.of(arguments).contains("--time-limit")) {
      all.addAll(List.of("--time-limit", "3"));
    }
    all.addAll(Arrays.asList(arguments));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(new PrintWriter(out), new PrintWriter(err), all.toArray(String[]::new));
    List<ProcessHandle> left =
        ProcessHandle.current().descendants().filter(process -> !before.contains(process) && process.isAlive()).toList();
    left.forEach(ProcessHandle::destroyForcibly);
    assertEquals(List.of(), left, "processes left behind");
    List<JsonObject> findings = Files.exists(json) ? ResultFile.read(json, List.of("validate")).results() : List.of();
    return new Run(exitCode, out.toString(), err.toString(), findings);
  }

  private static List<JsonObject> with(Run run, String verdict) {
    return run.findings.stream().filter(row -> row.get("verdict").getAsString().equals(verdict)).toList();
  }

  private static void contains(String text, String part) {
    assertTrue(text.contains(part), () -> "«" + part + "» is not in: " + text);
  }

  /** The sick case failed, for that reason, and nothing else did. */
  private static void costsOneCase(Run run, String reason) {
    assertEquals(ExitCode.NOT_CONFORMING, run.exitCode, run.toString());
    contains(run.out, "FAILED completion: " + SICK_CASE);
    List<JsonObject> failed = with(run, "FAILED");
    assertFalse(failed.isEmpty());
    for (JsonObject row : failed) {
      assertEquals(SICK_CASE, row.get("case").getAsString(), row.toString());
      assertEquals("completion", row.get("rule").getAsString(), row.toString());
      for (String part : reason.split(" … ")) {
        contains(row.get("reason").getAsString(), part);
        contains(run.out, part);
      }
    }
    assertTrue(with(run, "PASSED").size() >= 30, () -> with(run, "PASSED").size() + " passed");
  }

  private static void passes(Run run) {
    assertEquals(ExitCode.GOOD, run.exitCode, run.toString());
    assertTrue(with(run, "PASSED").size() >= 30, () -> with(run, "PASSED").size() + " passed");
    assertEquals(List.of(), with(run, "FAILED"));
  }

  private static void cannotBeValidated(Run run, String reason) {
    assertEquals(ExitCode.ENVIRONMENT, run.exitCode, run.toString());
    contains(run.err, reason);
    assertFalse(run.err.contains("\tat "), run.err);
  }

  // ---- native libraries ----

  @ParameterizedTest
  @CsvSource({
    "CRASHES, SIGSEGV … lanewise_bce_with_logits_f32",
    "HANGS, There was no answer within 3 s",
    "EXITS, exit code 0",
    "ABORTS, SIGABRT"
  })
  void aSickLibraryCostsOneCase(String sickness, String reason) throws IOException, InterruptedException {
    costsOneCase(validate(SickFiles.library(folder, "sick", sickness, SICK_WHEN).toString()), reason);
  }

  /** A slow machine must not run into the other limit first. */
  @Test
  void aLibraryThatEatsMemoryCostsOneCase() throws IOException, InterruptedException {
    Path library = SickFiles.library(folder, "sick", "EATS_MEMORY", SICK_WHEN);
    costsOneCase(validate(library.toString(), "--time-limit", "30"), "more memory than the limit of 512 MiB");
  }

  /** Version 2 has added something at the end, which a reader of version 1 does not need. */
  @Test
  void aSoundLibraryPasses() throws IOException, InterruptedException {
    passes(validate(SickFiles.library(folder, "sound", "PRINTS", "OF_VERSION=2").toString()));
  }

  @Test
  void whatALibraryRefusesIsSkipped() throws IOException, InterruptedException {
    Run run = validate(SickFiles.library(folder, "partial", "UNSUPPORTED", SICK_WHEN).toString());
    passes(run);
    List<JsonObject> refused =
        with(run, "SKIPPED").stream().filter(row -> row.get("case").getAsString().equals(SICK_CASE)).toList();
    assertFalse(refused.isEmpty(), run.toString());
    refused.forEach(row -> contains(row.get("reason").getAsString(), "does not supply these operands or options"));
  }

  @Test
  void aLibraryThatWritesPastTheEndBreaksMemory() throws IOException, InterruptedException {
    Run run = validate(SickFiles.library(folder, "sick", "WRITES_PAST_END").toString());
    assertEquals(ExitCode.NOT_CONFORMING, run.exitCode, run.toString());
    contains(run.out, "FAILED memory: ");
    contains(run.out, "of 'loss', outside the block");
    assertEquals(
        Set.of("memory"),
        with(run, "FAILED").stream().map(row -> row.get("rule").getAsString()).collect(Collectors.toSet()));
    assertTrue(with(run, "PASSED").size() >= 30, () -> with(run, "PASSED").size() + " passed");
  }

  @ParameterizedTest
  @CsvSource({
    "WITHOUT_INFO, It has no function lanewise_kernel_info",
    "WITHOUT_CROSS_ENTROPY, 'It declares cross_entropy, but has no function lanewise_cross_entropy_f32'",
    "OF_VERSION=0, It is of version 0 of the C form; expected 1 or later"
  })
  void aLibraryThatIsNoneOfLanewiseCannotBeValidated(String macro, String reason) throws IOException, InterruptedException {
    cannotBeValidated(validate(SickFiles.library(folder, "other", macro).toString()), reason);
  }

  @Test
  void aTextFileCannotBeValidated() throws IOException {
    Path text = Files.writeString(folder.resolve(System.mapLibraryName("text")), "no library at all\n");
    cannotBeValidated(validate(text.toString()), "is neither a jar nor a native library; name one of them.");
    Files.writeString(text, "\177ELF and nothing more");
    cannotBeValidated(validate(text.toString()), "It is no native library that this machine can load");
    Files.writeString(text, "PK\3\4 and nothing more");
    cannotBeValidated(validate(text.toString()), "is no jar that can be read");
    Files.writeString(text, "");
    cannotBeValidated(validate(text.toString()), "is neither a jar nor a native library, for it is empty;");
  }

  // ---- jars ----

  @Test
  void aSickProviderCostsOneCase() throws IOException {
    costsOneCase(validate(SickFiles.jar(folder, SickProvider.Exits.class).toString()), "exit code 0");
    costsOneCase(
        validate(SickFiles.jar(folder, SickProvider.LoopsForever.class).toString()), "There was no answer within 3 s");
    costsOneCase(
        validate("--time-limit", "30", SickFiles.jar(folder, SickProvider.EatsHeap.class).toString()), "OutOfMemoryError");
    costsOneCase(
        validate(SickFiles.jar(folder, SickProvider.Throws.class).toString()),
        "The call ended with java.lang.IllegalStateException: table of 1,024 entries exhausted");
    costsOneCase(validate(SickFiles.jar(folder, SickProvider.OverflowsStack.class).toString()), "StackOverflowError");
  }

  @Test
  void aSoundProviderPassesWhateverElseItDoes() throws IOException {
    Path jar =
        SickFiles.jar(
            folder,
            SickProvider.Healthy.class,
            SickProvider.Prints.class,
            SickProvider.PrintsPastSystemOut.class,
            SickProvider.ClosesStandardInput.class,
            SickProvider.LeavesThread.class,
            SickProvider.HangsAtExit.class,
            SickProvider.TakesBuiltInId.class);
    Run run = validate(jar.toString());
    passes(run);
    for (String kernel :
        List.of("healthy", "prints", "printspastsystemout", "closesstandardinput", "leavesthread", "hangsatexit", "scalar")) {
      contains(run.out, kernel + ": PASSED");
    }
  }

  @Test
  void aProviderThatCannotBeMadeCannotBeValidated() throws IOException {
    cannotBeValidated(validate(SickFiles.jar(folder, SickProvider.ThrowsWhenMade.class).toString()), "no licence found");
    cannotBeValidated(validate(SickFiles.jar(folder, SickProvider.ExitsWhenMade.class).toString()), "exit code 0");
    cannotBeValidated(
        validate(SickFiles.jar(folder, SickProvider.Unavailable.class).toString()), "This CPU lacks the instructions");
    cannotBeValidated(validate(SickFiles.jarNamingMissingClass(folder).toString()), "com.example.Missing");
  }

  // ---- commands ----

  @Test
  void aCommandThatDoesNotAnswerCannotBeValidated() throws IOException {
    cannotBeValidated(validate("--command", "sh -c 'echo no such model >&2; exit 7'"), "It said: no such model");
    cannotBeValidated(validate("--command", "echo Hello from the model"), "standard output");
  }
}
