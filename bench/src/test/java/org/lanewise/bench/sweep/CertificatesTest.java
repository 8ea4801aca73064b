package org.lanewise.bench.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lanewise.bench.results.ResultFile;

/** Every built-in float32 kernel has a certificate, and it speaks of the sources as they are. */
class CertificatesTest {
  private static final Path PROJECT = Path.of("..");
  private static final String KERNELS = "kernels/src/main/java/org/lanewise/kernels";

  @TempDir Path folder;

  static Stream<String> certified() {
    return KernelSources.certified().stream();
  }

  @ParameterizedTest
  @MethodSource("certified")
  void theSourcesAreThoseThatWereSwept(String pair) {
    String operation = pair.split("/")[0];
    String kernel = pair.split("/")[1];
    String renew =
        "./lanewise verify --exhaustive --operation %s --kernel %s renews the certificate".formatted(operation, kernel);
    ResultFile file = Certificate.read(PROJECT.resolve(Certificate.FOLDER), operation, kernel);
    assertNotNull(file, renew);
    String sources = KernelSources.of(PROJECT, operation, kernel).sha256();
    for (JsonObject row : file.results()) {
      assertEquals(sources, row.get("sources_sha256").getAsString(), "the kernel's sources have changed; " + renew);
      assertEquals(Certificate.PASSED, row.get("verdict").getAsString(), renew);
      assertTrue(row.get("complete").getAsBoolean(), renew);
      assertTrue(row.get("max_ulp").getAsDouble() <= row.get("declared_ulp").getAsDouble());
      if (!row.get("sampled").getAsBoolean()) {
        assertEquals(2L * 0x7F800000, row.get("finite_inputs").getAsLong());
      }
    }
  }

  @Test
  void scalarKernelsAreMadeOfScalarSources() {
    for (String operation : List.of("bce_with_logits", "cross_entropy")) {
      List<String> files = KernelSources.of(PROJECT, operation, "scalar").files();
      assertTrue(files.stream().noneMatch(file -> file.contains("/vector/")), files.toString());
    }
  }

  /** The twins promise the same bits. */
  @Test
  void scalarAndVectorHaveTheSameSums() {
    List<JsonObject> scalar = Certificate.read(PROJECT.resolve(Certificate.FOLDER), "bce_with_logits", "scalar").results();
    List<JsonObject> vector = Certificate.read(PROJECT.resolve(Certificate.FOLDER), "bce_with_logits", "vector").results();
    for (int i = 0; i < 2; i++) {
      assertEquals(scalar.get(i).get("sums_sha256"), vector.get(i).get("sums_sha256"));
    }
  }

  @Test
  void thePageIsMadeOfTheCertificates() throws IOException {
    if (Boolean.getBoolean("lanewise.write.docs")) {
      Files.writeString(PROJECT.resolve(AccuracyPage.FILE), AccuracyPage.text(PROJECT));
    }
    String page = Files.readString(PROJECT.resolve(AccuracyPage.FILE)).replace("\r\n", "\n");
    assertEquals(AccuracyPage.text(PROJECT), page, "./lanewise verify --exhaustive, or -Dlanewise.write.docs=true, writes the page anew");
  }

  @Test
  void anyChangeOfAKernelsSourceChangesTheSum() throws IOException {
    for (String name : List.of("scalar", "vector")) {
      try (Stream<Path> files = Files.walk(PROJECT.resolve(KERNELS).resolve(name))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Path copy = folder.resolve(PROJECT.relativize(file).toString());
          Files.createDirectories(copy.getParent());
          Files.copy(file, copy);
        }
      }
    }
    KernelSources before = KernelSources.of(folder, "bce_with_logits", "vector");
    assertEquals(KernelSources.of(PROJECT, "bce_with_logits", "vector"), before);
    assertTrue(before.files().contains(KERNELS + "/scalar/BceMath.java"), before.toString());
    assertFalse(before.files().contains(KERNELS + "/vector/VectorCrossEntropy.java"), before.toString());

    Path constants = folder.resolve(KERNELS).resolve("scalar/BceMath.java");
    Files.writeString(constants, Files.readString(constants).replace("SPLIT = ", "SPLIT = 0.5f + "));
    assertNotEquals(before.sha256(), KernelSources.of(folder, "bce_with_logits", "vector").sha256());
  }
}
