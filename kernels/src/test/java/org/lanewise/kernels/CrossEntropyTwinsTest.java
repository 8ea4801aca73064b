package org.lanewise.kernels;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanewise.kernels.Spread.Layout;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.tensor.Tensor;

/** Cross-entropy: {@code vector} gives the bits of {@code scalar}, whatever the shape, the data and the layout. */
class CrossEntropyTwinsTest {
  private static final int[] CLASSES =
      IntStream.concat(
              IntStream.rangeClosed(1, 70), IntStream.of(97, 127, 128, 129, 1000, 1023, 1024, 1025, 2049, 50257))
          .toArray();

  private static final double[] SCALES = {1, 1 / 3.0, -0.75, 1e-6, -1e6};

  private final CrossEntropyKernel<float[]> scalarKernel = Samples.crossEntropy("scalar");
  private final CrossEntropyKernel<float[]> vectorKernel = Samples.crossEntropy("vector");

  @ParameterizedTest
  @EnumSource
  void losses_gradients_sums_and_means_at_every_class_count(Samples.Logits kind) {
    Random random = new Random(kind.ordinal());
    for (int classes : CLASSES) {
      int batch = classes > 10_000 ? 1 : 1 + random.nextInt(40);
      float[] logits = kind.array(batch * classes, random);
      long[] target = Samples.classIndices(batch, classes, random);
      if (random.nextBoolean()) {
        target[random.nextInt(batch)] = -100;
      }
      Supplier<String> what = () -> "%s logits [%d, %d]".formatted(kind, batch, classes);
      Result expected = Result.of("scalar", logits, target, batch, classes);
      Result actual = Result.of("vector", logits, target, batch, classes);
      expected.assertSame(actual, what);
    }
  }

  /** From a large array {@code vector} reads shorter parts of a row. */
  @ParameterizedTest
  @EnumSource
  void logits_too_large_for_a_cache(Samples.Logits kind) {
    Random random = new Random(kind.ordinal());
    for (int classes : new int[] {10, 383, 384, 385, 768, 1000, 2049, 50257}) {
      float[] logits = kind.array(2 * classes, random);
      long[] target = Samples.classIndices(2, classes, random);
      Result expected = Result.of("scalar", logits, target, 2, classes);
      Result actual = Result.of("vector", Arrays.copyOf(logits, 1 << 21), target, 2, classes);
      expected.assertSame(actual, () -> "%s logits [2, %d]".formatted(kind, classes));
    }
  }

  private record Result(
      float[] loss, float[] gradient, float[] lossAlone, float mean, float fusedMean, float sum, float[] meanGradient) {
    static Result of(String id, float[] logits, long[] target, int batch, int classes) {
      CrossEntropy door = CrossEntropy.on(Samples.provider(id));
      float[] loss = Samples.poisoned(batch + 3);
      float[] gradient = Samples.poisoned(batch * classes + 3);
      float[] lossAlone = Samples.poisoned(batch + 3);
      float[] meanGradient = Samples.poisoned(batch * classes + 3);
      door.reduction(Reduction.NONE).rowwise(logits, target, batch, classes, loss, gradient);
      door.reduction(Reduction.NONE).rowwise(logits, target, batch, classes, lossAlone, null);
      float mean = door.forward(logits, target, batch, classes);
      float fusedMean = door.forwardBackward(logits, target, batch, classes, meanGradient);
      float sum = door.reduction(Reduction.SUM).forward(logits, target, batch, classes);
      float[] rest = {Samples.POISON, Samples.POISON, Samples.POISON};
      Bits.assertSame(rest, Arrays.copyOfRange(loss, batch, batch + 3), () -> id + ", beyond the losses");
      Bits.assertSame(
          rest,
          Arrays.copyOfRange(gradient, batch * classes, batch * classes + 3),
          () -> id + ", beyond the gradient");
      return new Result(loss, gradient, lossAlone, mean, fusedMean, sum, meanGradient);
    }

    /** Of forward and forwardBackward, of none and its absence, the losses are the same too. */
    void assertSame(Result actual, Supplier<String> what) {
      Bits.assertSame(loss, actual.loss, () -> "loss, " + what.get());
      Bits.assertSame(gradient, actual.gradient, () -> "gradient, " + what.get());
      Bits.assertSame(meanGradient, actual.meanGradient, () -> "gradient of the mean, " + what.get());
      Bits.assertSame(mean, actual.mean, () -> "mean, " + what.get());
      Bits.assertSame(sum, actual.sum, () -> "sum, " + what.get());
      Bits.assertSame(mean, actual.fusedMean, () -> "mean of forwardBackward, " + what.get());
      Bits.assertSame(loss, actual.lossAlone, () -> "loss without gradient, " + what.get());
    }
  }

