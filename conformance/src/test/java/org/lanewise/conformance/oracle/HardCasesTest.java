package org.lanewise.conformance.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.conformance.oracle.Logistic.Function;
import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.kernels.Activations;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The inputs that sweeps over all logits found worst for a kernel, and hardest to round, in every run of the tests. */
class HardCasesTest {
  /** The bound of what has no kernel and no declaration. */
  private static final double FRONT_DOOR_ULP = 1;

  private record HardCase(String kind, float logit, float rounded) {}

  private static List<HardCase> read(String name) {
    String file = "/lanewise/reference-data/hard/%s.txt".formatted(name);
    try (InputStream in = HardCasesTest.class.getResourceAsStream(file)) {
      List<HardCase> cases =
          new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#"))
              .map(line -> line.split(" "))
              .map(w -> new HardCase(w[0], bits(w[1]), bits(w[2])))
              .toList();
      assertEquals(1000, cases.stream().filter(c -> c.kind.equals("worst")).count(), name);
      assertEquals(1000, cases.stream().filter(c -> c.kind.equals("hardest")).count(), name);
      return cases;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static float bits(String hex) {
    return Float.intBitsToFloat(Integer.parseUnsignedInt(hex, 16));
  }

  private static float[] logits(List<HardCase> cases, int sign) {
    float[] logits = new float[cases.size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = sign * cases.get(i).logit;
    }
    return logits;
  }

  /** Compares with the oracle, and the stored result with the oracle's. */
  private static void judge(String name, Function function, int sign, List<HardCase> cases, float[] got, double bound) {
    for (int i = 0; i < got.length; i++) {
      HardCase c = cases.get(i);
      DoubleDouble truth = Logistic.exact(function, sign * c.logit);
      assertEquals(sign * c.rounded, truth.toFloat(), 0f, () -> "stored result of " + name + " " + c);
      double error = Math.abs(truth.minus(sign * got[i])) / Ulp.of(truth.hi(), DType.FLOAT32);
      assertTrue(error <= bound, () -> "%s at %a: %s ULP, the bound is %s".formatted(name, c.logit, error, bound));
      if (c.kind.equals("hardest")) {
        double distance = Logistic.ulpFromMidpoint(truth);
        assertTrue(distance < Logistic.UNDECIDED_ULP, () -> "%s at %a is %s ULP from a midpoint".formatted(name, c.logit, distance));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void bceWithLogits(String id) {
    Declaration declared =
        Kernels.require(id).declarations().stream()
            .filter(d -> d.operation() == Operation.BCE_WITH_LOGITS && d.dtype() == DType.FLOAT32)
            .findFirst()
            .orElseThrow();
    BceWithLogits door = BceWithLogits.on(Kernels.require(id)).reduction(Reduction.NONE);
    for (String output : List.of("loss", "logits_gradient")) {
      boolean loss = output.equals("loss");
      List<HardCase> cases = read("bce_with_logits." + output);
      int n = cases.size();
      float[][] zero = {new float[n], new float[n]};
      float[][] one = {new float[n], new float[n]};
      float[] ones = new float[n];
      Arrays.fill(ones, 1);
      door.elementwise(logits(cases, 1), new float[n], 1, n, zero[0], zero[1]);
      door.elementwise(logits(cases, -1), ones, 1, n, one[0], one[1]);
      float[] got = zero[loss ? 0 : 1];
      float[] mirrored = one[loss ? 0 : 1];
      judge(
          output,
          loss ? Function.SOFTPLUS : Function.SIGMOID,
          1,
          cases,
          got,
          loss ? declared.lossUlp() : declared.gradientUlp());
      for (int i = 0; i < n; i++) {
        assertEquals(
            Float.floatToRawIntBits(loss ? got[i] : -got[i]), Float.floatToRawIntBits(mirrored[i]), "target 1 at the negative");
      }
    }
  }

  @Test
  void activations() {
    List<HardCase> sigmoid = read("sigmoid");
    judge(
        "sigmoid",
        Function.SIGMOID,
        1,
        sigmoid,
        Activations.sigmoid(Tensor.of(logits(sigmoid, 1), sigmoid.size())).floats(),
        FRONT_DOOR_ULP);
    List<HardCase> logSigmoid = read("log_sigmoid"); // the negated softplus of the negative
    judge(
        "log_sigmoid",
        Function.SOFTPLUS,
        -1,
        logSigmoid,
        Activations.logSigmoid(Tensor.of(logits(logSigmoid, 1), logSigmoid.size())).floats(),
        FRONT_DOOR_ULP);
  }
}
