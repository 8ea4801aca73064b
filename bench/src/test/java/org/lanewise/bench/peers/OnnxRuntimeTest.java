package org.lanewise.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;

/** {@code bench/peers/OnnxRuntime.java} with ONNX Runtime itself, where that has been got. */
class OnnxRuntimeTest {
  private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

  @TempDir private Path folder;

  private @Nullable Path jar;

  @BeforeEach
  void needsThePackage() {
    String told = System.getenv("LANEWISE_ONNXRUNTIME");
    jar = told == null ? null : Path.of(told);
    Path looked = jar != null ? jar : PROJECT.resolve("target/lanewise/peers/onnxruntime-1.29.0.jar");
    if (!Files.isRegularFile(looked)) {
      String reason = "no " + looked;
      if (Arrays.asList(System.getProperty("lanewise.require", "").split("[ ,]+")).contains("onnxruntime")) {
        fail(reason);
      }
      abort(reason);
    }
  }

  private Peers peers(int threads) {
    return new Peers(
        List.of("onnxruntime"), "", jar, PROJECT, threads, Duration.ofMillis(1), folder.resolve("peers.log"));
  }

  private static Work work(String operation, int batch, int classes, String reduction, String data) {
    String target = operation.equals("cross_entropy") ? "indices" : "binary";
    return new Work(operation, "float32", target, batch, classes, reduction, "forward", data);
  }

  @Test
  void itMeasuresEveryKindOfPointAndChecksItsLosses() {
    try (Peers peers = peers(2)) {
      for (String reduction : List.of("mean", "sum", "none")) {
        for (Work work :
            List.of(
                work("bce_with_logits", 1, 1, reduction, "normal"),
                work("bce_with_logits", 1000, 7, reduction, "extreme"),
                work("bce_with_logits", 3 << 17, 1, reduction, "normal"), // a mean in two steps
                work("cross_entropy", 1, 10, reduction, "normal"),
                work("cross_entropy", 100, 12, reduction, "trained"),
                work("cross_entropy", 80_000, 3, reduction, "extreme"))) {
          MeasuredRow row = peers.measure(work).getFirst();
          assertNotNull(row.time(), work + ": " + row.error());
          assertEquals(2, row.implementation().threads());
          double error = row.facts().get("check").getAsJsonObject().get("loss").getAsDouble();
          assertTrue(error < 1e-6, work + " is off by " + error);
        }
      }
    }
  }

  @Test
  void whatItDoesNotHaveTheRowSays() {
    try (Peers peers = peers(1)) {
      Work forward = work("cross_entropy", 4, 10, "mean", "normal");
      Work both =
          new Work("cross_entropy", "float32", "indices", 4, 10, "mean", Work.FORWARD_BACKWARD, "normal");
      assertEquals(
          "ONNX Runtime gives no gradient: its Java package is built without training.",
          peers.measure(both).getFirst().error());
      assertEquals("false", peers.environment().getAsJsonObject("onnxruntime").get("training").toString());
      Work soft = new Work("bce_with_logits", "float32", "soft", 4, 1, "mean", "forward", "normal");
      assertEquals("there is no measurement with soft targets", peers.measure(soft).getFirst().error());
      Work few = work("bce_with_logits", 4, 1, "mean", "trained");
      assertTrue(String.valueOf(peers.measure(few).getFirst().error()).contains("4 classes"));
      assertNotNull(peers.measure(forward).getFirst().time(), "the others go on");
    }
  }

  @Test
  void valuesAreLossesOfTheInputs() {
    float[] logits = {-100, -1, 0, 0.5f, 7, 100};
    float[] target = {1, 0, 1, 0, 1, 0};
    try (Peers peers = peers(1)) {
      PeerValues bce =
          peers.values(work("bce_with_logits", 2, 3, "none", "normal"), logits, target).getFirst();
      PeerValues entropy =
          peers.values(work("cross_entropy", 2, 3, "none", "normal"), logits, new long[] {0, 2}).getFirst();
      assertNull(bce.error());
      assertNull(bce.gradient());
      for (int i = 0; i < logits.length; i++) {
        double x = logits[i];
        double right = Math.max(x, 0) - x * target[i] + Math.log1p(Math.exp(-Math.abs(x)));
        assertEquals(right, bce.loss()[i], 1e-6 * Math.max(1, right));
      }
      assertEquals(2, entropy.loss().length);
      assertEquals(100 + Math.log(Math.exp(-100) + Math.exp(-1) + 1), entropy.loss()[0], 1e-4);
      assertEquals(0, entropy.loss()[1], 1e-6);
    }
  }
}
