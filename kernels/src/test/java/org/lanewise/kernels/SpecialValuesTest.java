package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.lanewise.kernels.tensor.Tensor;

/** NaN and infinity come out where PyTorch lets them out, in losses and in gradients; finite values are the truth. */
class SpecialValuesTest {
  static final List<String> IDS = Samples.IDS;

  private static final float INF = Float.POSITIVE_INFINITY;
  private static final float NAN = Float.NaN;
  private static final float TINY = Float.MIN_VALUE;
  private static final float MAX = Float.MAX_VALUE;
  private static final float LN2 = 0.6931472f;

  private record Element(float x, float t, float loss, float gradient) {}

  private static final List<Element> ELEMENTS =
      List.of(
          new Element(0f, 0, LN2, 0.5f),
          new Element(-0f, 0, LN2, 0.5f),
          new Element(0f, 1, LN2, -0.5f),
          new Element(-0f, 1, LN2, -0.5f),
          new Element(0f, 0.5f, LN2, 0),
          new Element(TINY, 0, LN2, 0.5f),
          new Element(-TINY, 1, LN2, -0.5f),
          new Element(1, 0, 1.3132617f, 0.7310586f),
          new Element(1, 1, 0.3132617f, -0.26894143f),
          new Element(1, 0.5f, 0.8132617f, 0.23105858f),
          new Element(-1, 0, 0.3132617f, 0.26894143f),
          new Element(-10, 0, 4.539890e-5f, 4.5397868e-5f),
          new Element(10, 1, 4.539890e-5f, -4.5397868e-5f),
          new Element(-20, 0, 2.0611537e-9f, 2.0611537e-9f),
          new Element(20, 1, 2.0611537e-9f, -2.0611537e-9f),
          new Element(-100, 0, 27 * TINY, 27 * TINY),
          new Element(100, 1, 27 * TINY, -27 * TINY),
          new Element(100, 0, 100, 1),
          new Element(-100, 1, 100, -1),
          new Element(1e4f, 0, 1e4f, 1),
          new Element(1e4f, 1, 0, -0f),
          new Element(-1e4f, 0, 0, 0),
          new Element(-1e4f, 1, 1e4f, -1),
          new Element(1e4f, 0.5f, 5e3f, 0.5f),
          new Element(MAX, 0, MAX, 1),
          new Element(MAX, 1, 0, -0f),
          new Element(MAX, 0.5f, MAX / 2, 0.5f),
          new Element(-MAX, 0, 0, 0),
          new Element(-MAX, 1, MAX, -1),
          new Element(-MAX, 0.5f, MAX / 2, -0.5f),
          // Infinite logits: losses that have a limit are NaN in PyTorch, but one; gradients are the limits.
          new Element(INF, 0, INF, 1),
          new Element(INF, 1, NAN, -0f),
          new Element(INF, 0.5f, INF, 0.5f),
          new Element(-INF, 0, NAN, 0),
          new Element(-INF, 1, NAN, -1),
          new Element(-INF, 0.5f, NAN, -0.5f),
          // NaN in either operand.
          new Element(NAN, 0, NAN, NAN),
          new Element(NAN, 1, NAN, NAN),
          new Element(NAN, 0.5f, NAN, NAN),
          new Element(0, NAN, NAN, NAN),
          new Element(3, NAN, NAN, NAN),
          new Element(-300, NAN, NAN, NAN),
          new Element(INF, NAN, NAN, NAN),
          new Element(NAN, NAN, NAN, NAN),
          // Targets outside [0, 1] are not refused: the formula holds.
          new Element(2, -1, 4.126928f, 1.880797f),
          new Element(2, 2, -1.8730720f, -1.1192029f),
          new Element(2, 10, -17.873072f, -9.119203f),
          new Element(-2, 2, 4.126928f, -1.880797f),
          new Element(-200, 2, 400, -2));