  @Test
  void every_layout_gives_the_bits_of_side_by_side_arrays() {
    Random random = new Random(11);
    for (int round = 0; round < 1500; round++) {
      int outer = 1 + random.nextInt(random.nextInt(10) == 0 ? 90 : 6);
      int classes = 1 + random.nextInt(random.nextInt(20) == 0 ? 1200 : 70);
      int inner = random.nextBoolean() ? 1 : 1 + random.nextInt(5);
      int rows = outer * inner;
      Samples.Logits kind = Samples.Logits.values()[random.nextInt(Samples.Logits.values().length)];
      Layout logitsLayout = Layout.forInput(random);
      Layout upstreamLayout = random.nextBoolean() ? Layout.forInput(random) : null;
      Layout lossLayout = random.nextInt(4) > 0 ? Layout.forOutput(random) : null;
      Layout gradientLayout = random.nextInt(4) > 0 ? Layout.forOutput(random) : null;
      double scale = SCALES[random.nextInt(SCALES.length)];
      boolean weighted = random.nextBoolean();
      float[] weight = new float[classes + 3];
      for (int c = 0; c < weight.length; c++) {
        weight[c] = random.nextInt(6) == 0 ? 0 : 2 * random.nextFloat();
      }
      // The ignored index may be a class; others of -100 are covered by the front doors above.
      long ignoreIndex = random.nextBoolean() ? -100 : random.nextInt(classes);
      long[] target = Samples.classIndices(rows, classes, random);
      if (random.nextBoolean()) {
        target[random.nextInt(rows)] = ignoreIndex;
      }
      Spread logits =
          Spread.input(logitsLayout, outer, classes, inner, kind.array(rows * classes, random), random);
      Spread upstream =
          upstreamLayout == null
              ? null
              : Spread.input(upstreamLayout, outer, inner, 1, Samples.Logits.ORDINARY.array(rows, random), random);
      float[] logitsBefore = logits.snapshot();

      CrossEntropyCall<float[]> dense = new CrossEntropyCall<>();
      dense.outer = outer;
      dense.classes = classes;
      dense.inner = inner;
      dense.logits.set(logits.dense(), 0, classes * inner, inner);
      dense.target.set(target, 0, inner, 1);
      dense.upstream.set(upstream == null ? null : upstream.dense(), 0, inner, 1);
      dense.classWeight = weighted ? Arrays.copyOfRange(weight, 2, classes + 2) : null;
      dense.ignoreIndex = ignoreIndex;
      dense.gradientScale = scale;
      dense.loss.set(Samples.poisoned(rows), 0, inner, 1);
      dense.logitsGradient.set(Samples.poisoned(rows * classes), 0, classes * inner, inner);
      scalarKernel.compute(dense);

      // The class indices (n, i) in an array of their own strides.
      int targetRow = random.nextBoolean() ? inner + 2 : 1;
      int targetColumn = targetRow == 1 ? outer : 1;
      long[] spreadTarget = new long[5 + outer * (inner + 2)];
      Arrays.fill(spreadTarget, Long.MIN_VALUE);
      for (int n = 0; n < outer; n++) {
        for (int i = 0; i < inner; i++) {
          spreadTarget[5 + n * targetRow + i * targetColumn] = target[n * inner + i];
        }
      }

      for (String id : Samples.IDS) {
        int number = round;
        Supplier<String> what =
            () ->
                "%s, round %d, [%d, %d, %d] %s logits %s, weighted %s, upstream %s · %s, loss %s, gradient %s"
                    .formatted(
                        id, number, outer, classes, inner, kind, logitsLayout, weighted, upstreamLayout, scale,
                        lossLayout, gradientLayout);
        Spread loss = lossLayout == null ? null : Spread.output(lossLayout, outer, inner, 1, random);
        Spread gradient =
            gradientLayout == null ? null : Spread.output(gradientLayout, outer, classes, inner, random);
        CrossEntropyCall<float[]> call = new CrossEntropyCall<>();
        call.outer = outer;
        call.classes = classes;
        call.inner = inner;
        Spread.pass(logits, call.logits);
        call.target.set(spreadTarget, 5, targetRow, targetColumn);
        Spread.pass(upstream, call.upstream);
        Spread.pass(loss, call.loss);
        Spread.pass(gradient, call.logitsGradient);
        call.classWeight = weighted ? weight : null;
        call.classWeightOffset = 2;
        call.ignoreIndex = ignoreIndex;
        call.gradientScale = scale;
        call.lossSum = Double.NaN;
        call.weightSum = Double.NaN;
        (id.equals("scalar") ? scalarKernel : vectorKernel).compute(call);

        Bits.assertSame(dense.lossSum, call.lossSum, () -> "loss sum, " + what.get());
        Bits.assertSame(dense.weightSum, call.weightSum, () -> "weight sum, " + what.get());
        if (loss != null) {
          Bits.assertSame(dense.loss.array, loss.dense(), () -> "loss, " + what.get());
          loss.assertRestUntouched(what);
        }
        if (gradient != null) {
          Bits.assertSame(dense.logitsGradient.array, gradient.dense(), () -> "gradient, " + what.get());
          gradient.assertRestUntouched(what);
        }
        logits.assertUnchanged(logitsBefore, () -> "logits were written, " + what.get());
      }
    }
  }

