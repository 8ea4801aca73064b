package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;

/** {@code lanewise completion} in a real bash, as the tab key calls it. */
class CompletionCommandTest {
  @TempDir private static Path folder;

  private static String script;

  @BeforeAll
  static void print() throws IOException {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    assertEquals(ExitCode.GOOD, Main.run(new PrintWriter(out), new PrintWriter(err), "completion"), err.toString());
    script = out.toString();
    Files.writeString(folder.resolve("completion"), script);
    Files.createFile(folder.resolve("my results.json"));
  }

  private static List<String> bash(String commands) throws IOException, InterruptedException {
    Process bash =
        new ProcessBuilder("bash", "--norc", "-c", "source ./completion\n" + commands)
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD) // compopt wants to be called by the key
            .start();
    bash.getOutputStream().close();
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, bash.waitFor(), said);
    return said.lines().map(String::strip).toList();
  }

  /** What bash offers for the last word, by the function that it was told to call for the first. */
  private static List<String> offered(String... words) throws IOException, InterruptedException {
    List<String> quoted = Arrays.stream(words).map(word -> word.isEmpty() ? "''" : Shell.quoted(word)).toList();
    List<String> commands = new ArrayList<>();
    commands.add("COMP_WORDS=(%s)".formatted(String.join(" ", quoted)));
    commands.add("COMP_CWORD=%d".formatted(words.length - 1));
    commands.add("COMP_LINE='%s'; COMP_POINT=${#COMP_LINE}".formatted(String.join(" ", words)));
    commands.add("complete_with=$(complete -p lanewise | sed 's/.*-F \\([^ ]*\\).*/\\1/')");
    commands.add("$complete_with lanewise \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"");
    commands.add("printf '%s\\n' \"${COMPREPLY[@]}\"");
    return bash(String.join("\n", commands));
  }

  @Test
  void bashKnowsWhatToCall() throws Exception {
    List<String> told = bash("complete -p lanewise");
    assertEquals(1, told.size(), told.toString());
    assertTrue(told.getFirst().matches("complete .*-F \\S+ lanewise"), told.toString());
  }

  /** Of ./lanewise bash takes what follows the last slash; with what it finds it does as with lanewise. */
  @Test
  void aPathToTheLauncherIsCompletedTheSame() throws Exception {
    List<String> offered = offered("./lanewise", "ver");
    assertEquals(List.of("verify"), offered);
  }

  @Test
  void commandsAreOffered() throws Exception {
    List<String> offered = offered("lanewise", "");
    for (String command : List.of("check", "list", "verify", "validate", "bench", "compare", "gate", "report", "completion")) {
      assertTrue(offered.contains(command), offered.toString());
    }
    assertFalse(offered.contains("serve"), "the child of validate is nobody's command");
    assertTrue(offered("lanewise", "gate", "").containsAll(List.of("noise", "selftest")));
  }

  @Test
  void optionsAreOffered() throws Exception {
    assertEquals(List.of("--jmh-json"), offered("lanewise", "bench", "--jm"));
    assertTrue(offered("lanewise", "gate", "selftest", "--").containsAll(List.of("--kind", "--percent", "--kernel", "--help")));
  }

  @Test
  void valuesAreOffered() throws Exception {
    assertTrue(offered("lanewise", "bench", "--preset", "").containsAll(List.of("check", "quick", "default", "full")));
    assertTrue(offered("lanewise", "verify", "--operation", "cross").contains("cross_entropy"));
    assertTrue(offered("lanewise", "verify", "--kernel", "").containsAll(List.of("front-door", "scalar", "vector")));
    assertTrue(offered("lanewise", "bench", "--peers", "").contains("onnxruntime"));
    assertTrue(offered("lanewise", "validate", "--level", "s").contains("smoke"));
  }

  @Test
  void filesAreOffered() throws Exception {
    assertTrue(offered("lanewise", "report", "my").toString().contains("my results.json"), offered("lanewise", "report", "my").toString());
    assertTrue(offered("lanewise", "verify", "--json", "my").toString().contains("my results.json"));
  }

  @Test
  void nothingOfThisMachineIsInIt() {
    assertFalse(script.contains(System.getProperty("user.dir")), "a folder of this machine");
  }
}
