package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;
import org.lanewise.kernels.spi.KernelProvider;

/** What docs/adding-a-kernel.md has its reader type does what the page says: its listings are compiled, and validated. */
class AddingAKernelPageTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @TempDir Path folder;

  private record Run(int exitCode, String out) {}

  @Test
  void theJavaKernelFailsAsShownAndPassesOnceCorrected() throws IOException {
    String source = listing("src/main/java/mine/MyKernels.java");
    Run wrong = validate(jar("wrong", source));
    assertEquals(ExitCode.NOT_CONFORMING, wrong.exitCode, wrong.out);
    assertShown(wrong, "mine: FAILED");

    Run corrected = validate(jar("corrected", source.replaceFirst(" *double c = 1;\n", Matcher.quoteReplacement(correction()))));
    assertEquals(ExitCode.GOOD, corrected.exitCode, corrected.out);
    assertShown(corrected, "mine: PASSED");
  }

  @Test
  void theNativeKernelPasses() throws Exception {
    Files.writeString(folder.resolve("mine.c"), listing("mine.c"));
    Matcher gcc = Pattern.compile("^gcc .*$", Pattern.MULTILINE).matcher(page());
    assertTrue(gcc.find());
    compile(gcc.group().replace("\"$LANEWISE\"", ROOT.toString()));

    Run run = validate(folder.resolve("libmine.so"));
    assertEquals(ExitCode.GOOD, run.exitCode, run.out);
    assertEquals("mine-c: PASSED", run.out.lines().toList().getLast());
    assertTrue(page().contains("ends with `mine-c: PASSED`"));
  }

  private static String page() throws IOException {
    return Files.readString(ROOT.resolve("docs/adding-a-kernel.md"));
  }

  /** The listing below a file's name. */
  private static String listing(String file) throws IOException {
    return block(Pattern.quote("`%s`:".formatted(file)) + "\n\n```\\w+\n(.*?)^```$");
  }

  private static String correction() throws IOException {
    return block("Correct the line,\n\n```java\n(.*?)^```$");
  }

  private static String block(String pattern) throws IOException {
    Matcher block = Pattern.compile(pattern, Pattern.DOTALL | Pattern.MULTILINE).matcher(page());
    assertTrue(block.find(), pattern);
    return block.group(1);
  }

  /**
   * The output on the page that has this verdict is what came. Errors in ULP are left out: they are those of the JVM's or the C
   * library's exp.
   */
  private static void assertShown(Run run, String verdict) throws IOException {
    List<String> shown =
        Arrays.stream(block("^```\n(target/my-kernels-1\\.jar(?:(?!^```).)*^%s.*?)^```$".formatted(verdict)).split("\n"))
            .skip(1) // the name of the file
            .filter(line -> !line.equals("…") && !line.contains(" ULP") && !line.contains(" %") && !line.contains("repeat:"))
            .toList();
    List<String> came = run.out.lines().toList();
    assertEquals(shown, shown.stream().filter(came::contains).toList(), run.out);
    assertEquals(shown.getLast(), came.getLast());
  }

  private Path jar(String name, String source) throws IOException {
    Path sources = Files.createDirectories(folder.resolve(name));
    Path file = Files.writeString(sources.resolve("MyKernels.java"), source);
    String classPath = System.getProperty("java.class.path");
    int exitCode =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-proc:none", "-cp", classPath, "-d", sources.toString(), file.toString());
    assertEquals(0, exitCode, "javac");

    Path jar = folder.resolve(name + ".jar");
    try (OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("mine/MyKernels.class"));
      Files.copy(sources.resolve("mine/MyKernels.class"), zip);
      zip.putNextEntry(new ZipEntry("META-INF/services/" + KernelProvider.class.getName()));
      zip.write("mine.MyKernels".getBytes(StandardCharsets.UTF_8));
    }
    return jar;
  }

  private void compile(String command) throws IOException, InterruptedException {
    Path log = folder.resolve("gcc.log");
    Process gcc;
    try {
      gcc =
          new ProcessBuilder(command.split(" "))
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    } catch (IOException e) {
      if (Arrays.asList(System.getProperty("lanewise.require", "").split("[ ,]+")).contains("gcc")) {
        fail("gcc does not start: " + e.getMessage());
      }
      abort("gcc does not start: " + e.getMessage());
      throw e;
    }
    assertEquals(0, gcc.waitFor(), Files.readString(log));
  }

  private static Run validate(Path file) {
    StringWriter out = new StringWriter();
    int exitCode =
        Main.run(
            new PrintWriter(out),
            new PrintWriter(new StringWriter()),
            "validate", file.toString(), "--level", "smoke", "--seed", "1");
    return new Run(exitCode, out.toString());
  }
}
