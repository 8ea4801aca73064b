package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.sick.SickFiles;
import org.lanewise.bench.sick.SickProvider;

/** {@code lanewise validate}: options, files, and the command that repeats a failure. What is sick has a test of its own. */
class ValidateCommandTest {
  private static final String ORDINARY = "bce_with_logits/*float32*none*";

  @TempDir Path folder;

  private record Run(int exitCode, String out, String err) {}

  private static Run run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
    return new Run(exitCode, out.toString(), err.toString());
  }

  private Run validate(Path file, String... arguments) {
    List<String> all = new ArrayList<>(List.of("validate", file.toString(), "--level", "smoke"));
    all.addAll(Arrays.asList(arguments));
    return run(all.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "validate | Nothing was named to validate",
        "validate pom.xml --command true | Both pom.xml and --command",
        "validate no-such.jar | There is no file no-such.jar",
        "validate src | src is a folder",
        "validate x.json --json x.json | --json x.json would overwrite x.json",
        "validate pom.xml --json a --junit a | --junit a would overwrite a",

        "validate pom.xml --level quick | There is no level 'quick'; choose one of smoke, full, exhaustive.",
        "validate pom.xml --time-limit 0 | --time-limit is 0",
        "validate pom.xml --memory-limit 1 | --memory-limit is 1",
        "validate pom.xml --seed x | 'x' is not a long"
      })
  void wrongUsageIsExitCode2AndOneSentence(String line, String sentence) {
    Run run = run(line.split(" "));
    assertEquals(ExitCode.USAGE, run.exitCode, run.toString());
    assertTrue(run.err.contains(sentence), run.err);
  }

  @Test
  void aKernelOrCaseThatIsNotThereIsSaid() throws IOException {
    Path jar = SickFiles.jar(folder, SickProvider.Healthy.class);
    Run kernel = validate(jar, "--kernel", "nosuch");
    assertEquals(ExitCode.USAGE, kernel.exitCode, kernel.toString());
    assertTrue(kernel.err.contains("There is no kernel 'nosuch' in it; choose one of "), kernel.err);

    Run nothing = validate(jar, "--case", "nothing/matches");
    assertEquals(ExitCode.USAGE, nothing.exitCode, nothing.toString());
    assertTrue(nothing.err.contains("--case 'nothing/matches' matches nothing"), nothing.err);

    Run inapplicable = validate(jar, "--case", "bce_with_logits/*float64*");
    assertEquals(ExitCode.ENVIRONMENT, inapplicable.exitCode, inapplicable.toString());
    assertTrue(inapplicable.out.contains("no verdict, for nothing applied to it"), inapplicable.out);
  }

  @Test
  void thePrintedSeedDrawsTheSameCasesAgain() throws IOException {
    Path jar = SickFiles.jar(folder, SickProvider.Healthy.class);
    List<String> fresh = new ArrayList<>();
    for (String seed : List.of("42", "42", "43")) {
      Path json = folder.resolve("seed.json");
      Run run = validate(jar, "--seed", seed, "--case", "*FRESH*", "--json", json.toString());
      assertEquals(ExitCode.GOOD, run.exitCode, run.toString());
      assertTrue(run.out.contains("seed " + seed), run.out);
      ResultFile file = ResultFile.read(json, List.of("validate"));
      assertEquals(Long.parseLong(seed), file.environment().get("seed").getAsLong());
      fresh.add(file.results().stream().map(row -> row.get("case") + " " + row.get("worst")).toList().toString());
    }
    assertEquals(fresh.get(0), fresh.get(1));
    assertNotEquals(fresh.get(0), fresh.get(2));
  }

  @Test
  void aFailureNamesTheCommandThatRepeatsIt() throws IOException, InterruptedException {
    Path library = SickFiles.library(Files.createDirectory(folder.resolve("a folder")), "past-end", "WRITES_PAST_END");
    Path json = folder.resolve("first.json");
    Path junit = folder.resolve("first.xml");
    Run first = validate(library, "--case", ORDINARY, "--seed", "7", "--time-limit", "7", "--json", json.toString(), "--junit", junit.toString());
    assertEquals(ExitCode.NOT_CONFORMING, first.exitCode, first.toString());
    JsonObject failure =
        ResultFile.read(json, List.of("validate")).results().stream()
            .filter(row -> row.get("verdict").getAsString().equals("FAILED"))
            .findFirst()
            .orElseThrow();
    String repeat = failure.get("repeat").getAsString();
    assertTrue(first.out.contains("repeat: " + repeat), first.out);
    String id = failure.get("case").getAsString();
    assertTrue(Files.readString(junit).contains(id), "the JUnit file lists the case");

    assertTrue(repeat.contains(" --time-limit 7"), repeat);
    Path again = folder.resolve("again.json");
    List<String> arguments = words(repeat);
    assertTrue(arguments.removeFirst().endsWith("lanewise"), repeat);
    arguments.addAll(List.of("--json", again.toString()));
    Run second = run(arguments.toArray(String[]::new));
    assertEquals(ExitCode.NOT_CONFORMING, second.exitCode, second.toString());
    List<JsonObject> rows = ResultFile.read(again, List.of("validate")).results();
    assertTrue(rows.contains(failure), () -> failure + " is not in " + rows);
    assertTrue(rows.stream().allMatch(row -> row.get("case").getAsString().equals(id)), rows.toString());
  }

  /** The words of a command, as a shell sees them. */
  private static List<String> words(String command) throws IOException, InterruptedException {
    Process shell = new ProcessBuilder("sh", "-c", "printf '%s\\n' " + command).start();
    List<String> words = new ArrayList<>(shell.inputReader().lines().toList());
    assertEquals(0, shell.waitFor());
    return words;
  }

  @Test
  void anImplementationThatNeverReturnsIsNotAskedForEver() throws IOException, InterruptedException {
    Path library = SickFiles.library(folder, "ends", "ABORTS", "SICK_WHEN=elements>0");
    Run run = validate(library, "--seed", "1");
    assertEquals(ExitCode.NOT_CONFORMING, run.exitCode, run.toString());
    assertTrue(run.out.contains("10 calls did not return; what would have followed is not judged."), run.out);
    assertTrue(run.err.contains("SIGABRT"), run.err); // told when it happens
  }
}
