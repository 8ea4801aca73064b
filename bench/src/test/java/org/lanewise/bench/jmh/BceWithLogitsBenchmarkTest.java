package org.lanewise.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.lanewise.bench.jmh.Close.assertClose;
import static org.lanewise.bench.jmh.Close.assertSameBits;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is timed computes the right numbers, and every kernel the same. */
class BceWithLogitsBenchmarkTest {
  private record Outcome(float forward, float[] losses, float forwardBackward, float[] gradient) {}

  static List<Map<String, String>> parameters() {
    return Params.combinationsWithout("kernel", BceWithLogitsBenchmark.class);
  }

  @ParameterizedTest
  @MethodSource("parameters")
  void everyKernelComputesTheTruthInTheSameBits(Map<String, String> parameters) throws ReflectiveOperationException {
    Outcome first = null;
    for (String kernel : Params.values("kernel", BceWithLogitsBenchmark.class)) {
      BceWithLogitsBenchmark benchmark = new BceWithLogitsBenchmark();
      Params.set(benchmark, parameters);
      benchmark.kernel = kernel;
      benchmark.setUp();
      BceWithLogitsBenchmark.Gradient gradient = new BceWithLogitsBenchmark.Gradient();
      gradient.setUp(benchmark);

      float forward = benchmark.forward();
      float[] losses = benchmark.losses().clone();
      Outcome outcome = new Outcome(forward, losses, benchmark.forwardBackward(gradient), gradient.logits);

      assertEquals(forward, outcome.forwardBackward, "forwardBackward gives the loss of forward");
      assertSameBits(losses, benchmark.losses(), "losses of forwardBackward");
      if (first == null) {
        assertTrue(benchmark, outcome);
        first = outcome;
      } else {
        assertEquals(first.forward, forward, kernel);
        assertSameBits(first.losses, losses, kernel + " losses");
        assertSameBits(first.gradient, outcome.gradient, kernel + " gradient");
      }
    }
  }

  /** The formulas once more, in float64. */
  private static void assertTrue(BceWithLogitsBenchmark benchmark, Outcome outcome) {
    float[] logits = benchmark.inputs().logits();
    float[] target = benchmark.inputs().target();
    assertEquals(benchmark.batch * benchmark.classes, logits.length);
    double scale = benchmark.reduction.equals("mean") ? 1.0 / logits.length : 1;
    double sum = 0;
    double last = 0;
    for (int i = 0; i < logits.length; i++) {
      double x = logits[i];
      boolean positive = target[i] == 1;
      double z = positive ? -x : x; // the loss is softplus(z), its slope ±sigmoid(z)
      last = Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
      sum += last;
      double sigmoid = z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
      assertClose((positive ? -sigmoid : sigmoid) * scale, outcome.gradient[i], "gradient of logit " + i + ", " + x);
      if (benchmark.reduction.equals("none")) {
        assertClose(last, outcome.losses[i], "loss " + i);
      }
    }
    assertClose(benchmark.reduction.equals("none") ? last : sum * scale, outcome.forward, "result");
  }
}
