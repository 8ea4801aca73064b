package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bits do not depend on the vector width, on the instruction set, on the number of threads, or on whether code is
 * interpreted or compiled and by which compiler: JVMs that differ in one of them, one after the other, give the committed
 * digests. {@code -Dlanewise.write.docs=true} writes those anew, from the scalar kernels.
 */
class SameBitsTest {
  private static final String MODULE = "--add-modules=jdk.incubator.vector";

  @TempDir private Path directory;

  @Test
  void both_kernels_have_the_committed_digests() throws IOException {
    Map<String, String> scalar = Fingerprint.of("scalar", 2);
    if (Boolean.getBoolean("lanewise.write.docs")) {
      Digests.write(scalar);
    }
    assertDigests("scalar", scalar, true);
    assertDigests("vector", Fingerprint.of("vector", 2), true);
  }

  /** Long enough in the first for all three of interpreter, C1 and C2 to have had their turn. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:UseAVX=3 1200 1", // with 64 bytes a vector: where there is AVX-512, what a JVM chooses by itself
        "-XX:UseAVX=2 300 1",
        "-XX:UseAVX=1 0 1",
        "-XX:UseAVX=0 0 1",
        "-XX:MaxVectorSize=32 500 1",
        "-XX:MaxVectorSize=16 500 1",
        "-XX:TieredStopAtLevel=1 300 1",
        "-Xint 0 1",
        "-XX:MaxVectorSize=64 500 2",
        "-XX:MaxVectorSize=64 500 7",
      })
  void every_jvm_gives_the_same_bits(String optionMillisAndThreads) throws Exception {
    String[] parts = optionMillisAndThreads.split(" ");
    String output =
        run(List.of(MODULE, "-XX:+IgnoreUnrecognizedVMOptions", parts[0]), parts[1], parts[2], "scalar", "vector");
    boolean blocks = !parts[2].equals("1");
    assertDigests("scalar", printed(output, "scalar"), blocks);
    assertDigests("vector", printed(output, "vector"), blocks);
  }

  @Test
  void without_fused_multiply_add_vector_is_not_available_but_right() throws Exception {
    String output = run(List.of(MODULE, "-XX:-UseFMA"), "0", "1", "scalar", "vector");
    assertTrue(output.contains("vector is not available: This JVM has no fused multiply-add in hardware (UseFMA"), output);
    assertTrue(output.contains("or the kernel 'scalar'."), output);
    assertTrue(output.contains("auto chooses scalar"), output);
    assertDigests("scalar", printed(output, "scalar"), false);
    assertDigests("vector", printed(output, "vector"), false);
  }

  @Test
  void without_the_vector_module_scalar_still_runs() throws Exception {
    String output = run(List.of(), "0", "1", "scalar");
    assertTrue(
        output.contains(
            "vector is not available: The module jdk.incubator.vector is not loaded. Start the JVM with --add-modules"
                + " jdk.incubator.vector."),
        output);
    assertTrue(output.contains("auto chooses scalar"), output);
    assertDigests("scalar", printed(output, "scalar"), false);
  }

  /** That there is a digest of every group that the kernel supplies, and that it is the committed one. */
  private static void assertDigests(String id, Map<String, String> digests, boolean blocks) throws IOException {
    Map<String, String> expected = Digests.read();
    KernelGroups groups = new KernelGroups(id, blocks);
    expected.keySet().removeIf(group -> !groups.include(group));
    assertTrue(expected.size() > 20, () -> "%s has %d groups".formatted(id, expected.size()));
    assertEquals(
        text(expected), text(digests), () -> id + " does not give the digests of " + Digests.FILE + "; the groups differ");
  }

  private static String text(Map<String, String> digests) {
    return String.join("\n", digests.entrySet().stream().map(Object::toString).toList());
  }

  /** Which groups a run of a kernel has: all of {@code scalar}'s, those in float64 only where it supplies that. */
  private record KernelGroups(String id, boolean blocks) {
    boolean include(String group) {
      String[] parts = group.split("/");
      boolean supplied =
          !parts[1].equals("float64")
              || Samples.provider(id).declarations().stream()
                  .anyMatch(d -> d.operation().id().equals(parts[0]) && d.dtype().id().equals(parts[1]));
      return supplied && (blocks || !parts[2].equals("blocks"));
    }
  }

  private static Map<String, String> printed(String output, String id) {
    Map<String, String> digests = new TreeMap<>();
    output
        .lines()
        .filter(line -> line.startsWith(id + " ") && line.contains("/"))
        .map(line -> line.split(" ", 3))
        .forEach(parts -> digests.put(parts[1], parts[2]));
    return digests;
  }

  /** What a JVM with these options prints. */
  private String run(List<String> options, String... arguments)
      throws IOException, InterruptedException, URISyntaxException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-cp");
    command.add(String.join(System.getProperty("path.separator"), home(Kernels.class), home(Fingerprint.class)));
    command.add(Fingerprint.class.getName());
    command.addAll(List.of(arguments));
    Path file = directory.resolve("output");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(file.toFile()).start();
    boolean ended = process.waitFor(5, TimeUnit.MINUTES);
    process.destroyForcibly().waitFor();
    String output = Files.readString(file);
    assertTrue(ended, () -> String.join(" ", command) + " does not end\n" + output);
    assertEquals(0, process.exitValue(), () -> String.join(" ", command) + "\n" + output);
    return output;
  }

  private static String home(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }
}
