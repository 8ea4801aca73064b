package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.Tensor;

/** Cross-entropy is within the bounds that its provider declares, in every regime of a row. */
class CrossEntropyTruthTest {
  static final List<String> IDS = Samples.IDS;

  private static final int[] CLASSES = {2, 3, 10, 64, 100, 1000, 50257};

  /** How many logits a regime gets for each number of classes. */
  private static final int LOGITS = 100_000;

  /** Kinds of rows; {@code fill} also sees the target. */
  private enum Regime {
    NORMAL_1 {
      @Override
      float next(Random random, boolean isTarget) {
        return (float) random.nextGaussian();
      }
    },
    NORMAL_3 {
      @Override
      float next(Random random, boolean isTarget) {
        return (float) random.nextGaussian() * 3;
      }
    },
    NORMAL_100 {
      @Override
      float next(Random random, boolean isTarget) {
        return (float) random.nextGaussian() * 100;
      }
    },
    DOMINANT_TARGET {
      @Override
      float next(Random random, boolean isTarget) {
        return (float) random.nextGaussian() + (isTarget ? 5 + 34 * random.nextFloat() : 0);
      }
    },
    DOMINANT_OTHER {
      @Override
      void fill(float[] row, int target, Random random) {
        super.fill(row, target, random);
        row[(target + 1) % row.length] += 5 + 34 * random.nextFloat();
      }

      @Override
      float next(Random random, boolean isTarget) {
        return (float) random.nextGaussian();
      }
    },
    TIES {
      @Override
      float next(Random random, boolean isTarget) {
        return random.nextInt(3);
      }
    },
    CONSTANT {
      @Override
      void fill(float[] row, int target, Random random) {
        Arrays.fill(row, next(random, false));
      }

      @Override
      float next(Random random, boolean isTarget) {
        return (float) random.nextGaussian() * 50;
      }
    },
    PLUS_1E4 {
      @Override
      float next(Random random, boolean isTarget) {
        return (float) (random.nextGaussian() + 1e4);
      }
    },
    MINUS_1E7 {
      @Override
      float next(Random random, boolean isTarget) {
        return (float) (random.nextGaussian() * 3 - 1e7);
      }
    },
    PLUS_1E7 {
      @Override
      float next(Random random, boolean isTarget) {
        return (float) (random.nextGaussian() * 3 + 1e7);
      }
    },
    /** Where a row is shifted, and where it is not yet. */
    AROUND_65536 {
      @Override
      float next(Random random, boolean isTarget) {
        return (float) (random.nextGaussian() + 65535);
      }
    },
    /** Losses that underflow, and the sum of many terms of which each would. */
    TARGET_PLUS_70_TO_110 {
      @Override
      void fill(float[] row, int target, Random random) {
        super.fill(row, target, random);
        row[target] = 70 + 40 * random.nextFloat();
      }

      @Override
      float next(Random random, boolean isTarget) {
        return (float) random.nextGaussian() / 8;
      }
    },
    FROM_MINUS_50_TO_MINUS_30 {
      @Override
      float next(Random random, boolean isTarget) {
        return -50 + 20 * random.nextFloat();
      }
    },
    OTHERS_50_TO_30_BELOW {
      @Override
      float next(Random random, boolean isTarget) {
        return isTarget ? 0 : -50 + 20 * random.nextFloat();
      }
    },
    ONE_LARGE_MANY_SMALL {
      @Override
      float next(Random random, boolean isTarget) {
        return isTarget ? 12 : random.nextFloat() / 64;
      }
    };

    abstract float next(Random random, boolean isTarget);

    void fill(float[] row, int target, Random random) {
      for (int c = 0; c < row.length; c++) {
        row[c] = next(random, c == target);
      }
    }
  }

