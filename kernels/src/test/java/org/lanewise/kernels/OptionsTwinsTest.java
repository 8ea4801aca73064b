package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** With weights, positive-class weights, probabilities and smoothing too, {@code vector} gives the bits of {@code scalar}. */
class OptionsTwinsTest {
  private static final int[] SIZES = {1, 2, 15, 16, 17, 31, 33, 100, 1023, 1025, 3000};

  private final Random random = new Random(11);

  private Tensor normal(double scale, int... shape) {
    float[] values = new float[Tensor.numel(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * scale);
    }
    return Tensor.of(values, shape);
  }

  private Tensor uniform(double low, double high, int... shape) {
    float[] values = new float[Tensor.numel(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (low + (high - low) * random.nextDouble());
    }
    return Tensor.of(values, shape);
  }

  private static void same(String what, LossAndGradient scalar, LossAndGradient vector) {
    assertTrue(scalar.loss().sameBits(vector.loss()), () -> what + ": loss");
    assertTrue(scalar.logitsGradient().sameBits(vector.logitsGradient()), () -> what + ": gradient");
  }

  @Test
  void bceWithWeights() {
    for (Reduction reduction : Reduction.values()) {
      for (int n : SIZES) {
        Tensor logits = normal(4, n, 3);
        Tensor target = uniform(0, 1, n, 3);
        Tensor upstream = reduction == Reduction.NONE ? normal(1, n, 3) : Tensor.scalar(0.7f);
        for (int kind = 0; kind < 6; kind++) {
          Tensor weight = kind == 0 ? null : kind == 1 ? normal(1, 3) : kind == 2 ? normal(1, n, 1) : normal(1, n, 3);
          Tensor posWeight = kind < 3 && kind > 0 ? null : kind == 4 ? Tensor.scalar(3) : uniform(0.1, 10, 3);
          int chosen = kind;
          same(
              "%s n=%d kind=%d".formatted(reduction, n, chosen),
              bce("scalar", reduction, weight, posWeight).forwardBackward(logits, target, upstream),
              bce("vector", reduction, weight, posWeight).forwardBackward(logits, target, upstream));
        }
      }
    }
  }

  private static BceWithLogits bce(String kernel, Reduction reduction, Tensor weight, Tensor posWeight) {
    return BceWithLogits.on(Kernels.require(kernel)).reduction(reduction).weight(weight).posWeight(posWeight);
  }

  @Test
  void crossEntropyWithOptions() {
    for (Reduction reduction : Reduction.values()) {
      for (int classes : SIZES) {
        Tensor logits = normal(4, 5, classes);
        Tensor weight = uniform(0.1, 3, classes);
        Tensor indices = Tensor.of(new long[] {0, classes - 1, classes / 2, 7, 0}, 5);
        Tensor upstream = reduction == Reduction.NONE ? normal(1, 5) : Tensor.scalar(-1.3f);
        for (double smoothing : new double[] {0, 0.1, 1}) {
          same(
              "%s classes=%d smoothing=%s".formatted(reduction, classes, smoothing),
              ce("scalar", reduction, weight, smoothing).forwardBackward(logits, indices, upstream),
              ce("vector", reduction, weight, smoothing).forwardBackward(logits, indices, upstream));
        }
        Tensor probabilities = uniform(0, 1, 5, classes);
        same(
            "%s classes=%d probabilities".formatted(reduction, classes),
            ce("scalar", reduction, weight, 0.2).ignoreIndex(-1).forwardBackward(logits, probabilities, upstream),
            ce("vector", reduction, weight, 0.2).ignoreIndex(-1).forwardBackward(logits, probabilities, upstream));
      }
    }
  }

  private static CrossEntropy ce(String kernel, Reduction reduction, Tensor weight, double smoothing) {
    return CrossEntropy.on(Kernels.require(kernel))
        .reduction(reduction)
        .weight(weight)
        .ignoreIndex(7)
        .labelSmoothing(smoothing);
  }

  @Test
  void aTinyUpstreamGradientKeepsItsAccuracy() {
    float[] logits = {0, 1, 2};
    for (String kernel : new String[] {"scalar", "vector"}) {
      for (float upstream : new float[] {1, 1e-10f, 1e-20f, 1e-25f, 1e-30f, 1e10f}) {
        LossAndGradient result =
            CrossEntropy.on(Kernels.require(kernel))
                .reduction(Reduction.SUM)
                .forwardBackward(
                    Tensor.of(logits, 1, 3), Tensor.of(new long[] {0}, 1), Tensor.scalar(upstream));
        double sum = 1 + Math.exp(1) + Math.exp(2);
        for (int c = 0; c < 3; c++) {
          double expected = upstream * (Math.exp(c) / sum - (c == 0 ? 1 : 0));
          double got = result.logitsGradient().getDouble(c);
          assertEquals(expected, got, 4 * Math.ulp((float) expected), kernel + " " + upstream + " " + c);
        }
      }
    }
  }

  @Test
  void aKernelMayCallAFrontDoor() {
    float[] logits = new float[40_000];
    float[] target = new float[40_000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (i % 100) / 10f - 5;
    }
    KernelInKernel nested = new KernelInKernel();
    float expected = BceWithLogits.on(Kernels.require("scalar")).reduction(Reduction.SUM).forward(logits, target, 1, 40_000);
    assertEquals(expected, BceWithLogits.on(nested).reduction(Reduction.SUM).forward(logits, target, 1, 40_000));
  }

  /** Computes a loss of its own before each block. */
  private static final class KernelInKernel implements KernelProvider {
    @Override
    public String id() {
      return "nested";
    }

    @Override
    public String description() {
      return "calls a front door";
    }

    @Override
    public Availability availability() {
      return Availability.AVAILABLE;
    }

    @Override
    public int lanes() {
      return 1;
    }

    @Override
    public List<Declaration> declarations() {
      return Kernels.require("scalar").declarations();
    }

    @Override
    public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
      BceWithLogitsKernel<A> kernel = Kernels.require("scalar").bceWithLogits(dtype);
      return call -> {
        BceWithLogits.on(Kernels.require("scalar")).forward(new float[3], new float[3], 1, 3);
        kernel.compute(call);
      };
    }

    @Override
    public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
      return Kernels.require("scalar").crossEntropy(dtype);
    }
  }
}
