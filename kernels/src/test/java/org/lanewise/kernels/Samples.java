package org.lanewise.kernels;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/** What the tests share: the built-in providers, and inputs that are the same in every run. */
final class Samples {
  private Samples() {}

  /** Fills outputs before a call, so that an element that is not written, or one that must not be, shows. */
  static final float POISON = -0x1.badbadp77f;

  /** The built-in providers; kernels are asked of them even where they are slow, as a provider ignores that. */
  static final List<String> IDS = List.of("scalar", "vector");

  static KernelProvider provider(String id) {
    return Kernels.all().stream().filter(p -> p.id().equals(id)).findFirst().orElseThrow();
  }

  static BceWithLogitsKernel<float[]> bce(String id) {
    return provider(id).bceWithLogits(DType.FLOAT32);
  }

  static CrossEntropyKernel<float[]> crossEntropy(String id) {
    return provider(id).crossEntropy(DType.FLOAT32);
  }

  static float[] poisoned(int length) {
    float[] array = new float[length];
    Arrays.fill(array, POISON);
    return array;
  }

  /** Kinds of logits. */
  enum Logits {
    ORDINARY,
    WITHIN_20,
    WITHIN_100,
    WITHIN_1E4,
    HUGE,
    SUBNORMAL,
    ZERO,
    TIES,
    CONFIDENT,
    ANY_BITS,
    INFINITE,
    NAN;

    float next(Random random) {
      return switch (this) {
        case ORDINARY -> (float) random.nextGaussian();
        case WITHIN_20 -> (random.nextFloat() * 2 - 1) * 20;
        case WITHIN_100 -> (random.nextFloat() * 2 - 1) * 100;
        case WITHIN_1E4 -> (random.nextFloat() * 2 - 1) * 1e4f;
        case HUGE -> (random.nextFloat() * 2 - 1) * 3e38f;
        case SUBNORMAL -> Float.intBitsToFloat(random.nextInt() & 0x807FFFFF);
        case ZERO -> random.nextBoolean() ? 0f : -0f;
        case TIES -> random.nextInt(3) - 1;
        case CONFIDENT -> random.nextInt(8) == 0 ? 5 + 35 * random.nextFloat() : (float) random.nextGaussian();
        case ANY_BITS -> Float.intBitsToFloat(random.nextInt());
        case INFINITE ->
            switch (random.nextInt(8)) {
              case 0 -> Float.POSITIVE_INFINITY;
              case 1, 2 -> Float.NEGATIVE_INFINITY;
              default -> (float) random.nextGaussian();
            };
        case NAN -> random.nextInt(5) == 0 ? Float.NaN : (float) random.nextGaussian();
      };
    }

    float[] array(int length, Random random) {
      float[] array = new float[length];
      for (int i = 0; i < length; i++) {
        array[i] = next(random);
      }
      return array;
    }
  }

  /** Kinds of BCE targets. */
  enum Target {
    ZERO,
    ONE,
    HARD,
    SOFT;

    float next(Random random) {
      return switch (this) {
        case ZERO -> 0;
        case ONE -> 1;
        case HARD -> random.nextInt(2);
        case SOFT -> random.nextFloat();
      };
    }

    float[] array(int length, Random random) {
      float[] array = new float[length];
      for (int i = 0; i < length; i++) {
        array[i] = next(random);
      }
      return array;
    }
  }

  static long[] classIndices(int rows, int classes, Random random) {
    return IntStream.range(0, rows).mapToLong(row -> random.nextInt(classes)).toArray();
  }
}
