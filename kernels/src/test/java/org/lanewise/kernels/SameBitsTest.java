package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bits do not depend on the vector width, on the instruction set, or on whether code is interpreted or compiled and by
 * which compiler: JVMs with other options, one after the other, give the hash of this one.
 */
class SameBitsTest {
  private static final String MODULE = "--add-modules=jdk.incubator.vector";

  @TempDir private Path directory;

  @Test
  void both_kernels_have_one_hash() {
    assertEquals(Fingerprint.of("scalar"), Fingerprint.of("vector"));
  }

  /** Long enough in the first for all three of interpreter, C1 and C2 to have had their turn. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:+TieredCompilation 1200",
        "-XX:-TieredCompilation 500",
        "-XX:TieredStopAtLevel=1 300",
        "-Xint 0",
        "-XX:MaxVectorSize=32 500",
        "-XX:MaxVectorSize=16 500",
        "-XX:UseAVX=2 300",
        "-XX:UseAVX=1 0",
        "-XX:UseAVX=0 0",
      })
  void every_jvm_gives_the_same_bits(String optionAndMillis) throws Exception {
    String[] parts = optionAndMillis.split(" ");
    String output = run(List.of(MODULE, "-XX:+IgnoreUnrecognizedVMOptions", parts[0]), parts[1], "scalar", "vector");
    String hash = Fingerprint.of("scalar");
    assertTrue(output.contains("scalar %s%n".formatted(hash)), output);
    assertTrue(output.contains("vector %s%n".formatted(hash)), output);
  }

  @Test
  void without_fused_multiply_add_vector_is_not_available_but_right() throws Exception {
    String output = run(List.of(MODULE, "-XX:-UseFMA"), "0", "scalar", "vector");
    assertTrue(output.contains("vector is not available: This JVM has no fused multiply-add in hardware (UseFMA"), output);
    assertTrue(output.contains("or the kernel 'scalar'."), output);
    assertTrue(output.contains("auto chooses scalar"), output);
    assertTrue(output.contains("vector %s%n".formatted(Fingerprint.of("scalar"))), output);
  }

  @Test
  void without_the_vector_module_scalar_still_runs() throws Exception {
    String output = run(List.of(), "0", "scalar");
    assertTrue(
        output.contains(
            "vector is not available: The module jdk.incubator.vector is not loaded. Start the JVM with --add-modules"
                + " jdk.incubator.vector."),
        output);
    assertTrue(output.contains("auto chooses scalar"), output);
    assertTrue(output.contains("scalar %s%n".formatted(Fingerprint.of("scalar"))), output);
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
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
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