  @ParameterizedTest
  @FieldSource("IDS")
  void bce(String id) {
    // All in one batch, and each alone: a special value must not reach its neighbours.
    float[] logits = new float[ELEMENTS.size()];
    float[] target = new float[ELEMENTS.size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = ELEMENTS.get(i).x;
      target[i] = ELEMENTS.get(i).t;
    }
    BceWithLogits door = BceWithLogits.on(Samples.provider(id)).reduction(Reduction.NONE);
    float[] loss = new float[logits.length];
    float[] gradient = new float[logits.length];
    door.elementwise(logits, target, logits.length, 1, loss, gradient);
    assertAll(
        Stream.iterate(0, i -> i < loss.length, i -> i + 1)
            .map(
                i ->
                    () -> {
                      Element e = ELEMENTS.get(i);
                      assertValue(e.loss, loss[i], "loss of " + e);
                      assertValue(e.gradient, gradient[i], "gradient of " + e);
                      float[] loneLoss = new float[1];
                      float[] loneGradient = new float[1];
                      door.elementwise(new float[] {e.x}, new float[] {e.t}, 1, 1, loneLoss, loneGradient);
                      Bits.assertSame(loss[i], loneLoss[0], () -> "loss alone of " + e);
                      Bits.assertSame(gradient[i], loneGradient[0], () -> "gradient alone of " + e);
                    }));
  }

  private record Row(float[] x, int t, float loss, float... gradient) {}

  private static final List<Row> ROWS =
      List.of(
          new Row(new float[] {0, 0, 0}, 0, 1.0986123f, -2 / 3f, 1 / 3f, 1 / 3f),
          new Row(new float[] {100, 0, 0}, 0, 53 * TINY, -53 * TINY, 27 * TINY, 27 * TINY),
          new Row(new float[] {100, 0, 0}, 1, 100, 1, -1, 27 * TINY),
          new Row(new float[] {20, 0, 0}, 0, 4.1223074e-9f, -4.1223074e-9f, 2.0611537e-9f, 2.0611537e-9f),
          new Row(new float[] {1e4f, 0, -1e4f}, 0, 0, -0f, 0, 0),
          new Row(new float[] {1e4f, 0, -1e4f}, 1, 1e4f, 1, -1, 0),
          new Row(new float[] {-3e38f, 3e38f, 0}, 0, INF, -1, 1, 0),
          new Row(new float[] {-3e38f, 3e38f, 0}, 1, 0, 0, -0f, 0),
          new Row(new float[] {3e38f, 3e38f, 0}, 0, LN2, -0.5f, 0.5f, 0),
          new Row(new float[] {-INF, 0, 0}, 0, INF, -1, 0.5f, 0.5f),
          new Row(new float[] {-INF, 0, 0}, 1, LN2, 0, -0.5f, 0.5f),
          new Row(new float[] {-INF, -INF, 0}, 2, 0, 0, 0, -0f),
          new Row(new float[] {-INF, -INF, -INF}, 0, NAN, NAN, NAN, NAN),
          new Row(new float[] {INF, 0, 0}, 0, NAN, NAN, NAN, NAN),
          new Row(new float[] {INF, 0, 0}, 1, NAN, NAN, NAN, NAN),
          new Row(new float[] {INF, INF, 0}, 2, NAN, NAN, NAN, NAN),
          new Row(new float[] {INF, -INF, 0}, 2, NAN, NAN, NAN, NAN),
          new Row(new float[] {NAN, 0, 0}, 0, NAN, NAN, NAN, NAN),
          new Row(new float[] {0, NAN, 0}, 0, NAN, NAN, NAN, NAN),
          new Row(new float[] {0, INF, NAN}, 0, NAN, NAN, NAN, NAN),
          new Row(new float[] {-INF, NAN, -INF}, 0, NAN, NAN, NAN, NAN),
          // An ignored row has no loss; its gradient is 0, but NaN where the row has no probabilities.
          new Row(new float[] {1, 2, 3}, -100, 0, 0, 0, 0),
          new Row(new float[] {1, -INF, 3}, -100, 0, 0, 0, 0),
          new Row(new float[] {1, NAN, 3}, -100, 0, NAN, NAN, NAN),
          new Row(new float[] {1, INF, 3}, -100, 0, NAN, NAN, NAN),
          new Row(new float[] {-INF, -INF, -INF}, -100, 0, NAN, NAN, NAN));

  @ParameterizedTest
  @FieldSource("IDS")
  void cross_entropy(String id) {
    CrossEntropy door = CrossEntropy.on(Samples.provider(id)).reduction(Reduction.NONE);
    assertAll(
        ROWS.stream()
            .flatMap(row -> Stream.of(row, widened(row)))
            .map(
                row ->
                    () -> {
                      int classes = row.x.length;
                      // Between two ordinary rows, which must not notice.
                      float[] logits = new float[3 * classes];
                      System.arraycopy(row.x, 0, logits, classes, classes);
                      float[] loss = Samples.poisoned(3);
                      float[] gradient = Samples.poisoned(3 * classes);
                      door.rowwise(logits, new long[] {0, row.t, 0}, 3, classes, loss, gradient);
                      String what = "%s with target %d".formatted(Arrays.toString(row.x), row.t);
                      assertValue(row.loss, loss[1], "loss of " + what);
                      for (int c = 0; c < classes; c++) {
                        assertValue(row.gradient[c], gradient[classes + c], "gradient %d of %s".formatted(c, what));
                      }
                      float uniform = (float) Math.log(classes);
                      assertValue(uniform, loss[0], "the row before " + what);
                      assertValue(uniform, loss[2], "the row after " + what);
                    }));
  }

