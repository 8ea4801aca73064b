package org.lanewise.bench.sweep;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;

/** Sweeps find every kind of fault, and what they give for sound kernels does not depend on threads. */
class SweepsTest {
  /** Odd, so that every byte of the patterns varies; the whole takes well under a second. */
  private static final int STRIDE = 8191;

  @TempDir Path folder;

  private Certificate sweep(String operation, KernelProvider kernel) {
    return Sweeps.run(operation, kernel, STRIDE, 2, null, folder, () -> false, done -> {}).certificate();
  }

  private Certificate spoilt(Spoilt.Element element) {
    return sweep("bce_with_logits", Spoilt.elements(element));
  }

  private static void expectFault(Certificate certificate, String... parts) {
    assertEquals(Certificate.FAILED, certificate.verdict());
    for (String part : parts) {
      assertTrue(certificate.fault().contains(part), () -> "«%s» is not in: %s".formatted(part, certificate.fault()));
    }
  }

  private static JsonObject identity(Certificate certificate, int row, String name) {
    return certificate.rows().get(row).getAsJsonObject("identities").getAsJsonObject(name);
  }

  private static float swept(float near) {
    return Float.intBitsToFloat(Float.floatToIntBits(near) / STRIDE * STRIDE);
  }

  @ParameterizedTest
  @CsvSource({"bce_with_logits, scalar", "bce_with_logits, vector", "sigmoid, scalar", "log_sigmoid, scalar"})
  void soundKernelsHaveNoFaultAndNoProof(String operation, String kernel) {
    Certificate certificate = sweep(operation, Kernels.require(kernel));
    assertEquals(Certificate.UNDECIDED, certificate.verdict(), certificate.toString());
    assertNull(certificate.fault());
    long finite = 2L * ((0x7F800000L + STRIDE - 1) / STRIDE);
    for (JsonObject row : certificate.rows()) {
      assertEquals(finite, row.get("finite_inputs").getAsLong());
      long counted = 0;
      for (var bin : row.getAsJsonArray("histogram")) {
        counted += bin.getAsLong();
      }
      assertEquals(finite, counted);
      assertTrue(row.get("max_ulp").getAsDouble() > 0.49, row.toString());
      assertTrue(row.get("correctly_rounded").getAsDouble() > 0.98, row.toString());
      assertTrue(row.get("sums_sha256").isJsonNull(), "a sum over some inputs is none over all");
    }
  }

  @Test
  void threadsChangeNothing() {
    LogitSweep.Found one = new LogitSweep("bce_with_logits", Kernels.require("scalar"), STRIDE).run(1, () -> false, done -> {});
    LogitSweep.Found three = new LogitSweep("bce_with_logits", Kernels.require("vector"), STRIDE).run(3, () -> false, done -> {});
    assertTrue(one.complete() && three.complete());
    for (int o = 0; o < 2; o++) {
      assertArrayEquals(one.tallies().get(o).sums, three.tallies().get(o).sums);
      assertArrayEquals(one.tallies().get(o).histogram, three.tallies().get(o).histogram);
      assertEquals(one.tallies().get(o).worst.list(), three.tallies().get(o).worst.list());
      assertEquals(Extremes.KEPT, one.tallies().get(o).worst.list().size());
    }
  }

  @Test
  void theWorstAreRealAndSorted() {
    Tally tally = new LogitSweep("bce_with_logits", Kernels.require("scalar"), STRIDE).run(2, () -> false, done -> {}).tallies().getFirst();
    double[] values = tally.worst.list().stream().mapToDouble(Extremes.Extreme::value).toArray();
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    for (int i = 0; i < values.length; i++) {
      assertEquals(sorted[sorted.length - 1 - i], values[i]);
    }
  }

  /** One input in half a million; loss and its mirror image alike, so that no identity gives it away. */
  @ParameterizedTest
  @ValueSource(floats = {3.25f, -3.25f, 1e-20f, -87.5f})
  void oneLossTwoFloatsOffIsFound(float near) {
    float logit = Math.copySign(swept(Math.abs(near)), near);
    Certificate certificate =
        spoilt(
            (x, t, results) -> {
              if (x == (t == 0 ? logit : -logit)) {
                results[0] = Math.nextUp(Math.nextUp(results[0]));
              }
            });
    expectFault(certificate, "loss at %a".formatted(logit), "ULP from the truth", "declared bound is");
    assertEquals(0, identity(certificate, 0, "target_1_is_the_mirror_image").get("violations").getAsLong());
  }

