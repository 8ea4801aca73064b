package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.JvmFlags;
import org.lanewise.bench.results.ResultFile;

/** {@code lanewise verify --exhaustive} as a user calls it. */
class ExhaustiveVerificationTest {
  @TempDir Path folder;

  private record Run(int exitCode, String out, String err) {}

  private static Run lanewise(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(new PrintWriter(out), new PrintWriter(err), args);
    return new Run(exitCode, out.toString(), err.toString());
  }

  @Test
  void aTrialPassesNothing() {
    Path json = folder.resolve("out.json");
    Run run = lanewise("verify", "--exhaustive", "--stride", "65521", "--json", json.toString());
    assertEquals(ExitCode.INCONCLUSIVE, run.exitCode, run.toString());
    assertTrue(run.out.contains("bce_with_logits vector: one input in 65521 only, UNDECIDED"), run.out);
    assertTrue(!run.out.contains("PASSED"), run.out);
    assertEquals(10, ResultFile.read(json, List.of("certificate")).results().size());
  }

  @Test
  void aTrialThatDrawsNothingPassesNothing() {
    Run run = lanewise("verify", "--exhaustive", "--operation", "cross_entropy", "--kernel", "vector", "--stride", "1000000");
    assertEquals(ExitCode.INCONCLUSIVE, run.exitCode(), run.toString());
  }

  @Test
  void wrongUsageIsOneSentence() {
    for (String[] args :
        new String[][] {
          {"verify", "--exhaustive", "--operation", "softmax"},
          {"verify", "--exhaustive", "--operation", "sigmoid", "--kernel", "vector"},
          {"verify", "--exhaustive", "--case", "*"},
          {"verify", "--exhaustive", "--stride", "0"},
          {"verify", "--stride", "7"}
        }) {
      Run run = lanewise(args);
      assertEquals(ExitCode.USAGE, run.exitCode, run.toString());
      assertEquals(1, run.err.lines().count(), run.err);
    }
  }

  /** Interrupted, it still gives the verdict of what was done, which is no pass; the exit code is the signal's. */
  @Test
  void anInterruptedSweepStillGivesItsVerdict() throws IOException, InterruptedException {
    List<String> command = JvmFlags.command();
    command.addAll(
        List.of(
            "-cp", System.getProperty("java.class.path"), Main.class.getName(),
            "verify", "--exhaustive", "--operation", "bce_with_logits", "--kernel", "scalar"));
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      for (int i = 0; i < 600 && !Files.readString(err).contains(" %] sweeping bce_with_logits, scalar"); i++) {
        Thread.sleep(100);
      }
      process.destroy();
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "it does not end");
    } finally {
      process.destroyForcibly();
    }
    String printed = Files.readString(out, StandardCharsets.UTF_8);
    assertEquals(128 + 15, process.exitValue(), printed);
    assertTrue(printed.contains("bce_with_logits scalar: PARTIAL, UNDECIDED"), printed);
    assertTrue(printed.contains("finite logits, max 0."), printed);
  }
}