  /** The same row with classes of no probability up to the width of a vector and beyond. */
  private static Row widened(Row row) {
    int classes = 40;
    float[] x = new float[classes];
    float[] gradient = new float[classes];
    Arrays.fill(x, -INF);
    Arrays.fill(gradient, Float.isNaN(row.gradient[0]) ? NAN : 0);
    System.arraycopy(row.x, 0, x, 0, 3);
    System.arraycopy(row.gradient, 0, gradient, 0, 3);
    return new Row(x, row.t, row.loss, gradient);
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void a_single_class_is_certain(String id) {
    CrossEntropy door = CrossEntropy.on(Samples.provider(id)).reduction(Reduction.NONE);
    float[] loss = new float[4];
    float[] gradient = new float[4];
    door.rowwise(new float[] {5, -MAX, NAN, INF}, new long[4], 4, 1, loss, gradient);
    Bits.assertSame(new float[] {0, 0, NAN, NAN}, loss, () -> "loss");
    assertEquals(0, gradient[0], 0f);
    assertEquals(0, gradient[1], 0f);
    assertEquals(NAN, gradient[2]);
    assertEquals(NAN, gradient[3]);
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void means_and_sums_of_nothing_and_of_ignored_rows(String id) {
    Tensor noLogits = Tensor.of(new float[0], 0, 3);
    BceWithLogits bce = BceWithLogits.on(Samples.provider(id));
    assertEquals(NAN, (float) bce.forward(noLogits, noLogits).item());
    Bits.assertSame(0f, (float) bce.reduction(Reduction.SUM).forward(noLogits, noLogits).item(), () -> "BCE sum of nothing");

    CrossEntropy crossEntropy = CrossEntropy.on(Samples.provider(id));
    Tensor noTarget = Tensor.of(new long[0], 0);
    assertEquals(NAN, (float) crossEntropy.forward(noLogits, noTarget).item());
    Bits.assertSame(
        0f, (float) crossEntropy.reduction(Reduction.SUM).forward(noLogits, noTarget).item(), () -> "CE sum of nothing");

    Tensor logits = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor ignored = Tensor.of(new long[] {-100, -100}, 2);
    LossAndGradient mean = crossEntropy.forwardBackward(logits, ignored);
    assertEquals(NAN, (float) mean.loss().item());
    Bits.assertSame(new float[6], mean.logitsGradient().floats(), () -> "gradient where all rows are ignored");
    Bits.assertSame(
        0f, (float) crossEntropy.reduction(Reduction.SUM).forward(logits, ignored).item(), () -> "sum of ignored rows");

    // One ignored row of two: the mean is the other's loss, and its gradient is not halved.
    Tensor half = Tensor.of(new long[] {-100, 2}, 2);
    LossAndGradient one = crossEntropy.forwardBackward(logits, half);
    assertValue(0.40760595f, (float) one.loss().item(), "mean");
    assertValue(-0.33475912f, one.logitsGradient().floats()[5], "gradient");
    assertEquals(0, one.logitsGradient().floats()[2]);

    // No classes: nothing to choose from, so only ignored rows are allowed.
    Tensor noClasses = Tensor.of(new float[0], 2, 0);
    assertEquals(NAN, (float) crossEntropy.forward(noClasses, ignored).item());
    assertEquals(0f, crossEntropy.reduction(Reduction.NONE).forward(noClasses, ignored).floats()[1]);
  }

  /** NaN, infinity, and zero with its sign as they are; other values within 4 ULP, as the constants here are rounded. */
  private static void assertValue(float expected, float actual, String what) {
    if (Float.isNaN(expected) || Float.isInfinite(expected) || expected == 0) {
      Bits.assertSame(expected, actual, () -> what);
    } else {
      assertEquals(expected, actual, 4 * Math.ulp(expected), what);
    }
  }
}
