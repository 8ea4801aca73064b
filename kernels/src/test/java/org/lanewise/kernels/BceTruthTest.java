package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.Tensor;

/** BCE with logits is within the bounds that its provider declares, and keeps the identities of the mathematics. */
class BceTruthTest {
  static final List<String> IDS = Samples.IDS;

  /** A prime, so that the low bits of the logits vary: about two million of all floats. */
  private static final int STRIDE = 2039;

  private static final int BATCH = 1 << 14;

  /** The logits of a sweep through the positive floats, a batch at a time, ascending; 0 at the end is filled up with +0. */
  private static float[] sweep(int batch) {
    float[] logits = new float[BATCH];
    for (int i = 0; i < BATCH; i++) {
      long bits = ((long) batch * BATCH + i) * STRIDE;
      logits[i] = bits < Float.floatToRawIntBits(Float.POSITIVE_INFINITY) ? Float.intBitsToFloat((int) bits) : Float.MAX_VALUE;
    }
    return logits;
  }

  private static int batches() {
    return Math.ceilDiv(Math.ceilDiv(Float.floatToRawIntBits(Float.POSITIVE_INFINITY), STRIDE), BATCH);
  }

  private static float[] negated(float[] values) {
    float[] negated = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      negated[i] = -values[i];
    }
    return negated;
  }

  private static float[] constant(float value) {
    float[] array = new float[BATCH];
    Arrays.fill(array, value);
    return array;
  }

  private static Declaration declaration(String id) {
    return Samples.provider(id).declarations().stream()
        .filter(d -> d.operation() == Operation.BCE_WITH_LOGITS)
        .findFirst()
        .orElseThrow();
  }

  /** Losses and gradients of one batch. */
  private record Values(float[] loss, float[] gradient) {
    static Values of(String id, float[] logits, float[] target) {
      float[] loss = Samples.poisoned(logits.length);
      float[] gradient = Samples.poisoned(logits.length);
      BceWithLogits.on(Samples.provider(id))
          .reduction(Reduction.NONE)
          .elementwise(logits, target, 1, logits.length, loss, gradient);
      return new Values(loss, gradient);
    }
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void hard_targets_over_a_sweep_of_all_floats(String id) {
    float[] zeros = constant(0);
    float[] ones = constant(1);
    Worst loss = new Worst();
    Worst gradient = new Worst();
    float lastLoss = 0;
    float lastTail = Float.POSITIVE_INFINITY;
    float lastGradient = 0;
    float lastGradientTail = Float.NEGATIVE_INFINITY;
    for (int batch = 0; batch < batches(); batch++) {
      float[] x = sweep(batch);
      float[] minusX = negated(x);
      Values positive0 = Values.of(id, x, zeros);
      Values positive1 = Values.of(id, x, ones);
      Values negative0 = Values.of(id, minusX, zeros);
      Values negative1 = Values.of(id, minusX, ones);
      for (int i = 0; i < BATCH; i++) {
        float at = x[i];
        // loss(x, 1) = loss(-x, 0) and grad(x, 1) = -grad(-x, 0), bit for bit.
        Bits.assertSame(negative0.loss[i], positive1.loss[i], () -> "loss(%a, 1) against loss(-x, 0)".formatted(at));
        Bits.assertSame(positive0.loss[i], negative1.loss[i], () -> "loss(%a, 1) against loss(-x, 0)".formatted(-at));
        if (at != 0) {
          Bits.assertSame(
              -negative0.gradient[i], positive1.gradient[i], () -> "grad(%a, 1) against -grad(-x, 0)".formatted(at));
          Bits.assertSame(
              -positive0.gradient[i], negative1.gradient[i], () -> "grad(%a, 1) against -grad(-x, 0)".formatted(-at));
        }
        loss.add(positive0.loss[i], Truth.bceLoss(at, 0), "t = 0", at);
        loss.add(positive1.loss[i], Truth.bceLoss(at, 1), "t = 1", at);
        gradient.add(positive0.gradient[i], Truth.bceGradient(at, 0), "t = 0", at);
        gradient.add(positive1.gradient[i], Truth.bceGradient(at, 1), "t = 1", at);
        // Never -0, and the true sign where a gradient underflows to 0.
        assertEquals(0, Float.floatToRawIntBits(positive0.loss[i]) >>> 31, "sign of a loss");
        assertEquals(0, Float.floatToRawIntBits(positive1.loss[i]) >>> 31, "sign of a loss");
        assertEquals(0, Float.floatToRawIntBits(positive0.gradient[i]) >>> 31, "sign of grad(x, 0)");
        assertEquals(1, Float.floatToRawIntBits(positive1.gradient[i]) >>> 31, "sign of grad(x, 1)");
        // As x grows: loss(x, 0), loss(x, 1), grad(x, 0), grad(x, 1).
        if (positive0.loss[i] < lastLoss
            || positive1.loss[i] > lastTail
            || positive0.gradient[i] < lastGradient
            || positive1.gradient[i] < lastGradientTail) {
          fail("not monotone at x = %a".formatted(at));
        }
        lastLoss = positive0.loss[i];
        lastTail = positive1.loss[i];
        lastGradient = positive0.gradient[i];
        lastGradientTail = positive1.gradient[i];
      }
    }
    System.out.printf("BCE %s, hard targets: loss %s, gradient %s%n", id, loss, gradient);
    loss.assertWithin(declaration(id).lossUlp(), "loss");
    gradient.assertWithin(declaration(id).gradientUlp(), "gradient");
    assertTrue(loss.shareCorrectlyRounded() >= 0.99, "correctly rounded losses: " + loss.shareCorrectlyRounded());
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void soft_targets(String id) {
    Random random = new Random(3);
    Worst loss = new Worst();
    Worst gradient = new Worst();
    for (int batch = 0; batch < 60; batch++) {
      String what = "kind " + batch % 20;
      float[] logits = new float[BATCH];
      float[] target = new float[BATCH];
      for (int i = 0; i < BATCH; i++) {
        float x =
            switch (batch % 4) {
              case 0 -> (float) random.nextGaussian() * 3;
              case 1 -> (random.nextFloat() * 2 - 1) * 110;
              case 2 -> (random.nextFloat() * 2 - 1) * 1.2f; // around the split between the two formulas
              default -> (float) Math.scalb(random.nextGaussian(), -random.nextInt(140));
            };
        logits[i] = x;
        target[i] =
            switch (batch / 4 % 5) {
              case 0 -> random.nextFloat();
              case 1 -> Math.scalb(random.nextFloat(), -random.nextInt(149));
              case 2 -> 1 - Math.scalb(random.nextFloat(), -random.nextInt(24));
              case 3 -> (float) Truth.sigmoid(x); // the gradient cancels
              default -> random.nextInt(3) * 0.5f;
            };
      }
      Values values = Values.of(id, logits, target);
      for (int i = 0; i < BATCH; i++) {
        double x = logits[i];
        double t = target[i];
        loss.add(
            Truth.error(values.loss[i], Truth.bceLoss(x, t), Truth.bceLinearTerm(x, t), Truth.bceLogTerm(x)), what, x);
        gradient.add(Truth.error(values.gradient[i], Truth.bceGradient(x, t), Truth.sigmoid(x), t), what, x);
      }
    }
    System.out.printf("BCE %s, soft targets: loss %s, gradient %s (of the largest term)%n", id, loss, gradient);
    loss.assertWithin(declaration(id).mixedUlp(), "loss");
    gradient.assertWithin(declaration(id).mixedUlp(), "gradient");
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void factors_add_half_a_ulp_each(String id) {
    Random random = new Random(4);
    Worst gradient = new Worst();
    for (int batch = 0; batch < 20; batch++) {
      float[] logits = new float[BATCH];
      for (int i = 0; i < BATCH; i++) {
        logits[i] = (random.nextFloat() * 2 - 1) * 130; // beyond 104 a gradient is 0 but for a large factor
      }
      float[] target = Samples.Target.HARD.array(BATCH, random);
      float[] upstream = new float[BATCH];
      for (int i = 0; i < BATCH; i++) {
        upstream[i] = (float) Math.scalb(random.nextGaussian(), random.nextInt(101) - 30);
      }
      float[] values =
          BceWithLogits.on(Samples.provider(id))
              .reduction(Reduction.NONE)
              .forwardBackward(
                  Tensor.of(logits, BATCH),
                  Tensor.of(target, BATCH),
                  Tensor.of(upstream, BATCH))
              .logitsGradient()
              .floats();
      for (int i = 0; i < BATCH; i++) {
        gradient.add(values[i], upstream[i] * Truth.bceGradient(logits[i], target[i]), "upstream", logits[i]);
      }
      // The mean: one more division, by a number that is no power of two.
      int length = BATCH - 1 - random.nextInt(BATCH / 2);
      float[] ofMean = new float[BATCH];
      BceWithLogits.on(Samples.provider(id)).forwardBackward(logits, target, 1, length, ofMean);
      for (int i = 0; i < length; i++) {
        gradient.add(ofMean[i], Truth.bceGradient(logits[i], target[i]) / length, "mean", logits[i]);
      }
    }
    System.out.printf("BCE %s, one factor: gradient %s%n", id, gradient);
    gradient.assertWithin(declaration(id).gradientUlp() + 0.5, "gradient");
  }

  @ParameterizedTest
  @FieldSource("IDS")
  void weights_add_half_a_ulp_each(String id) {
    Random random = new Random(5);
    Worst loss = new Worst();
    Worst gradient = new Worst();
    Worst mixedLoss = new Worst();
    Worst mixedGradient = new Worst();
    for (int batch = 0; batch < 20; batch++) {
      float[] logits = new float[BATCH];
      float[] weight = new float[BATCH];
      float[] posWeight = new float[BATCH];
      float[] upstream = new float[BATCH];
      for (int i = 0; i < BATCH; i++) {
        logits[i] = (random.nextFloat() * 2 - 1) * (batch % 2 == 0 ? 130 : 2);
        weight[i] = (float) Math.scalb(random.nextGaussian(), random.nextInt(61) - 25);
        posWeight[i] = Math.scalb(random.nextFloat(), random.nextInt(160) - 140); // subnormal ones too
        upstream[i] = (float) Math.scalb(random.nextGaussian(), random.nextInt(51) - 15);
      }
      boolean positives = batch % 4 > 1;
      float[] target = (positives ? Samples.Target.SOFT : Samples.Target.HARD).array(BATCH, random);
      LossAndGradient values =
          BceWithLogits.on(Samples.provider(id))
              .reduction(Reduction.NONE)
              .weight(Tensor.of(weight, BATCH))
              .posWeight(positives ? Tensor.of(posWeight, BATCH) : null)
              .forwardBackward(Tensor.of(logits, BATCH), Tensor.of(target, BATCH), Tensor.of(upstream, BATCH));
      float[] losses = values.loss().floats();
      float[] gradients = values.logitsGradient().floats();
      for (int i = 0; i < BATCH; i++) {
        double x = logits[i];
        double t = target[i];
        double factor = (double) weight[i] * upstream[i];
        if (positives) {
          double q = (double) posWeight[i] * t;
          double c = 1 - t + q;
          double linear = Math.abs(x) * (x > 0 ? 1 - t : q) * weight[i];
          double log = c * Truth.bceLogTerm(x) * weight[i];
          mixedLoss.add(Truth.error(losses[i], linear + log, linear, log), "pos_weight", x);
          double negative = (1 - t) * Truth.sigmoid(x);
          double positive = q * Truth.sigmoid(-x);
          mixedGradient.add(
              Truth.error(
                  gradients[i], (negative - positive) * factor, c * Truth.sigmoid(x) * factor, q * factor),
              "pos_weight",
              x);
        } else {
          loss.add(losses[i], Truth.bceLoss(x, t) * weight[i], "weight", x);
          gradient.add(gradients[i], Truth.bceGradient(x, t) * factor, "weight", x);
        }
      }
    }
    System.out.printf(
        "BCE %s, weights: loss %s, gradient %s; of the largest term: %s, %s%n",
        id, loss, gradient, mixedLoss, mixedGradient);
    loss.assertWithin(declaration(id).lossUlp() + 0.5, "loss");
    gradient.assertWithin(declaration(id).gradientUlp() + 1, "gradient");
    mixedLoss.assertWithin(declaration(id).mixedUlp() + 0.5, "loss with pos_weight");
    mixedGradient.assertWithin(declaration(id).mixedUlp() + 1, "gradient with pos_weight");
  }
}