  @Test
  void spatial_logits_give_the_bits_of_their_rows() {
    Random random = new Random(13);
    // The last ones are split into blocks, along d and along N.
    int[][] shapes = {{2, 3, 5}, {1, 10, 33}, {5, 1, 4}, {3, 7, 6000}, {700, 10, 7}, {2, 20000, 3}};
    for (int[] shape : shapes) {
      int batch = shape[0];
      int classes = shape[1];
      int inner = shape[2];
      float[] logits = Samples.Logits.ORDINARY.array(batch * classes * inner, random);
      long[] target = Samples.classIndices(batch * inner, classes, random);
      float[] rows = new float[logits.length];
      for (int n = 0; n < batch; n++) {
        for (int c = 0; c < classes; c++) {
          for (int i = 0; i < inner; i++) {
            rows[(n * inner + i) * classes + c] = logits[(n * classes + c) * inner + i];
          }
        }
      }
      for (String id : Samples.IDS) {
        CrossEntropy door = CrossEntropy.on(Samples.provider(id)).reduction(Reduction.NONE);
        LossAndGradient expected =
            door.forwardBackward(Tensor.of(rows, batch * inner, classes), Tensor.of(target, batch * inner));
        LossAndGradient actual =
            door.forwardBackward(Tensor.of(logits, batch, classes, inner), Tensor.of(target, batch, inner));
        String what = id + Arrays.toString(shape);
        Bits.assertSame(expected.loss().floats(), actual.loss().floats(), () -> what);
        for (int n = 0; n < batch; n++) {
          for (int c = 0; c < classes; c++) {
            for (int i = 0; i < inner; i++) {
              Bits.assertSame(
                  expected.logitsGradient().floats()[(n * inner + i) * classes + c],
                  actual.logitsGradient().floats()[(n * classes + c) * inner + i],
                  () -> what);
            }
          }
        }
      }
    }
  }
}
