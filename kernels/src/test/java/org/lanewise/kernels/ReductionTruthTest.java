package org.lanewise.kernels;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** A mean or a sum is within 1 ULP of the exact mean or sum of the losses that the same kernel gives with reduction none. */
class ReductionTruthTest {
  static final List<String> IDS = Samples.IDS;

  private static final int[] SIZES = {1, 2, 3, 1000, 1023, 1024, 1025, 16_385, 100_003, 1 << 20};

  private enum Data {
    CONSTANT {
      @Override
      float at(int i, Random random) {
        return 0.1f;
      }
    },
    NORMAL {
      @Override
      float at(int i, Random random) {
        return (float) random.nextGaussian();
      }
    },
    /** A large loss beside a tiny one. */
    ALTERNATING {
      @Override
      float at(int i, Random random) {
        return i % 2 == 0 ? 60 : -60;
      }
    },
    CONFIDENT {
      @Override
      float at(int i, Random random) {
        return -5 - 100 * random.nextFloat();
      }
    };

    abstract float at(int i, Random random);

    float[] array(int length) {
      Random random = new Random(length);
      float[] array = new float[length];
      for (int i = 0; i < length; i++) {
        array[i] = at(i, random);
      }
      return array;
    }
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void bce(String id) {
    BceWithLogits door = BceWithLogits.on(Samples.provider(id));
    Worst worst = new Worst();
    for (Data data : Data.values()) {
      for (int size : SIZES) {
        float[] logits = data.array(size);
        float[] target = new float[size];
        float[] losses = new float[size];
        door.reduction(Reduction.NONE).elementwise(logits, target, 1, size, losses, null);
        double sum = exactSum(losses);
        String what = "%s, %d".formatted(data, size);
        worst.add(door.reduction(Reduction.SUM).forward(logits, target, 1, size), sum, what, 0);
        worst.add(door.reduction(Reduction.MEAN).forward(logits, target, 1, size), sum / size, what, 0);
      }
    }
    System.out.printf("BCE %s, mean and sum of the losses: %s%n", id, worst);
    worst.assertWithin(1, "mean and sum");
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void cross_entropy(String id) {
    CrossEntropy door = CrossEntropy.on(Samples.provider(id));
    Worst worst = new Worst();
    int classes = 3;
    for (Data data : Data.values()) {
      for (int size : SIZES) {
        float[] logits = data.array(size * classes);
        long[] target = new long[size];
        float[] losses = new float[size];
        int counted = size;
        for (int row = 5; row < size; row += 7) {
          target[row] = -100;
          counted--;
        }
        door.reduction(Reduction.NONE).rowwise(logits, target, size, classes, losses, null);
        double sum = exactSum(losses);
        String what = "%s, %d".formatted(data, size);
        worst.add(door.reduction(Reduction.SUM).forward(logits, target, size, classes), sum, what, 0);
        worst.add(door.reduction(Reduction.MEAN).forward(logits, target, size, classes), sum / counted, what, 0);
      }
    }
    System.out.printf("CE %s, mean and sum of the losses: %s%n", id, worst);
    worst.assertWithin(1, "mean and sum");
  }

  /** Neumaier's sum: what each addition rounds away is kept and added at the end. */
  private static double exactSum(float[] values) {
    double sum = 0;
    double lost = 0;
    for (double value : values) {
      double next = sum + value;
      lost += Math.abs(sum) >= Math.abs(value) ? (sum - next) + value : (value - next) + sum;
      sum = next;
    }
    return sum + lost;
  }
}
