package org.lanewise.kernels.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.lanewise.kernels.metrics.Errors.assertRefused;

import org.junit.jupiter.api.Test;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

class AccuracyTest {
  private static final Tensor PREDICTION = Tensor.of(new long[] {1, 0, 1, 1, 0, 0}, 2, 3);
  private static final Tensor TARGET = Tensor.of(new float[] {1, 0, 1, 1, 1, 1}, 2, 3);

  @Test
  void countsElementsAndRows() {
    assertEquals(4.0 / 6, Accuracy.of(PREDICTION, TARGET));
    assertEquals(2.0 / 6, Accuracy.hammingLoss(PREDICTION, TARGET));
    assertEquals(0.5, Accuracy.exactMatch(PREDICTION, TARGET));
    assertEquals(4.0 / 6, Accuracy.exactMatch(PREDICTION.reshape(-1), TARGET.reshape(-1)));
  }

  @Test
  void singleValue() {
    Tensor one = Tensor.scalar(1);
    assertEquals(1, Accuracy.of(one, one));
    assertEquals(0, Accuracy.hammingLoss(one, one));
    assertRefused("has no rows", () -> Accuracy.exactMatch(one, one));
  }

  @Test
  void comparesLargeIntegersExactly() {
    Tensor a = Tensor.of(new long[] {1L << 53}, 1);
    Tensor b = Tensor.of(new long[] {(1L << 53) + 1}, 1);
    assertEquals(0, Accuracy.of(a, b));
  }

  @Test
  void nanAndSoftTargetsAreNeverRight() {
    Tensor values = Tensor.of(new float[] {Float.NaN, 0.3f}, 2);
    assertEquals(0, Accuracy.of(Tensor.of(new long[] {0, 0}, 2), values));
  }

  @Test
  void refusesWhatHasNoAccuracy() {
    Tensor column = Tensor.of(new long[] {1, 0}, 2, 1);
    Tensor row = Tensor.of(new long[] {1, 0}, 2);
    assertRefused("shape [2, 1] and the target [2]", () -> Accuracy.of(column, row));
    assertRefused("shape [2, 1] and the target [2]", () -> Accuracy.hammingLoss(column, row));
    Tensor empty = Tensor.zeros(DType.INT64, 0, 3);
    assertRefused("empty", () -> Accuracy.of(empty, empty));
    assertRefused("empty", () -> Accuracy.exactMatch(empty, empty));
    assertRefused("empty", () -> Accuracy.hammingLoss(empty, empty));
  }
}
