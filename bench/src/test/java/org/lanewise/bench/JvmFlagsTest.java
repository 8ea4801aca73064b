package org.lanewise.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.bench.jmh.BceWithLogitsBenchmark;
import org.lanewise.bench.jmh.CrossEntropyBenchmark;
import org.openjdk.jmh.annotations.Fork;

/** A kernel must run under the same flags wherever it runs, or what is tested is not what is measured. */
class JvmFlagsTest {
  private static final Path ROOT = Path.of(System.getProperty("user.dir")).toAbsolutePath().getParent();

  private static String found(String file, String pattern) throws IOException {
    Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(ROOT.resolve(file)));
    assertTrue(matcher.find(), file + " names the JVM flags");
    return matcher.group(1);
  }

  @Test
  void theLauncherPassesTheSame() throws IOException {
    assertEquals(String.join(" ", JvmFlags.all()), found("lanewise", "JVM_FLAGS='([^']*)'"));
  }

  @Test
  void theTestsRunUnderTheSame() throws IOException {
    assertEquals(
        String.join(" ", JvmFlags.all()), found("pom.xml", "<lanewise.jvm.flags>([^<]*)</lanewise.jvm.flags>"));
  }

  @ParameterizedTest
  @ValueSource(classes = {BceWithLogitsBenchmark.class, CrossEntropyBenchmark.class})
  void theForksRunUnderTheSame(Class<?> benchmark) {
    assertEquals(JvmFlags.all(), List.of(benchmark.getAnnotation(Fork.class).jvmArgsAppend()));
  }
}