  private static Declaration declaration(String id) {
    return Samples.provider(id).declarations().stream()
        .filter(d -> d.operation() == Operation.CROSS_ENTROPY)
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void every_regime(String id) {
    Declaration declared = declaration(id);
    CrossEntropy door = CrossEntropy.on(Samples.provider(id));
    Worst loss = new Worst();
    Worst targetGradient = new Worst();
    Worst otherGradient = new Worst();
    Worst mean = new Worst();
    for (Regime regime : Regime.values()) {
      Random random = new Random(regime.ordinal());
      for (int classes : CLASSES) {
        int batch = Math.max(10, LOGITS / classes);
        float[] logits = new float[batch * classes];
        long[] target = Samples.classIndices(batch, classes, random);
        float[] row = new float[classes];
        for (int n = 0; n < batch; n++) {
          regime.fill(row, (int) target[n], random);
          System.arraycopy(row, 0, logits, n * classes, classes);
        }
        float[] losses = Samples.poisoned(batch);
        float[] gradient = Samples.poisoned(batch * classes);
        door.reduction(Reduction.NONE).rowwise(logits, target, batch, classes, losses, gradient);

        String what = "%s, %d classes".formatted(regime, classes);
        double[] trueGradient = new double[classes];
        double trueSum = 0;
        for (int n = 0; n < batch; n++) {
          int targetClass = (int) target[n];
          double trueLoss = Truth.crossEntropy(logits, n * classes, classes, targetClass, trueGradient);
          trueSum += trueLoss;
          loss.add(losses[n], trueLoss, what, logits[n * classes + targetClass]);
          assertEquals(0, Float.floatToRawIntBits(losses[n]) >>> 31, "sign of a loss");
          for (int c = 0; c < classes; c++) {
            float actual = gradient[n * classes + c];
            (c == targetClass ? targetGradient : otherGradient)
                .add(actual, trueGradient[c], what, logits[n * classes + c]);
            assertEquals(
                c == targetClass ? 1 : 0,
                Float.floatToRawIntBits(actual) >>> 31,
                () -> "sign of a gradient, %s, %a".formatted(what, actual));
          }
        }
        mean.add(door.forward(logits, target, batch, classes), trueSum / batch, what, 0);
        mean.add(door.reduction(Reduction.SUM).forward(logits, target, batch, classes), trueSum, what, 0);
      }
    }
    System.out.printf(
        "CE %s: loss %s, gradient of the target %s, of others %s, mean and sum %s%n",
        id, loss, targetGradient, otherGradient, mean);
    loss.assertWithin(declared.lossUlp(), "loss");
    targetGradient.assertWithin(declared.gradientUlp(), "gradient of the target");
    otherGradient.assertWithin(declared.gradientUlp(), "gradient of others");
    mean.assertWithin(declared.reducedUlp(), "mean and sum");
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void factors_add_half_a_ulp_each(String id) {
    Declaration declared = declaration(id);
    CrossEntropy door = CrossEntropy.on(Samples.provider(id));
    Worst worst = new Worst();
    Random random = new Random(6);
    for (int classes : new int[] {2, 10, 40, 1000}) {
      int batch = LOGITS / classes - 1; // no power of two
      float[] logits = Samples.Logits.WITHIN_100.array(batch * classes, random);
      long[] target = Samples.classIndices(batch, classes, random);
      float[] upstream = new float[batch];
      for (int n = 0; n < batch; n++) {
        upstream[n] = (float) Math.scalb(random.nextGaussian(), random.nextInt(81) - 60);
      }
      float[] ofUpstream =
          door.reduction(Reduction.NONE)
              .forwardBackward(Tensor.of(logits, batch, classes), Tensor.of(target, batch), Tensor.of(upstream, batch))
              .logitsGradient()
              .floats();
      float[] ofMean = new float[batch * classes];
      door.forwardBackward(logits, target, batch, classes, ofMean);
      String ofUpstreamLabel = "upstream, %d classes".formatted(classes);
      String ofMeanLabel = "mean, %d classes".formatted(classes);
      double[] truth = new double[classes];
      for (int n = 0; n < batch; n++) {
        Truth.crossEntropy(logits, n * classes, classes, (int) target[n], truth);
        for (int c = 0; c < classes; c++) {
          int at = n * classes + c;
          worst.add(ofUpstream[at], upstream[n] * truth[c], ofUpstreamLabel, logits[at]);
          worst.add(ofMean[at], truth[c] / batch, ofMeanLabel, logits[at]);
        }
      }
    }
    System.out.printf("CE %s, one factor: gradient %s%n", id, worst);
    worst.assertWithin(declared.gradientUlp() + 0.5, "gradient");
  }

  /** Rows at either end of the window in which logits are exponentiated as they are, and just outside, with any upstream. */
  @ParameterizedTest
  @FieldSource("IDS")
  void no_factor_overflows_or_underflows_on_the_way(String id) {
    CrossEntropy door = CrossEntropy.on(Samples.provider(id)).reduction(Reduction.NONE);
    Worst worst = new Worst();
    Random random = new Random(7);
    for (int classes : new int[] {2, 10, 300}) {
      int batch = LOGITS / classes;
      float[] logits = new float[batch * classes];
      float[] upstream = new float[batch];
      for (int n = 0; n < batch; n++) {
        upstream[n] = Math.scalb(1 + random.nextFloat(), random.nextInt(252) - 126);
        float end = (n % 3 - 1) * (n % 2 == 0 ? 43 : 43.5f);
        for (int c = 0; c < classes; c++) {
          logits[n * classes + c] = n % 3 == 1 ? (c % 2 == 0 ? 43 : -43) : end - Math.signum(end) * random.nextFloat();
        }
      }
      long[] target = Samples.classIndices(batch, classes, random);
      float[] gradient =
          door.forwardBackward(Tensor.of(logits, batch, classes), Tensor.of(target, batch), Tensor.of(upstream, batch))
              .logitsGradient()
              .floats();
      double[] truth = new double[classes];
      for (int n = 0; n < batch; n++) {
        Truth.crossEntropy(logits, n * classes, classes, (int) target[n], truth);
        for (int c = 0; c < classes; c++) {
          int at = n * classes + c;
          worst.add(gradient[at], upstream[n] * truth[c], "upstream %a".formatted(upstream[n]), logits[at]);
        }
      }
    }
    System.out.printf("CE %s, ends of the window: gradient %s%n", id, worst);
    worst.assertWithin(declaration(id).gradientUlp() + 0.5, "gradient");
  }
}
