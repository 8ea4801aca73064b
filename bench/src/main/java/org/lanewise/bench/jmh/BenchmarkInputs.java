package org.lanewise.bench.jmh;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.lanewise.kernels.spi.Operation;

/**
 * The operands of a point, drawn from a fixed seed: every kernel, fork and run computes the same values.
 *
 * @param logits row by row
 * @param target BCE: {@code float[]}, one a logit; cross-entropy: {@code long[]}, one a row
 * @param <T> the class of the target's array
 */
public record BenchmarkInputs<T>(float[] logits, T target) {
  private static final long SEED = 20260101;

  /** Each block draws from its own generator, so that 2^28 values can be drawn in parallel and are always the same. */
  private static final int BLOCK = 1 << 16;

  private static final float[] EXTREMES = {20f, -20f, 100f, -100f, 1e4f, -1e4f, 0f, -0f};

  /** Far enough below every logit of a row for the padding to hardly count, near enough not to underflow. */
  private static final float PADDING_BELOW_SMALLEST = 2;

  private interface Draw {
    void draw(SplittableRandom random, int index);
  }

  /** Logits, and targets 0 or 1, of shape [batch, classes]. */
  public static BenchmarkInputs<float[]> bceWithLogits(String data, int batch, int classes) {
    int elements = Math.multiplyExact(batch, classes);
    float[] target = new float[elements];
    if (data.equals("trained")) {
      TrainedLogits trained = TrainedLogits.load(Operation.BCE_WITH_LOGITS);
      float[] logits = tiled(trained, batch, classes);
      // What stands to the right of a row is so unlikely that it is no label of it: the target stays 0 there.
      int known = trained.classes();
      for (int row = 0; row < batch; row++) {
        System.arraycopy(trained.target(), row % trained.rows() * known, target, row * classes, known);
      }
      return new BenchmarkInputs<>(logits, target);
    }
    float[] logits = random(data, elements);
    fill(SEED + 1, elements, (random, i) -> target[i] = random.nextBoolean() ? 1 : 0);
    return new BenchmarkInputs<>(logits, target);
  }

  /** Logits of shape [batch, classes], and class indices of shape [batch]. */
  public static BenchmarkInputs<long[]> crossEntropy(String data, int batch, int classes) {
    long[] target = new long[batch];
    if (data.equals("trained")) {
      TrainedLogits trained = TrainedLogits.load(Operation.CROSS_ENTROPY);
      Arrays.setAll(target, row -> (long) trained.target()[row % trained.rows()]);
      return new BenchmarkInputs<>(tiled(trained, batch, classes), target);
    }
    float[] logits = random(data, Math.multiplyExact(batch, classes));
    fill(SEED + 1, batch, (random, row) -> target[row] = random.nextInt(classes));
    return new BenchmarkInputs<>(logits, target);
  }

  private static float[] random(String data, int elements) {
    float[] logits = new float[elements];
    fill(SEED, elements, (random, i) -> logits[i] = (float) (3 * random.nextGaussian()));
    switch (data) {
      case "normal" -> {}
      case "extreme" -> {
        for (int i = 1; i < elements; i += 2) {
          logits[i] = EXTREMES[i / 2 % EXTREMES.length];
        }
      }
      default -> throw new IllegalArgumentException(
          "There is no data '%s'; choose normal, trained or extreme.".formatted(data));
    }
    return logits;
  }

  private static void fill(long seed, int length, Draw draw) {
    SplittableRandom seeds = new SplittableRandom(seed);
    int blocks = Math.ceilDiv(length, BLOCK);
    SplittableRandom[] generators = new SplittableRandom[blocks];
    Arrays.setAll(generators, (IntFunction<SplittableRandom>) _ -> seeds.split());
    IntStream.range(0, blocks)
        .parallel()
        .forEach(
            block -> {
              int end = (int) Math.min(length, (block + 1L) * BLOCK);
              for (int i = block * BLOCK; i < end; i++) {
                draw.draw(generators[block], i);
              }
            });
  }

  /** The trained rows again and again, each padded on the right to the wanted number of classes. */
  private static float[] tiled(TrainedLogits trained, int batch, int classes) {
    int known = trained.classes();
    if (classes < known) {
      throw new IllegalArgumentException(
          "The trained logits have %d classes, this point only %d; choose data normal.".formatted(known, classes));
    }
    float[] logits = new float[Math.multiplyExact(batch, classes)];
    IntStream.range(0, batch)
        .parallel()
        .forEach(
            row -> {
              int from = row % trained.rows() * known;
              float smallest = Float.POSITIVE_INFINITY;
              for (int i = from; i < from + known; i++) {
                smallest = Math.min(smallest, trained.logits()[i]);
              }
              int to = row * classes;
              System.arraycopy(trained.logits(), from, logits, to, known);
              Arrays.fill(logits, to + known, to + classes, smallest - PADDING_BELOW_SMALLEST);
            });
    return logits;
  }
}
