package org.lanewise.bench.baseline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.LossAndGradient;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.tensor.Tensor;

/** The baselines compute what they are named after, for sizes with and without a remainder, and allocate nothing. */
class BaselineTest {
  private static final int[] SIZES = {1, 3, 15, 16, 17, 64, 100, 1000, 20_000};

  /** Errors of a float32 formula that cancels near 0, relative to terms of about 1. */
  private static final double CLOSE = 2e-6;

  private final Random random = new Random(7);

  private float[] logits(int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) (3 * random.nextGaussian());
    }
    return values;
  }

  private float[] uniform(int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }

  private static void assertClose(float[] expected, float[] got, String what) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], got[i], CLOSE * (1 + Math.abs(expected[i])), what + " " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain-math", "plain-vector"})
  void bceIsThatOfTheScalarKernel(String id) {
    for (int size : SIZES) {
      float[] logits = logits(size);
      float[] target = uniform(size);
      float[][] losses = new float[2][size];
      float[][] gradients = new float[2][size];
      String[] kernels = {"scalar", id};
      float[] means = new float[2];
      for (int k = 0; k < 2; k++) {
        BceWithLogits loss = BceWithLogits.on(Kernels.require(kernels[k]));
        loss.reduction(Reduction.NONE).elementwise(logits, target, size, 1, losses[k], null);
        means[k] = loss.forwardBackward(logits, target, size, 1, gradients[k]);
        assertEquals(means[k], loss.forward(logits, target, size, 1), "the loss without a gradient is the same");
        for (int i = 0; i < size; i++) {
          gradients[k][i] *= size;
        }
      }
      assertClose(losses[0], losses[1], "loss");
      assertClose(gradients[0], gradients[1], "gradient");
      assertEquals(means[0], means[1], CLOSE * 10 * (1 + means[0]));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain-math", "plain-vector"})
  void crossEntropyIsThatOfTheScalarKernel(String id) {
    for (int classes : SIZES) {
      int batch = 3;
      float[] logits = logits(batch * classes);
      long[] target = {0, classes / 2, classes - 1};
      float[][] losses = new float[2][batch];
      float[][] gradients = new float[2][batch * classes];
      String[] kernels = {"scalar", id};
      float[] means = new float[2];
      for (int k = 0; k < 2; k++) {
        CrossEntropy loss = CrossEntropy.on(Kernels.require(kernels[k]));
        loss.reduction(Reduction.NONE).rowwise(logits, target, batch, classes, losses[k], null);
        means[k] = loss.forwardBackward(logits, target, batch, classes, gradients[k]);
        assertEquals(means[k], loss.forward(logits, target, batch, classes), "the loss without a gradient is the same");
      }
      assertClose(losses[0], losses[1], "loss");
      assertClose(gradients[0], gradients[1], "gradient");
      assertEquals(means[0], means[1], CLOSE * (1 + means[0]));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain-math", "plain-vector"})
  void optionsAreThoseOfTheScalarKernel(String id) {
    Tensor logits = Tensor.of(logits(5 * 7), 5, 7);
    Tensor weight = Tensor.of(uniform(7), 7);
    Tensor labels = Tensor.of(uniform(5 * 7), 5, 7);
    Tensor classes = Tensor.of(new long[] {0, 6, -100, 3, 2}, 5);
    float[][] gradients = new float[6][];
    float[] losses = new float[6];
    String[] kernels = {"scalar", id};
    for (int k = 0; k < 2; k++) {
      var kernel = Kernels.require(kernels[k]);
      var results =
          new LossAndGradient[] {
            BceWithLogits.on(kernel).weight(weight).posWeight(weight).forwardBackward(logits, labels, null),
            CrossEntropy.on(kernel).weight(weight).labelSmoothing(0.1).forwardBackward(logits, classes, null),
            CrossEntropy.on(kernel).weight(weight).forwardBackward(logits, labels, null)
          };
      for (int r = 0; r < 3; r++) {
        losses[2 * r + k] = results[r].loss().floats()[0];
        gradients[2 * r + k] = results[r].logitsGradient().floats();
      }
    }
    for (int r = 0; r < 3; r++) {
      assertEquals(losses[2 * r], losses[2 * r + 1], CLOSE * (1 + losses[2 * r]), "loss " + r);
      assertClose(gradients[2 * r], gradients[2 * r + 1], "gradient of " + r);
    }
  }

  @Test
  void readTouchesEveryOperandAndWritesTheWholeGradient() {
    for (int size : SIZES) {
      float[] logits = new float[size];
      float[] target = new float[size];
      float[] gradient = new float[size];
      for (int i = 0; i < size; i++) {
        logits[i] = i % 8 + 1;
        target[i] = i % 2;
      }
      double sum = 0;
      for (int i = 0; i < size; i++) {
        sum += logits[i] + target[i];
      }
      BceWithLogits read = BceWithLogits.on(Kernels.require("read")).reduction(Reduction.SUM);
      assertEquals((float) sum, read.forwardBackward(logits, target, size, 1, gradient));
      assertClose(logits, gradient, "copy");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain-math", "plain-vector", "read"})
  void callsAllocateNothing(String id) {
    BceWithLogits bce = BceWithLogits.on(Kernels.require(id));
    CrossEntropy crossEntropy = CrossEntropy.on(Kernels.require(id));
    float[] logits = logits(3000);
    float[] target = uniform(3000);
    long[] classes = {1, 2, 3};
    float[] gradient = new float[3000];
    assertEquals(0, allocatedWhenWarm(() -> bce.forward(logits, target, 3000, 1)), "bce");
    assertEquals(0, allocatedWhenWarm(() -> bce.forwardBackward(logits, target, 3000, 1, gradient)), "bce, gradient");
    assertEquals(0, allocatedWhenWarm(() -> crossEntropy.forward(logits, classes, 3, 1000)), "ce");
    assertEquals(
        0, allocatedWhenWarm(() -> crossEntropy.forwardBackward(logits, classes, 3, 1000, gradient)), "ce, gradient");
  }

  /** The bytes of 1,000 calls, once a thousand allocate nothing or 20 seconds have passed. */
  private static long allocatedWhenWarm(Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        call.run();
      }
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      if (bytes == 0 || System.nanoTime() > deadline) {
        return bytes;
      }
    }
  }

  @Test
  void nobodyChoosesABaselineUnasked() {
    assertFalse(Kernels.auto() instanceof Baseline);
    assertTrue(Kernels.require("read") instanceof Baseline read && !read.isLoss());
  }
}
