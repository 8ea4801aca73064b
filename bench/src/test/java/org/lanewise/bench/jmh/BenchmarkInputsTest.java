package org.lanewise.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lanewise.kernels.spi.Operation;

class BenchmarkInputsTest {
  private static final int MANY = 200_000;

  private static double mean(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).average().orElseThrow();
  }

  @Test
  void normalLogitsHaveVarianceNineAndTargetsAreFair() {
    BenchmarkInputs<float[]> inputs = BenchmarkInputs.bceWithLogits("normal", MANY, 1);

    double mean = mean(inputs.logits());
    double variance =
        IntStream.range(0, MANY).mapToDouble(i -> Math.pow(inputs.logits()[i] - mean, 2)).average().orElseThrow();
    // Five standard errors of each.
    assertEquals(0, mean, 5 * 3 / Math.sqrt(MANY));
    assertEquals(9, variance, 5 * 9 * Math.sqrt(2.0 / MANY));
    assertEquals(0.5, mean(inputs.target()), 5 * 0.5 / Math.sqrt(MANY));
  }

  @Test
  void theSameValuesAreDrawnEveryTimeAndForEveryLength() {
    BenchmarkInputs<long[]> inputs = BenchmarkInputs.crossEntropy("normal", MANY / 10, 10);
    BenchmarkInputs<long[]> again = BenchmarkInputs.crossEntropy("normal", MANY / 10, 10);
    BenchmarkInputs<long[]> shorter = BenchmarkInputs.crossEntropy("normal", 5, 10);

    assertArrayEquals(inputs.logits(), again.logits());
    assertArrayEquals(inputs.target(), again.target());
    assertEquals(inputs.logits()[49], shorter.logits()[49]);
    assertTrue(IntStream.range(0, MANY / 10).allMatch(i -> inputs.target()[i] >= 0 && inputs.target()[i] < 10));
    assertEquals(10, IntStream.range(0, 500).mapToObj(i -> inputs.target()[i]).distinct().count());
  }

  @Test
  void everySecondExtremeLogitIsReplacedInTurn() {
    float[] normal = BenchmarkInputs.bceWithLogits("normal", 20, 1).logits();
    float[] extreme = BenchmarkInputs.bceWithLogits("extreme", 20, 1).logits();
    float[] turn = {20f, -20f, 100f, -100f, 1e4f, -1e4f, 0f, -0f, 20f, -20f};
    for (int i = 0; i < 10; i++) {
      assertEquals(normal[2 * i], extreme[2 * i]);
      assertEquals(turn[i], extreme[2 * i + 1]);
    }
  }

  @Test
  void trainedRowsAreTiled() {
    TrainedLogits trained = TrainedLogits.load(Operation.BCE_WITH_LOGITS);
    int batch = trained.rows() + 1;
    BenchmarkInputs<float[]> inputs = BenchmarkInputs.bceWithLogits("trained", batch, trained.classes());

    assertEquals(4, trained.classes());
    for (int i = 0; i < inputs.logits().length; i++) {
      assertEquals(trained.logits()[i % trained.logits().length], inputs.logits()[i]);
      assertEquals(trained.target()[i % trained.logits().length], inputs.target()[i]);
    }
  }

  @Test
  void trainedRowsArePaddedBelowTheirSmallestLogit() {
    TrainedLogits trained = TrainedLogits.load(Operation.CROSS_ENTROPY);
    BenchmarkInputs<long[]> inputs = BenchmarkInputs.crossEntropy("trained", 3, 12);

    assertEquals(10, trained.classes());
    for (int row = 0; row < 3; row++) {
      float smallest = Float.POSITIVE_INFINITY;
      for (int c = 0; c < 10; c++) {
        assertEquals(trained.logits()[row * 10 + c], inputs.logits()[row * 12 + c]);
        smallest = Math.min(smallest, trained.logits()[row * 10 + c]);
      }
      assertEquals(smallest - 2, inputs.logits()[row * 12 + 10]);
      assertEquals(smallest - 2, inputs.logits()[row * 12 + 11]);
      assertEquals((long) trained.target()[row], inputs.target()[row]);
    }
    float[] target = BenchmarkInputs.bceWithLogits("trained", 2, 6).target();
    assertEquals(0, target[4] + target[5] + target[10] + target[11], "what pads a row is no label of it");
  }

  @Test
  void whatCannotBeDrawnIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> BenchmarkInputs.bceWithLogits("odd", 1, 1));
    assertThrows(IllegalArgumentException.class, () -> BenchmarkInputs.bceWithLogits("trained", 1, 3));
  }
}
