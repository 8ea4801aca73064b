package org.lanewise.bench.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/** Where operands are as bad as they can be, the kernels still say what the scalar ones say, to one step of a float. */
class OpenClExtremesTest {
  private static final float[] LOGITS = {
    0, -0f, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_NORMAL, -1e-38f, 1, -1, 0.3465f, -0.3466f, 16.6f, -17, 87.3f, -87.3f,
    88.73f, -88.73f, 103.9f, -104, 150, -150, 700, -700, 1e4f, -1e4f, 3e38f, -3e38f, Float.MAX_VALUE, -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN
  };
  private static final float[] TARGETS = {
    0, -0f, 1, 0.5f, Float.MIN_VALUE, 1e-30f, 0.99999994f, -1, 2, 1e30f, 3e38f, Float.POSITIVE_INFINITY, Float.NaN
  };
  private static final float[] WEIGHTS = {1, 0, -1, Float.MIN_VALUE, 1e38f, 0.3f, Float.POSITIVE_INFINITY, Float.NaN};

  private final KernelProvider[] kernels = {Kernels.require("scalar"), new OpenClKernelProvider()};

  @BeforeAll
  static void requireDevice() {
    OpenClDevice.require();
    assumeTrue(Device.here().device().roundsDivisions(), "the device does not round divisions");
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1e-7, 1e-44, 0, -3, 1e30, Double.POSITIVE_INFINITY})
  void bceWithEveryCombination(double scale) {
    for (boolean weighted : new boolean[] {false, true}) {
      int weights = weighted ? WEIGHTS.length : 1;
      int size = LOGITS.length * TARGETS.length * weights * weights;
      float[] logits = new float[size];
      float[] target = new float[size];
      float[] weight = new float[size];
      float[] posWeight = new float[size];
      float[] upstream = new float[size];
      for (int i = 0; i < size; i++) {
        logits[i] = LOGITS[i % LOGITS.length];
        target[i] = TARGETS[i / LOGITS.length % TARGETS.length];
        weight[i] = WEIGHTS[i / LOGITS.length / TARGETS.length % weights];
        posWeight[i] = WEIGHTS[i / LOGITS.length / TARGETS.length / weights];
        upstream[i] = WEIGHTS[i % 7 % WEIGHTS.length];
      }
      float[][][] outputs = new float[2][3][size];
      for (int k = 0; k < 2; k++) {
        BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
        call.rows = 1;
        call.columns = size;
        call.logits.set(logits, 0, 0, 1);
        call.target.set(target, 0, 0, 1);
        if (weighted) {
          call.weight.set(weight, 0, 0, 1);
          call.posWeight.set(posWeight, 0, 0, 1);
          call.upstream.set(upstream, 0, 0, 1);
        }
        call.gradientScale = scale;
        call.loss.set(outputs[k][0], 0, 0, 1);
        call.logitsGradient.set(outputs[k][1], 0, 0, 1);
        call.targetGradient.set(outputs[k][2], 0, 0, 1);
        kernels[k].<float[]>bceWithLogits(DType.FLOAT32).compute(call);
      }
      IntFunction<String> at =
          i -> "logit %s, target %s, weight %s, pos_weight %s".formatted(logits[i], target[i], weight[i], posWeight[i]);
      for (int output = 0; output < 3; output++) {
        assertSame(outputs[0][output], outputs[1][output], at);
      }
    }
  }

  /** Without weights, and for targets within the headroom, both round the same steps: the last bit and a zero's sign too. */
  @ParameterizedTest
  @ValueSource(doubles = {1, -0.3, 1e-7})
  void bceHasTheBitsOfScalar(double scale) {
    Random random = new Random(9);
    int size = 200_003;
    float[] logits = new float[size];
    float[] target = new float[size];
    for (int i = 0; i < size; i++) {
      logits[i] = random.nextInt(8) == 0 ? LOGITS[random.nextInt(LOGITS.length)] : (float) (12 * random.nextGaussian());
      // Small ones too, of which 1 - t keeps only a part.
      target[i] =
          random.nextInt(4) == 0 ? TARGETS[random.nextInt(9)] : random.nextFloat() * (random.nextBoolean() ? 1 : 0.01f);
    }
    float[][][] outputs = new float[2][2][size];
    for (int k = 0; k < 2; k++) {
      BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
      call.rows = 1;
      call.columns = size;
      call.logits.set(logits, 0, 0, 1);
      call.target.set(target, 0, 0, 1);
      call.gradientScale = scale;
      call.loss.set(outputs[k][0], 0, 0, 1);
      call.logitsGradient.set(outputs[k][1], 0, 0, 1);
      kernels[k].<float[]>bceWithLogits(DType.FLOAT32).compute(call);
    }
    for (int output = 0; output < 2; output++) {
      for (int i = 0; i < size; i++) {
        assertEquals(outputs[0][output][i], outputs[1][output][i], "logit %s, target %s".formatted(logits[i], target[i]));
      }
    }
  }

  /** A few bad logits a row, rows of nothing but -inf, ignored ones; narrow rows and wide ones, and neighbours inside. */
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "10, 1", "10, 3", "64, 1", "65, 1", "257, 1", "300, 3", "100, 40", "100000, 1"})
  void crossEntropyOfSpoiltRows(int classes, int inner) {
    Random random = new Random(5);
    int outer = Math.max(1, 60_000 / (classes * inner));
    int rows = outer * inner;
    int size = rows * classes;
    float[] logits = new float[size];
    float[] probabilities = new float[size];
    long[] target = new long[rows];
    float[] weight = new float[classes];
    float[] upstream = new float[rows];
    for (int i = 0; i < size; i++) {
      logits[i] = (float) (5 * random.nextGaussian());
      // Of two classes without a probability, smoothed, the gradient is all cancellation, where the contract allows a 0.
      probabilities[i] = classes > 2 && random.nextInt(4) == 0 ? 0 : random.nextFloat();
    }
    for (int c = 0; c < classes; c++) {
      weight[c] = random.nextInt(5) == 0 ? 0 : random.nextFloat();
    }
    for (int row = 0; row < rows; row++) {
      target[row] = random.nextInt(6) == 0 ? -100 : random.nextInt(classes);
      upstream[row] = WEIGHTS[random.nextInt(6)];
      int first = row / inner * classes * inner + row % inner;
      boolean nothing = random.nextInt(20) == 0;
      for (int c = 0; c < classes; c++) {
        logits[first + c * inner] = nothing ? Float.NEGATIVE_INFINITY : logits[first + c * inner];
      }
      for (int spoilt = random.nextInt(4); spoilt > 0; spoilt--) {
        logits[first + random.nextInt(classes) * inner] = LOGITS[random.nextInt(LOGITS.length)];
      }
    }
    for (int form = 0; form < 8; form++) {
      boolean spread = (form & 1) != 0;
      float[][][] outputs = new float[2][3][];
      double[] weightSums = new double[2];
      for (int k = 0; k < 2; k++) {
        outputs[k] = new float[][] {new float[rows], new float[size], new float[size]};
        CrossEntropyCall<float[]> call = new CrossEntropyCall<>();
        call.outer = outer;
        call.classes = classes;
        call.inner = inner;
        call.ignoreIndex = -100;
        call.gradientScale = 0.37;
        call.labelSmoothing = (form & 2) != 0 ? 0.1 : 0;
        call.classWeight = (form & 4) != 0 ? weight : null;
        call.logits.set(logits, 0, classes * inner, inner);
        if (spread) {
          call.probabilities.set(probabilities, 0, classes * inner, inner);
          call.targetGradient.set(outputs[k][2], 0, classes * inner, inner);
        } else {
          call.target.set(target, 0, inner, 1);
        }
        call.upstream.set(upstream, 0, inner, 1);
        call.loss.set(outputs[k][0], 0, inner, 1);
        call.logitsGradient.set(outputs[k][1], 0, classes * inner, inner);
        kernels[k].<float[]>crossEntropy(DType.FLOAT32).compute(call);
        weightSums[k] = call.weightSum;
      }
      for (int output = 0; output < 3; output++) {
        int of = form;
        int which = output;
        assertSame(outputs[0][output], outputs[1][output], i -> "form %d, output %d, element %d".formatted(of, which, i));
      }
      assertEquals(weightSums[0], weightSums[1], 1e-9 * weightSums[0]);
    }
  }

  @Test
  void nothingIsTheSumOfNothing() {
    BceWithLogitsCall<float[]> bce = new BceWithLogitsCall<>();
    bce.lossSum = 1;
    bce.logits.set(new float[0], 0, 0, 1);
    bce.target.set(new float[0], 0, 0, 1);
    kernels[1].<float[]>bceWithLogits(DType.FLOAT32).compute(bce);
    assertEquals(0, bce.lossSum);
  }

  private static void assertSame(float[] expected, float[] got, IntFunction<String> at) {
    for (int i = 0; i < expected.length; i++) {
      boolean same =
          Float.isNaN(expected[i])
              ? Float.isNaN(got[i])
              : Math.abs(expected[i] - got[i]) <= Math.ulp(expected[i]) || Float.compare(expected[i], got[i]) == 0;
      int where = i;
      assertTrue(same, () -> "%s: scalar %s, opencl %s".formatted(at.apply(where), expected[where], got[where]));
    }
  }
}
