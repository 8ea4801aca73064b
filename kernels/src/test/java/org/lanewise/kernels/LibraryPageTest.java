package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/library.md prints what the page says, with the SIMD kernels and without them. */
class LibraryPageTest {
  @TempDir Path folder;

  @Test
  void theProgramPrintsWhatIsShown() throws Exception {
    Path source = Files.writeString(folder.resolve("Losses.java"), block("java"));
    assertEquals(block("text"), run("--add-modules", "jdk.incubator.vector", source.toString()));
  }

  @Test
  void withoutTheVectorModuleToo() throws Exception {
    Path source = Files.writeString(folder.resolve("Losses.java"), block("java"));
    assertEquals(block("text"), run(source.toString()));
  }

  private String run(String... arguments) throws IOException, InterruptedException {
    ProcessBuilder java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String classes = Path.of("target", "classes").toAbsolutePath().toString();
    java.command().addAll(List.of("-cp", classes));
    java.command().addAll(List.of(arguments));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    int exitCode = java.redirectOutput(out.toFile()).redirectError(err.toFile()).start().waitFor();
    assertEquals(0, exitCode, Files.readString(err));
    return Files.readString(out);
  }

  /** The first listing of the page in the given language. */
  private static String block(String language) throws IOException {
    String page = Files.readString(Path.of("..", "docs", "library.md"));
    Matcher block = Pattern.compile("^```%s\n(.*?)^```$".formatted(language), Pattern.DOTALL | Pattern.MULTILINE).matcher(page);
    assertTrue(block.find(), language);
    return block.group(1);
  }
}
