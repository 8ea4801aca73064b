package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.gate.fork.TestJars;
import org.lanewise.bench.gate.inject.Injection;
import org.lanewise.bench.gate.inject.Injection.Kind;

/** No silent pass, and one slowdown that is found. */
class GateCommandTest {
  private static final String ONE = "scalar/bce_with_logits/forward/*/1024/*";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @BeforeAll
  static void doNotWaitForOtherRuns() {
    System.setProperty("jmh.ignoreLock", "true");
  }

  private int gate(String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] all = new String[args.length + 1];
    all[0] = "gate";
    System.arraycopy(args, 0, all, 1, args.length);
    return Main.run(new PrintWriter(out), new PrintWriter(err), all);
  }

  /** The exit code is the one given and the last line of the error output, one sentence, says why. */
  private void refused(int exitCode, String why, String... args) {
    assertEquals(exitCode, gate(args), err.toString());
    String[] lines = err.toString().strip().split("\n");
    String last = lines[lines.length - 1];
    assertTrue(last.startsWith("lanewise: ") && last.contains(why), err.toString());
    assertEquals("", out.toString());
  }

  private String kernels(String name) throws IOException {
    return TestJars.kernels(folder, name).toString();
  }

  @Test
  void withoutABaseOrACommandThereIsNothingToCompare() throws IOException {
    refused(ExitCode.USAGE, "nothing to compare with", "--candidate", kernels("b.jar"));
    for (String[] other :
        new String[][] {
          {"--base", "a.jar"}, {"--policy", "p.json"}, {"--benchmark", "x"}, {"--kernel", "x"}, {"--allow-new-bits"}
        }) {
      String[] args = new String[other.length + 2];
      args[0] = "--reanalyse";
      args[1] = "x.json";
      System.arraycopy(other, 0, args, 2, other.length);
      refused(ExitCode.USAGE, "--reanalyse judges all that the file holds", args);
    }
    refused(ExitCode.ENVIRONMENT, "x.json: it does not exist", "--reanalyse", folder.resolve("x.json").toString());
  }

  @Test
  void noBenchmarkSelectedIsNoPass() throws IOException {
    String a = kernels("a.jar");
    String b = kernels("b.jar");
    refused(ExitCode.USAGE, "matches none of 24 benchmarks", "--base", a, "--candidate", b, "--benchmark", "vector/bec*");
    refused(ExitCode.USAGE, "no kernel 'simd'", "--base", a, "--candidate", b, "--kernel", "simd");
    refused(ExitCode.USAGE, "--operation bec", "--base", a, "--candidate", b, "--operation", "bec");
    refused(ExitCode.USAGE, "There is no preset 'gatee'", "--base", a, "--candidate", b, "--preset", "gatee");
  }

  /** The self-test and the noise as well: a record of nothing would be no record. */
  @Test
  void noBenchmarkInCommonIsNoPass() throws IOException {
    String a = kernels("a.jar");
    String record = folder.resolve("record").toString();
    refused(ExitCode.USAGE, "has no kernel 'mine', but ", "selftest", "aa", "--base", a, "--kernel", "mine", "--record", record);
    refused(ExitCode.USAGE, "has no kernel 'mine', but ", "noise", "--base", a, "--kernel", "mine");
    assertTrue(Files.notExists(folder.resolve("record")));
  }

  @Test
  void aJarThatIsReplacedMeanwhileIsNotWhatIsCompared() throws IOException {
    Path jar = TestJars.kernels(folder, "a.jar");
    KernelsJar build = KernelsJar.named(jar.toString(), step -> {}).copied("base");
    Files.writeString(jar, "another build");

    assertTrue(Files.size(build.jar()) > 100_000);
    assertEquals("a.jar", build.jar().getFileName().toString());
    assertEquals(jar.toString(), build.name());
  }

  @Test
  void aBaseThatIsNoBuildOfTheKernelsIsRefused() throws IOException {
    String b = kernels("b.jar");
    refused(ExitCode.ENVIRONMENT, "none.jar is no jar that can be read: it does not exist", "--base", folder + "/none.jar", "--candidate", b);
    Path text = Files.writeString(folder.resolve("text.jar"), "no jar");
    refused(ExitCode.ENVIRONMENT, "is no jar that can be read", "--base", text.toString(), "--candidate", b);
    refused(ExitCode.ENVIRONMENT, "is no jar of the kernels", "--base", TestJars.empty(folder).toString(), "--candidate", b);
    refused(ExitCode.ENVIRONMENT, "is no jar of the kernels", "--base", b, "--candidate", TestJars.empty(folder).toString());
    refused(ExitCode.ENVIRONMENT, "no commit 'no-such-branch'", "--base", "git:no-such-branch", "--candidate", b);
  }

  @Test
  void anOutputDoesNotOverwriteWhatIsRead() throws IOException {
    String a = kernels("a.jar");
    String b = kernels("b.jar");
    String xml = folder.resolve("x.xml").toString();
    refused(ExitCode.USAGE, "would overwrite", "--base", a, "--candidate", b, "--json", a);
    refused(ExitCode.USAGE, "would overwrite", "--base", a, "--candidate", b, "--junit", b);
    refused(ExitCode.USAGE, "would overwrite", "--base", a, "--candidate", b, "--junit", xml, "--summary", xml);
    refused(ExitCode.USAGE, "would overwrite", "--reanalyse", xml, "--summary", xml);
  }

  /** The second entry of a class path would be the kernels of this program. */
  @Test
  void aPathThatEndsAnEntryOfAClassPathIsRefused() throws IOException {
    String b = kernels("b.jar");
    String odd = TestJars.kernels(folder, "a" + File.pathSeparator + "b.jar").toString();
    refused(ExitCode.ENVIRONMENT, "ends an entry of a class path", "--base", odd, "--candidate", b);
  }

  @Test
  void aFileIsNotComparedWithItself() throws IOException {
    String a = kernels("a.jar");
    refused(ExitCode.USAGE, "are the same file", "--base", a, "--candidate", folder + "/../" + folder.getFileName() + "/a.jar");
  }

  @Test
  void whatTheCandidateLacksIsNoPass() throws IOException {
    String vector =
        TestJars.providing(folder, "vector.jar", "org.lanewise.kernels.vector.VectorKernelProvider").toString();

    assertEquals(
        ExitCode.ENVIRONMENT,
        gate("--base", kernels("a.jar"), "--candidate", vector, "--benchmark", ONE),
        err.toString());

    assertTrue(out.toString().contains("The candidate lacks"), out.toString());
    assertTrue(out.toString().contains("No benchmark was compared."), out.toString());
  }

  @Test
  void aSlowerBuildIsFoundAndItsFileGivesTheSameVerdictAgain() throws IOException {
    Path base = TestJars.kernels(folder, "base.jar");
    Path slower = folder.resolve("slower.jar");
    new Injection(Kind.WORK, 30).apply(base, slower);
    Path json = folder.resolve("gate.json");
    Path again = folder.resolve("again.json");
    Path junit = folder.resolve("gate.xml");
    Path summary = folder.resolve("gate.md");

    int exitCode =
        gate(
            "--base", base.toString(), "--candidate", slower.toString(), "--benchmark", ONE,
            "--json", json.toString(), "--junit", junit.toString(), "--summary", summary.toString());

    assertEquals(ExitCode.NOT_CONFORMING, exitCode, out + "\n" + err);
    String table = out.toString();
    assertTrue(table.contains("regressed") && table.contains("Conformance of 'scalar'"), table);
    assertTrue(Files.readString(junit).contains("failures=\"1\""), Files.readString(junit));
    assertTrue(Files.readString(summary).contains("Regressed"), Files.readString(summary));

    assertEquals(ExitCode.NOT_CONFORMING, gate("--reanalyse", json.toString(), "--json", again.toString()));
    assertEquals(table, out.toString());
    assertEquals(-1, Files.mismatch(json, again));
  }
}
