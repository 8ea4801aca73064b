package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanewise.kernels.Spread.Layout;
import org.lanewise.kernels.scalar.SlotSum;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;

/** BCE with logits: {@code vector} gives the bits of {@code scalar}, whatever the size, the data and the layout. */
class BceTwinsTest {
  /** Around the lane counts, the slots of the sum, the chunk and the block, and primes. */
  private static final int[] SIZES = {
    1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49, 61, 63, 64, 65, 97, 127, 128, 129, 509,
    1023, 1024, 1025, 1055, 1056, 1057, 2047, 2049, 8191, 16383, 16384, 16385, 40000
  };

  private static final double[] SCALES = {1, 1 / 3.0, -0.75, 1e-30, -1e30};

  private final BceWithLogits scalar = BceWithLogits.on(Samples.provider("scalar"));
  private final BceWithLogits vector = BceWithLogits.on(Samples.provider("vector"));
  private final BceWithLogitsKernel<float[]> scalarKernel = Samples.bce("scalar");
  private final BceWithLogitsKernel<float[]> vectorKernel = Samples.bce("vector");

  @ParameterizedTest
  @EnumSource
  void losses_gradients_sums_and_means_at_every_size(Samples.Logits kind) {
    Random random = new Random(kind.ordinal());
    for (int size : SIZES) {
      for (Samples.Target targets : Samples.Target.values()) {
        float[] logits = kind.array(size, random);
        float[] target = targets.array(size, random);
        Supplier<String> what = () -> "%s logits, %s targets, size %d".formatted(kind, targets, size);
        Result expected = Result.of(scalar, logits, target, size);
        Result actual = Result.of(vector, logits, target, size);
        expected.assertSame(actual, what);
      }
    }
  }

  /** From a large array {@code vector} reads shorter chunks. */
  @ParameterizedTest
  @EnumSource
  void operands_too_large_for_a_cache(Samples.Logits kind) {
    Random random = new Random(kind.ordinal());
    for (int size : new int[] {1, 383, 384, 385, 416, 767, 768, 769, 1023, 1024, 1025, 1152, 16384, 40000}) {
      float[] logits = kind.array(size, random);
      float[] target = Samples.Target.SOFT.array(size, random);
      Result expected = Result.of(scalar, logits, target, size);
      Result actual = Result.of(vector, Arrays.copyOf(logits, 1 << 21), target, size);
      expected.assertSame(actual, () -> "%s logits, size %d".formatted(kind, size));
    }
  }

  /** Two large losses of one slot cancel, and take with them what the slot adds in between; in two slots they take more. */
  @Test
  void the_order_of_addition() {
    Random random = new Random(3);
    for (int size : new int[] {768, 1025, 1152, 16384, 40000}) {
      float[] logits = new float[size];
      Arrays.fill(logits, 1);
      float[] target = Samples.Target.SOFT.array(size, random);
      for (int pair = 0; pair < 4; pair++) {
        int slot = random.nextInt(SlotSum.SLOTS);
        target[slot] = 0x1p60f;
        target[slot + random.nextInt(size / SlotSum.SLOTS - 1) * SlotSum.SLOTS + SlotSum.SLOTS] = -0x1p60f;
      }
      Result expected = Result.of(scalar, logits, target, size);
      Result near = Result.of(vector, logits, target, size);
      Result far = Result.of(vector, Arrays.copyOf(logits, 1 << 21), target, size);
      expected.assertSame(near, () -> "size " + size);
      expected.assertSame(far, () -> "large array, size " + size);
    }
  }

