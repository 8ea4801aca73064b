package org.lanewise.kernels.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.lanewise.kernels.metrics.Errors.assertRefused;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

class PredictionsTest {
  private static Tensor floats(float... values) {
    return Tensor.of(values, values.length);
  }

  @Test
  void halfIsRoundedToEven() {
    Tensor probabilities = floats(0, 0.5f, Math.nextUp(0.5f), Math.nextDown(0.5f), 1);
    assertArrayEquals(new long[] {0, 0, 1, 0, 1}, Predictions.ofProbabilities(probabilities).longs());
  }

  @Test
  void logitNextToZeroPredictsZero() {
    Tensor logits = floats(0, -0.0f, 1e-45f, 8.94e-8f, 9e-8f, -9e-8f);
    assertArrayEquals(new long[] {0, 0, 0, 0, 1, 0}, Predictions.ofLogits(logits).longs());
  }

  @Test
  void thresholdIsProbability() {
    Tensor logits = floats(0.1f, 0.48f, 0.5f, 3);
    assertArrayEquals(new long[] {1, 1, 1, 1}, Predictions.ofLogits(logits).longs());
    assertArrayEquals(new long[] {0, 0, 1, 1}, Predictions.ofLogits(logits, 0.62).longs());
  }

  @Test
  void thresholdIsRoundedToDtype() {
    // 0.62f is above 0.62, and still no probability above the threshold.
    assertEquals(0, Predictions.ofProbabilities(floats(0.62f), 0.62).item());
    assertEquals(1, Predictions.ofProbabilities(floats(Math.nextUp(0.62f)), 0.62).item());
    assertEquals(1, Predictions.ofProbabilities(Tensor.of(new double[] {0.62f}), 0.62).item());
  }

  @Test
  void extremeThresholds() {
    assertArrayEquals(new long[] {0, 1, 1}, Predictions.ofProbabilities(floats(0, 0.1f, 1), 0).longs());
    assertArrayEquals(new long[] {0, 0, 0}, Predictions.ofProbabilities(floats(0, 0.1f, 1), 1).longs());
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16"})
  void logitsOfEveryDtype(DType dtype) {
    double infinity = Double.POSITIVE_INFINITY;
    Tensor logits = Tensor.of(new double[] {-infinity, -200, -1, 0, 1, infinity}, 2, 3).to(dtype);
    Tensor prediction = Predictions.ofLogits(logits);
    assertArrayEquals(new int[] {2, 3}, prediction.shape());
    assertArrayEquals(new long[] {0, 0, 0, 0, 1, 1}, prediction.longs());
  }

  @Test
  void emptyPredictsNothing() {
    assertArrayEquals(new int[] {0, 3}, Predictions.ofLogits(Tensor.zeros(DType.FLOAT32, 0, 3)).shape());
    assertArrayEquals(new int[] {0}, Predictions.ofClassScores(Tensor.zeros(DType.FLOAT32, 0, 3)).shape());
  }

  @Test
  void largestClassAlongClassDimension() {
    assertEquals(2, Predictions.ofClassScores(floats(1, 2, 3)).item());
    assertArrayEquals(
        new long[] {0, 1}, Predictions.ofClassScores(Tensor.of(new float[] {3, 3, 1, 2}, 2, 2)).longs(), "first of ties");
    Tensor pixels = Predictions.ofClassScores(Tensor.of(new float[] {1, 5, 3, 2, 4, 3}, 1, 2, 3));
    assertArrayEquals(new int[] {1, 3}, pixels.shape());
    assertArrayEquals(new long[] {1, 0, 0}, pixels.longs());
  }

  @Test
  void refusesWhatIsNoProbability() {
    assertRefused("Probability 1 is 2.5", () -> Predictions.ofProbabilities(floats(0.5f, 2.5f)));
    assertRefused("Probability 0 is NaN", () -> Predictions.ofProbabilities(floats(Float.NaN)));
    assertRefused("Logit 0 is NaN", () -> Predictions.ofLogits(floats(Float.NaN)));
    assertRefused("The threshold is 1.5", () -> Predictions.ofLogits(floats(1), 1.5));
    assertRefused("The threshold is NaN", () -> Predictions.ofLogits(floats(1), Double.NaN));
    assertRefused("The logits are int64", () -> Predictions.ofLogits(Tensor.of(new long[] {1}, 1)));
    assertRefused("The probabilities are bool", () -> Predictions.ofProbabilities(Tensor.zeros(DType.BOOL, 1)));
    assertRefused("argmax", () -> Predictions.ofClassScores(Tensor.zeros(DType.FLOAT32, 2, 0)));
  }
}
