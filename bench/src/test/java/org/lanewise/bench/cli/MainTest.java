package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.JvmFlags;
import org.lanewise.bench.results.Environment;

/** What all commands have in common. */
class MainTest {
  @TempDir private Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int lanewise(String... arguments) {
    return Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
  }

  /** In a JVM of its own; the shell takes the place of {@code OUT} for where its output goes. */
  private int inShell(String line, String arguments) throws IOException, InterruptedException {
    List<String> java = new ArrayList<>();
    java.add(Shell.quoted(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    java.addAll(JvmFlags.all());
    java.addAll(List.of("-cp", Shell.quoted(System.getProperty("java.class.path")), Main.class.getName(), arguments));
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", line.replace("LANEWISE", String.join(" ", java)));
    builder.directory(folder.toFile()).redirectError(folder.resolve("err").toFile());
    Process shell = builder.start();
    shell.getOutputStream().close();
    return shell.waitFor();
  }

  /** Without the line about the incubator module, which the launcher takes away. */
  private List<String> errors() throws IOException {
    return Files.readAllLines(folder.resolve("err")).stream().filter(line -> !line.startsWith("WARNING: Using incub")).toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "bench --peers ,, | --peers is ',,', which has a blank between commas; expected PEER[,PEER...].",
        "bench --kernel vector, | --kernel is 'vector,', which has a blank between commas; expected ID[,ID...].",
        "bench --batch , | --batch is ',', which has a blank between commas; expected N[,N...].",
        "verify --operation= | --operation is '', which is blank; expected OP[,OP...].",
        "verify --json= | --json is '', which is blank; expected FILE."
      })
  void anOptionThatNamesNothingIsRefusedInASentence(String line, String sentence) {
    assertEquals(ExitCode.USAGE, lanewise(line.split(" ")), err.toString());
    String command = line.substring(0, line.indexOf(' '));
    assertEquals(
        "lanewise: %s Try 'lanewise %s --help'.%n".formatted(sentence, command), err.toString());
    assertEquals("", out.toString());
  }

  @Test
  void theVersionNamesCommitAndJdk() {
    assertEquals(ExitCode.GOOD, lanewise("--version"), err.toString());

    String jdk = Runtime.version().toString();
    String commit = Environment.commit();
    assertEquals("lanewise (not packaged), commit %s, JDK %s%n".formatted(commit == null ? "unknown" : commit, jdk), out.toString());
    assertTrue(commit == null || commit.matches("[0-9a-f]{40}(-dirty)?"), commit);
    assertEquals("lanewise 1.2.3, commit abc-dirty, JDK " + jdk, Main.Version.text("1.2.3", "abc-dirty"));
    assertEquals("lanewise 1.2.3, commit unknown, JDK " + jdk, Main.Version.text("1.2.3", null), "an archive of the sources");
  }

  @Test
  void aReaderThatGoesAwayEndsItQuietly() throws Exception {
    assertEquals(0, inShell("(LANEWISE; echo $? >code) | true", "--help"));

    assertEquals(List.of(), errors());
    assertEquals("141", Files.readString(folder.resolve("code")).strip(), "as of a process that SIGPIPE ends");
  }

  @Test
  void aFullDiskIsToldInASentence() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/full")), "a device that takes nothing");

    assertEquals(ExitCode.ENVIRONMENT, inShell("LANEWISE >/dev/full", "--help"));
    assertEquals(
        List.of("lanewise: What this command prints could not be written; check where its output goes."), errors());
  }

  @Test
  void aPipeGetsNoColours() throws Exception {
    assertEquals(0, inShell("TERM=xterm LANEWISE | cat >out", "--help"));

    assertFalse(Files.readString(folder.resolve("out")).contains("\033"), "an escape");
  }
}