  private record Result(
      float[] loss, float[] gradient, float[] lossAlone, float mean, float fusedMean, float sum, float[] meanGradient) {
    static Result of(BceWithLogits door, float[] logits, float[] target, int size) {
      float[] loss = Samples.poisoned(size + 3);
      float[] gradient = Samples.poisoned(size + 3);
      float[] lossAlone = Samples.poisoned(size + 3);
      float[] meanGradient = Samples.poisoned(size + 3);
      door.reduction(Reduction.NONE).elementwise(logits, target, 1, size, loss, gradient);
      door.reduction(Reduction.NONE).elementwise(logits, target, 1, size, lossAlone, null);
      float mean = door.forward(logits, target, 1, size);
      float fusedMean = door.forwardBackward(logits, target, 1, size, meanGradient);
      float sum = door.reduction(Reduction.SUM).forward(logits, target, size, 1);
      for (int i = size; i < size + 3; i++) {
        assertEquals(Samples.POISON, loss[i], "written beyond the losses");
        assertEquals(Samples.POISON, gradient[i], "written beyond the gradient");
      }
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
    Random random = new Random(7);
    for (int round = 0; round < 1500; round++) {
      int rows = 1 + random.nextInt(random.nextInt(10) == 0 ? 200 : 12);
      int columns = 1 + random.nextInt(random.nextInt(10) == 0 ? 1200 : 70);
      Samples.Logits kind = Samples.Logits.values()[random.nextInt(Samples.Logits.values().length)];
      Samples.Target targets = Samples.Target.values()[random.nextInt(Samples.Target.values().length)];
      Layout logitsLayout = Layout.forInput(random);
      Layout targetLayout = Layout.forInput(random);
      Layout upstreamLayout = random.nextBoolean() ? Layout.forInput(random) : null;
      Layout lossLayout = random.nextInt(4) > 0 ? Layout.forOutput(random) : null;
      Layout gradientLayout = random.nextInt(4) > 0 ? Layout.forOutput(random) : null;
      double scale = SCALES[random.nextInt(SCALES.length)];
      int size = rows * columns;
      Spread logits = Spread.input(logitsLayout, rows, columns, 1, kind.array(size, random), random);
      Spread target = Spread.input(targetLayout, rows, columns, 1, targets.array(size, random), random);
      Spread upstream =
          upstreamLayout == null
              ? null
              : Spread.input(
                  upstreamLayout, rows, columns, 1, Samples.Logits.ORDINARY.array(size, random), random);
      float[] logitsBefore = logits.snapshot();
      float[] targetBefore = target.snapshot();

      BceWithLogitsCall<float[]> dense = new BceWithLogitsCall<>();
      dense.rows = 1;
      dense.columns = size;
      dense.logits.set(logits.dense(), 0, size, 1);
      dense.target.set(target.dense(), 0, size, 1);
      dense.upstream.set(upstream == null ? null : upstream.dense(), 0, size, 1);
      dense.gradientScale = scale;
      dense.loss.set(Samples.poisoned(size), 0, size, 1);
      dense.logitsGradient.set(Samples.poisoned(size), 0, size, 1);
      dense.lossSum = Double.NaN;
      scalarKernel.compute(dense);

      for (String id : Samples.IDS) {
        int number = round;
        Supplier<String> what =
            () ->
                "%s, round %d, [%d, %d] %s logits %s, %s targets %s, upstream %s · %s, loss %s, gradient %s"
                    .formatted(
                        id, number, rows, columns, kind, logitsLayout, targets, targetLayout, upstreamLayout, scale,
                        lossLayout, gradientLayout);
        Spread loss = lossLayout == null ? null : Spread.output(lossLayout, rows, columns, 1, random);
        Spread gradient = gradientLayout == null ? null : Spread.output(gradientLayout, rows, columns, 1, random);
        BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
        call.rows = rows;
        call.columns = columns;
        Spread.pass(logits, call.logits);
        Spread.pass(target, call.target);
        Spread.pass(upstream, call.upstream);
        Spread.pass(loss, call.loss);
        Spread.pass(gradient, call.logitsGradient);
        call.gradientScale = scale;
        call.lossSum = Double.NaN;
        (id.equals("scalar") ? scalarKernel : vectorKernel).compute(call);

        Bits.assertSame(dense.lossSum, call.lossSum, () -> "loss sum, " + what.get());
        if (loss != null) {
          Bits.assertSame(dense.loss.array, loss.dense(), () -> "loss, " + what.get());
          loss.assertRestUntouched(what);
        }
        if (gradient != null) {
          Bits.assertSame(dense.logitsGradient.array, gradient.dense(), () -> "gradient, " + what.get());
          gradient.assertRestUntouched(what);
        }
        logits.assertUnchanged(logitsBefore, () -> "logits were written, " + what.get());
        target.assertUnchanged(targetBefore, () -> "targets were written, " + what.get());
      }
    }
  }

  @Test
  void an_element_has_the_same_bits_at_every_position() {
    Random random = new Random(9);
    float[] logits = Samples.Logits.WITHIN_20.array(100, random);
    float[] target = Samples.Target.SOFT.array(100, random);
    for (String id : Samples.IDS) {
      BceWithLogits door = BceWithLogits.on(Samples.provider(id)).reduction(Reduction.NONE);
      float[] loss = new float[100];
      float[] gradient = new float[100];
      door.elementwise(logits, target, 10, 10, loss, gradient);
      for (int i = 0; i < 100; i++) {
        float[] loneLoss = new float[1];
        float[] loneGradient = new float[1];
        door.elementwise(new float[] {logits[i]}, new float[] {target[i]}, 1, 1, loneLoss, loneGradient);
        int element = i;
        Bits.assertSame(loneLoss[0], loss[i], () -> id + " loss " + element);
        Bits.assertSame(loneGradient[0], gradient[i], () -> id + " gradient " + element);
      }
    }
  }
}
