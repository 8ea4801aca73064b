package org.lanewise.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.lanewise.bench.jmh.Close.assertClose;
import static org.lanewise.bench.jmh.Close.assertSameBits;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is timed computes the right numbers, and every kernel the same. */
class CrossEntropyBenchmarkTest {
  /** Rows held against float64; all rows are held against the other kernel. */
  private static final int CHECKED_ROWS = 500;

  private record Outcome(float forward, float[] losses, float[] gradient) {}

  static List<Map<String, String>> parameters() {
    return Params.combinationsWithout("kernel", CrossEntropyBenchmark.class);
  }

  @ParameterizedTest
  @MethodSource("parameters")
  void everyKernelComputesTheTruthInTheSameBits(Map<String, String> parameters) throws ReflectiveOperationException {
    Outcome first = null;
    for (String kernel : Params.values("kernel", CrossEntropyBenchmark.class)) {
      CrossEntropyBenchmark benchmark = new CrossEntropyBenchmark();
      Params.set(benchmark, parameters);
      benchmark.kernel = kernel;
      benchmark.setUp();
      CrossEntropyBenchmark.Gradient gradient = new CrossEntropyBenchmark.Gradient();
      gradient.setUp(benchmark);

      float forward = benchmark.forward();
      float[] losses = benchmark.losses().clone();
      assertEquals(forward, benchmark.forwardBackward(gradient), "forwardBackward gives the loss of forward");
      assertSameBits(losses, benchmark.losses(), "losses of forwardBackward");
      Outcome outcome = new Outcome(forward, losses, gradient.logits);
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
  private static void assertTrue(CrossEntropyBenchmark benchmark, Outcome outcome) {
    BenchmarkInputs<long[]> inputs = benchmark.inputs();
    int classes = benchmark.classes;
    assertEquals(benchmark.batch * classes, inputs.logits().length);
    assertEquals(benchmark.batch, inputs.target().length);
    double scale = benchmark.reduction.equals("mean") ? 1.0 / benchmark.batch : 1;
    double sum = 0;
    double last = 0;
    for (int row = 0; row < benchmark.batch; row++) {
      double[] softmax = new double[classes];
      int target = (int) inputs.target()[row];
      last = loss(inputs.logits(), row * classes, target, softmax);
      sum += last;
      if (row >= CHECKED_ROWS) {
        continue;
      }
      if (benchmark.reduction.equals("none")) {
        assertClose(last, outcome.losses[row], "loss " + row);
      }
      // softmax − 1 at the target, without the cancellation: minus what the others have.
      softmax[target] = 0;
      softmax[target] = -Arrays.stream(softmax).sum();
      for (int c = 0; c < classes; c++) {
        assertClose(softmax[c] * scale, outcome.gradient[row * classes + c], "gradient of row " + row + ", class " + c);
      }
    }
    assertClose(benchmark.reduction.equals("none") ? last : sum * scale, outcome.forward, "result");
  }

  /** The loss of a row; fills in its softmax. */
  private static double loss(float[] logits, int start, int target, double[] softmax) {
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < softmax.length; c++) {
      max = Math.max(max, logits[start + c]);
    }
    double sum = 0;
    double others = 0;
    for (int c = 0; c < softmax.length; c++) {
      softmax[c] = Math.exp(logits[start + c] - max);
      sum += softmax[c];
      others += c == target ? 0 : softmax[c];
    }
    for (int c = 0; c < softmax.length; c++) {
      softmax[c] /= sum;
    }
    // Where the target leads, ln(sum) is ln(1 + others), and the 1 would swallow small others.
    return logits[start + target] == max ? Math.log1p(others) : max - logits[start + target] + Math.log(sum);
  }
}
