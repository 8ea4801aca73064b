package org.lanewise.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lanewise.bench.nativelib.NativeOptionsTarget;

/** Fuzzing at length, where {@code -Dlanewise.fuzz.minutes} asks for it: see {@code fuzz/README.md}. */
@EnabledIfSystemProperty(named = "lanewise.fuzz.minutes", matches = "[0-9.]+")
class CampaignTest {
  /** The native kernels take part where they can be built. */
  @BeforeAll
  static void buildNativeKernels() throws IOException, InterruptedException {
    Path folder = Files.createDirectories(Path.of("target", "native")).toAbsolutePath();
    File log = folder.resolve("log").toFile();
    ProcessBuilder build = new ProcessBuilder("sh", "../examples/native-kernel/build.sh", folder.toString());
    if (build.redirectErrorStream(true).redirectOutput(log).start().waitFor() == 0) {
      System.setProperty(NativeOptionsTarget.FOLDER, folder.toString());
    } else {
      System.out.printf("native-options: without native kernels, see %s%n", log);
    }
  }

  static Stream<Targets> chosen() {
    String names = System.getProperty("lanewise.fuzz.target", "");
    return names.isEmpty() ? Stream.of(Targets.values()) : Arrays.stream(names.split(",")).map(Targets::of);
  }

  @ParameterizedTest
  @MethodSource("chosen")
  void onlyDocumentedExceptions(Targets which) throws Exception {
    double minutes = Double.parseDouble(System.getProperty("lanewise.fuzz.minutes"));
    String asked = System.getProperty("lanewise.fuzz.seed", "");
    int seed = asked.isEmpty() ? (int) (System.nanoTime() & Integer.MAX_VALUE) : Integer.parseInt(asked);
    Campaign.Result result =
        new Campaign(which)
            .run(Duration.ofMillis(Math.round(minutes * 60_000)), seed, System.getProperty("lanewise.fuzz.heap", "256m"));
    System.out.printf(
        "%s: %,d executions in %.1f minutes, %d edges, %d findings; seed %d%n",
        which.id(), result.executions(), result.seconds() / 60.0, result.covered(), result.findings().size(), seed);
    assertTrue(result.findings().isEmpty(), () -> "See fuzz/target/fuzz/%s/log. %s".formatted(which.id(), result.findings()));
  }
}
