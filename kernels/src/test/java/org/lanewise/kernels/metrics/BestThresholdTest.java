package org.lanewise.kernels.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.lanewise.kernels.metrics.Errors.assertRefused;

import org.junit.jupiter.api.Test;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

class BestThresholdTest {
  private static Tensor scores(double... values) {
    return Tensor.of(values, values.length);
  }

  private static Tensor target(long... values) {
    return Tensor.of(values, values.length);
  }

  @Test
  void separatesClasses() {
    Tensor scores = scores(-3, 0.25, 2, -0.5);
    BestThreshold best = BestThreshold.ofF1(scores, target(0, 1, 1, 0));
    assertEquals(new BestThreshold(0.25, 1), best);
    assertArrayEquals(new long[] {0, 1, 1, 0}, best.predictions(scores).longs());
  }

  @Test
  void f1IsThatOfItsPredictions() {
    Tensor scores = scores(0.1, 0.4, 0.35, 0.8, 0.4, 0.7);
    Tensor target = target(0, 0, 1, 1, 1, 0);
    BestThreshold best = BestThreshold.ofF1(scores, target);
    assertEquals(new BestThreshold(0.35, 0.75), best);
    assertEquals(0.75, LabelScores.of(best.predictions(scores), target, ZeroDivision.ZERO, 1).average(Average.MICRO).f1());
  }

  @Test
  void lowestOfEquallyGood() {
    // F1 is 2/3 both at 0.9, with one of two found, and at 0.1, with all four taken for 1.
    assertEquals(
        new BestThreshold(0.1, 2.0 / 3), BestThreshold.ofF1(scores(0.9, 0.5, 0.3, 0.1), target(1, 0, 0, 1)));
  }

  @Test
  void equalScoresArePredictedTogether() {
    assertEquals(new BestThreshold(0.5, 0.8), BestThreshold.ofF1(scores(0.5, 0.5, 0.5), target(1, 0, 1)));
    Tensor zeros = scores(0.0, -0.0);
    assertArrayEquals(new long[] {1, 1}, BestThreshold.ofF1(zeros, target(1, 1)).predictions(zeros).longs());
  }

  @Test
  void onePositiveClass() {
    assertEquals(new BestThreshold(0.2, 1), BestThreshold.ofF1(scores(0.9, 0.2), target(1, 1)));
  }

  @Test
  void infiniteScoresHaveAnOrder() {
    double infinity = Double.POSITIVE_INFINITY;
    assertEquals(
        new BestThreshold(infinity, 1), BestThreshold.ofF1(scores(infinity, -infinity, 5), target(1, 0, 0)));
  }

  @Test
  void predictsNothingOfNothing() {
    assertEquals(0, new BestThreshold(0.5, 1).predictions(Tensor.zeros(DType.FLOAT16, 0, 2)).numel());
  }

  @Test
  void refusesWhatHasNoThreshold() {
    assertRefused("holds no 1", () -> BestThreshold.ofF1(scores(0.1, 0.2), target(0, 0)));
    assertRefused("Score 1 is NaN", () -> BestThreshold.ofF1(scores(0.1, Double.NaN), target(0, 1)));
    assertRefused("Score 0 is NaN", () -> new BestThreshold(0.5, 1).predictions(scores(Double.NaN)));
    assertRefused("The scores are int64", () -> BestThreshold.ofF1(target(0, 1), target(0, 1)));
    assertRefused("Element 1 of the target is 2", () -> BestThreshold.ofF1(scores(0.1, 0.2), target(0, 2)));
    assertRefused("shape [1] and the target [2]", () -> BestThreshold.ofF1(scores(0.1), target(0, 1)));
    assertRefused("empty", () -> BestThreshold.ofF1(scores(), target()));
  }
}
