package org.lanewise.kernels.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.lanewise.kernels.metrics.Errors.assertRefused;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

class LabelScoresTest {
  private static Tensor classes(long... values) {
    return Tensor.of(values, values.length);
  }

  private static Tensor labels(int columns, long... values) {
    return Tensor.of(values, values.length / columns, columns);
  }

  @Test
  void labelsAreThoseThatOccur() {
    LabelScores scores = LabelScores.of(classes(7, -1, 7, 2), classes(7, -1, 2, 2));
    assertArrayEquals(new long[] {-1, 2, 7}, scores.labels());
    assertEquals(
        List.of(new Scores(1, 1, 1, 1), new Scores(1, 0.5, 2.0 / 3, 2), new Scores(0.5, 1, 2.0 / 3, 1)), scores.scores());
  }

  @Test
  void averagesOfClasses() {
    LabelScores scores = LabelScores.of(classes(7, -1, 7, 2), classes(7, -1, 2, 2));
    assertEquals(new Scores(0.75, 0.75, 0.75, 4), scores.average(Average.MICRO));
    assertEquals(2.5 / 3, scores.average(Average.MACRO).precision());
    assertEquals((1 + 2 + 0.5) / 4, scores.average(Average.WEIGHTED).precision());
    assertRefused("samples average", () -> scores.average(Average.SAMPLES));
  }

  @Test
  void oneClass() {
    LabelScores scores = LabelScores.of(classes(3, 3), classes(3, 3));
    assertEquals(List.of(new Scores(1, 1, 1, 2)), scores.scores());
    for (Average average : List.of(Average.MICRO, Average.MACRO, Average.WEIGHTED)) {
      assertEquals(new Scores(1, 1, 1, 2), scores.average(average));
    }
  }

  @Test
  void columnOfMatrixIsTakenForClasses() {
    LabelScores scores = LabelScores.of(labels(1, 0, 1, 1), labels(1, 0, 1, 0));
    assertArrayEquals(new long[] {0, 1}, scores.labels());
  }

  @ParameterizedTest
  @EnumSource(ZeroDivision.class)
  void zeroDivisionOfLabelsThatDoNotOccur(ZeroDivision zero) {
    // Column 0 is never predicted, column 1 never the target, column 2 neither.
    LabelScores scores = LabelScores.of(labels(3, 0, 1, 0, 0, 0, 0), labels(3, 1, 0, 0, 0, 0, 0), zero);
    double z = zero.value();
    assertEquals(
        List.of(new Scores(z, 0, 0, 1), new Scores(0, z, 0, 0), new Scores(z, z, z, 0)), scores.scores());
    boolean nan = zero == ZeroDivision.NAN;
    // NaN is left out of means. Row 1 has neither predictions nor targets.
    assertEquals(nan ? 0 : 2 * z / 3, scores.average(Average.MACRO).precision());
    assertEquals(nan ? 0 : z / 3, scores.average(Average.MACRO).f1());
    assertEquals(nan ? 0 : z / 2, scores.average(Average.SAMPLES).f1());
    // The only label with support has no precision. Without it nothing has a weight, and the plain mean is taken.
    assertEquals(nan ? 0 : z, scores.average(Average.WEIGHTED).precision());
    assertEquals(new Scores(0, 0, 0, 1), scores.average(Average.MICRO));
  }

  @Test
  void meanOfNothingButNanIsNan() {
    LabelScores scores = LabelScores.of(labels(2, 0, 0), labels(2, 0, 0), ZeroDivision.NAN);
    Scores nan = new Scores(Double.NaN, Double.NaN, Double.NaN, 0);
    for (Average average : Average.values()) {
      assertEquals(nan, scores.average(average));
    }
  }

  @Test
  void namedLabelsNeedNotOccur() {
    LabelScores scores = LabelScores.of(classes(0, 1, 1), classes(0, 1, 0), ZeroDivision.ONE, 5, 1);
    assertArrayEquals(new long[] {5, 1}, scores.labels());
    assertEquals(List.of(new Scores(1, 1, 1, 0), new Scores(0.5, 1, 2.0 / 3, 1)), scores.scores());
    assertEquals(new Scores(0.5, 1, 2.0 / 3, 1), scores.average(Average.MICRO));
  }

  @Test
  void namedColumns() {
    LabelScores scores = LabelScores.of(labels(3, 1, 0, 1), labels(3, 1, 1, 1), ZeroDivision.ZERO, 2, 1);
    assertEquals(List.of(new Scores(1, 1, 1, 1), new Scores(0, 0, 0, 1)), scores.scores());
    assertEquals(new Scores(1, 0.5, 2.0 / 3, 2), scores.average(Average.SAMPLES));
  }

  @Test
  void manyLabelsAreAddedInPairs() {
    long[] prediction = new long[600];
    long[] target = new long[600];
    for (int i = 0; i < 600; i++) {
      prediction[i] = i * 7 % 5 < 2 ? 1 : 0;
      target[i] = i * 11 % 6 < 3 ? 1 : 0;
    }
    Scores samples = LabelScores.of(labels(2, prediction), labels(2, target)).average(Average.SAMPLES);
    assertEquals(0.31111111111111106, samples.f1(), "numpy's mean; from left to right it is 0.31111111111111134");
  }

  @Test
  void takesFloatingPointTargets() {
    Tensor target = Tensor.of(new float[] {1, 0, 1, 1}, 2, 2);
    assertEquals(new Scores(1, 1, 1, 3), LabelScores.of(target.to(DType.BOOL), target).average(Average.MICRO));
  }

  @Test
  void callerMayChangeItsArrays() {
    long[] named = {0, 1};
    LabelScores scores = LabelScores.of(classes(0, 1), classes(0, 1), ZeroDivision.ZERO, named);
    named[0] = 9;
    scores.labels()[1] = 9;
    assertArrayEquals(new long[] {0, 1}, scores.labels());
  }

  @Test
  void refusesWhatHasNoScores() {
    Tensor empty = classes();
    assertRefused("empty", () -> LabelScores.of(empty, empty));
    assertRefused("shape [2] and the target [3]", () -> LabelScores.of(classes(1, 2), classes(1, 2, 3)));
    Tensor cube = Tensor.zeros(DType.INT64, 1, 2, 3);
    assertRefused("shape [1, 2, 3]", () -> LabelScores.of(cube, cube));
    assertRefused("Element 1 of the prediction is 2", () -> LabelScores.of(labels(2, 0, 2), labels(2, 0, 1)));
    Tensor scores = Tensor.of(new float[] {0, 0.75f}, 2);
    assertRefused("Element 1 of the prediction is 0.75", () -> LabelScores.of(scores, classes(0, 1)));
    Tensor nan = Tensor.of(new double[] {Double.NaN, 1}, 2);
    assertRefused("Element 0 of the target is NaN", () -> LabelScores.of(classes(0, 1), nan));
    assertRefused("twice", () -> LabelScores.of(classes(0), classes(0), ZeroDivision.ZERO, 1, 1));
    assertRefused(
        "no label 2 among 2 columns", () -> LabelScores.of(labels(2, 0, 1), labels(2, 0, 1), ZeroDivision.ZERO, 2));
    assertRefused("There is no average 'binary'", () -> Average.of("binary"));
  }
}