  @Test
  void aFaultOfTarget1AloneIsFound() {
    float logit = swept(0.3f);
    Certificate certificate =
        spoilt(
            (x, t, results) -> {
              if (x == logit && t == 1) {
                results[1] = Math.nextUp(results[1]);
              }
            });
    expectFault(certificate, "logits_gradient with target 1", "at 1 logits", "%a".formatted(logit));
  }

  @Test
  void aNegativeZeroIsFound() {
    expectFault(
        spoilt((x, t, results) -> results[0] = results[0] == 0 ? -0f : results[0]), "loss", "out of its range or has the wrong zero");
  }

  @Test
  void aNanAtAFiniteLogitIsFound() {
    float logit = swept(2);
    expectFault(spoilt((x, t, results) -> results[0] = x == logit ? Float.NaN : results[0]), "loss at %a".formatted(logit), "NaN");
  }

  @Test
  void aGradientAbove1IsFound() {
    Certificate certificate = spoilt((x, t, results) -> results[1] = results[1] == 1 ? Math.nextUp(1f) : results[1]);
    assertTrue(identity(certificate, 1, "range_and_sign").get("violations").getAsLong() > 0);
    assertEquals(Certificate.FAILED, certificate.verdict());
  }

  @Test
  void aWrongOrderIsCountedAndMeasured() {
    float logit = swept(40);
    Certificate certificate =
        spoilt((x, t, results) -> results[0] = x == logit && t == 0 ? results[0] * 0.5f : results[0]);
    JsonObject order = identity(certificate, 0, "order_of_neighbours");
    assertTrue(order.get("violations").getAsLong() >= 1);
    assertTrue(order.get("largest_ulp").getAsLong() > 1 << 20, order.toString());
  }

  @Test
  void aWrongSpecialValueIsFound() {
    expectFault(
        spoilt((x, t, results) -> results[1] = x != x ? 0 : results[1]), "logits_gradient breaks the rule of special values");
  }

  @Test
  void whatIsCutShortIsNoProof() {
    long begin = System.nanoTime();
    Sweeps.Outcome outcome =
        Sweeps.run(
            "bce_with_logits", Kernels.require("scalar"), 1, 2, null, folder, () -> System.nanoTime() - begin > 300_000_000, done -> {});
    assertEquals(Certificate.UNDECIDED, outcome.certificate().verdict());
    JsonObject row = outcome.certificate().rows().getFirst();
    assertFalse(row.get("complete").getAsBoolean());
    assertTrue(row.get("finite_inputs").getAsLong() > 0);
    assertTrue(row.get("sums_sha256").isJsonNull());
    assertTrue(Files.exists(outcome.file()));
  }

  @Test
  void aFaultFoundBeforeTheEndStaysOne() {
    long begin = System.nanoTime();
    Certificate certificate =
        Sweeps.run(
                "bce_with_logits",
                Spoilt.elements((x, t, results) -> results[0] *= 1.01f),
                1,
                2,
                null,
                folder,
                () -> System.nanoTime() - begin > 300_000_000,
                done -> {})
            .certificate();
    expectFault(certificate, "loss");
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void crossEntropyHasNoFault(String kernel) {
    Certificate certificate = Sweeps.run("cross_entropy", Kernels.require(kernel), 100, 2, null, folder, () -> false, done -> {}).certificate();
    assertNull(certificate.fault());
    assertEquals(Certificate.UNDECIDED, certificate.verdict());
    assertTrue(certificate.rows().getFirst().get("rows").getAsLong() > 10_000);
    assertTrue(certificate.rows().getFirst().get("sampled").getAsBoolean());
  }

  @Test
  void faultsOfCrossEntropyAreFound() {
    KernelProvider sloppy = new Spoilt(call -> {}, call -> call.loss.array[call.loss.offset] *= 1 + 0x1p-20f);
    expectFault(crossEntropy(sloppy), "loss is", "ULP from the truth");
    KernelProvider unsigned =
        new Spoilt(
            call -> {},
            call -> {
              int at = call.logitsGradient.at(0, (int) call.target.array[call.target.at(0, 0)]);
              call.logitsGradient.array[at] = Math.abs(call.logitsGradient.array[at]);
            });
    assertEquals(Certificate.FAILED, crossEntropy(unsigned).verdict());
    assertNotNull(crossEntropy(unsigned).fault());
  }

  private Certificate crossEntropy(KernelProvider kernel) {
    return Sweeps.run("cross_entropy", kernel, 100, 2, null, folder, () -> false, done -> {}).certificate();
  }
}
