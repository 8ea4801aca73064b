package org.lanewise.kernels.scalar;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/** Float64 cross-entropy is within its declared bounds, judged in double-double, and the two kernels give the same bits. */
class CrossEntropyFloat64Test {
  private static final int[] CLASSES = {1, 2, 3, 7, 8, 9, 10, 31, 32, 33, 100, 1000};
  private static final int LOGITS = 4000;

  private static KernelProvider provider(String id) {
    return Kernels.all().stream().filter(p -> p.id().equals(id)).findFirst().orElseThrow();
  }

  private static CrossEntropyKernel<double[]> kernel(String id) {
    return provider(id).crossEntropy(DType.FLOAT64);
  }

  private static Declaration declared(String id) {
    return provider(id).declarations().stream()
        .filter(d -> d.operation() == Operation.CROSS_ENTROPY && d.dtype() == DType.FLOAT64)
        .findFirst()
        .orElseThrow();
  }

  private static final int KINDS = 10;

  /** Rows of many kinds: ordinary, wide, dominated by the target or another, nearly tied, tied, far from 0, underflowing. */
  private static void fill(double[] x, int start, int classes, int target, int kind, Random random) {
    double offset = kind == 6 ? 1e9 * random.nextGaussian() : 0;
    int chosen = start + (kind == 4 ? random.nextInt(classes) : target);
    for (int c = start; c < start + classes; c++) {
      x[c] =
          switch (kind) {
            case 0, 3, 4 -> random.nextGaussian();
            case 1 -> random.nextGaussian() * 10;
            case 2 -> random.nextGaussian() * 300;
            case 5 -> Math.scalb(random.nextGaussian(), -20 - random.nextInt(60));
            case 6 -> offset + random.nextGaussian() * 3;
            case 7 -> random.nextInt(3);
            case 8 -> 0.01 * random.nextGaussian();
            default -> (random.nextInt(20) + 0.5 + random.nextGaussian() * 1e-3) * Math.log(2);
          };
    }
    if (kind == 3 || kind == 4) {
      x[chosen] += random.nextInt(2) == 0 ? 5 + 35 * random.nextDouble() : 600 * random.nextDouble();
    } else if (kind == 8) {
      x[chosen] += 600 + 150 * random.nextDouble();
    }
  }

  private static CrossEntropyCall<double[]> call(int rows, int classes, double[] logits) {
    CrossEntropyCall<double[]> call = new CrossEntropyCall<>();
    call.outer = rows;
    call.classes = classes;
    call.inner = 1;
    call.logits.set(logits, 0, classes, 1);
    call.ignoreIndex = -100;
    call.gradientScale = 1;
    outputs(call);
    return call;
  }

  private static void outputs(CrossEntropyCall<double[]> call) {
    call.loss.set(new double[call.outer], 0, 1, 1);
    call.logitsGradient.set(new double[call.outer * call.classes], 0, call.classes, 1);
    if (call.probabilities.isPresent()) {
      call.targetGradient.set(new double[call.outer * call.classes], 0, call.classes, 1);
    }
  }

  private static CrossEntropyCall<double[]> random(int kind, int classes, boolean mixed, Random random) {
    int rows = Math.max(4, LOGITS / classes);
    double[] x = new double[rows * classes];
    long[] target = new long[rows];
    for (int n = 0; n < rows; n++) {
      target[n] = random.nextInt(classes);
      fill(x, n * classes, classes, (int) target[n], kind, random);
    }
    CrossEntropyCall<double[]> call = call(rows, classes, x);
    boolean spread = mixed && random.nextBoolean();
    if (spread) {
      double[] p = new double[rows * classes];
      boolean softmax = random.nextBoolean();
      for (int n = 0; n < rows; n++) {
        double sum = 0;
        double max = Arrays.stream(x, n * classes, (n + 1) * classes).max().getAsDouble();
        for (int c = n * classes; c < (n + 1) * classes; c++) {
          p[c] = softmax ? Math.exp(x[c] - max) : random.nextDouble();
          sum += p[c];
        }
        for (int c = n * classes; c < (n + 1) * classes; c++) {
          p[c] /= sum;
        }
      }
      call.probabilities.set(p, 0, classes, 1);
    } else {
      call.target.set(target, 0, 1, 1);
    }
    call.labelSmoothing = mixed && (!spread || random.nextBoolean()) ? 0.05 + 0.9 * random.nextDouble() : 0;
    if (random.nextBoolean()) {
      call.classWeight = random.doubles(classes + 2, 0.1, 3).toArray();
      call.classWeightOffset = 2;
    }
    call.gradientScale = new double[] {1, 1 / 3.0, -1e-5, 1e5}[random.nextInt(4)];
    outputs(call);
    return call;
  }

  /** The largest error of one quantity, and where it was. */
  private static final class Largest {
    double error = -1;
    String where = "";

    void add(double actual, double high, double low, double largestTerm, double scale, String input) {
      double unit = Math.ulp(Math.max(Math.abs(largestTerm), Math.abs(high)));
      if (unit < 0x1p-1012 * Math.max(1, scale)) {
        // What double-double calls the truth has itself been rounded to a subnormal, and then weighted.
        assertEquals(high, actual, 0x1p-1011 * Math.max(1, scale), input);
        return;
      }
      double e = Math.abs((actual - high) - low) / unit;
      if (!(e <= error)) {
        error = e;
        where = "%s, true value %a".formatted(input, high);
      }
    }

    void assertWithin(double bound, String what) {
      System.out.printf("float64 CE, %s: %.4f ULP at %s%n", what, error, where);
      assertTrue(error <= bound, () -> "%s: %s ULP exceeds %s at %s".formatted(what, error, bound, where));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void is_within_the_declared_bounds(String id) {
    Random random = new Random(1);
    ExactCrossEntropy exact = new ExactCrossEntropy();
    Largest[] loss = {new Largest(), new Largest()};
    Largest[] gradient = {new Largest(), new Largest()};
    Largest targetGradient = new Largest();
    Largest sum = new Largest();
    for (int kind = 0; kind < KINDS; kind++) {
      for (int classes : CLASSES) {
        for (int mixed = 0; mixed < 2; mixed++) {
          CrossEntropyCall<double[]> call = random(kind, classes, mixed == 1, random);
          kernel(id).compute(call);
          double[] losses = call.loss.array;
          double lossSum = call.lossSum;
          DoubleDouble exactSum = new DoubleDouble();
          double[] gradients = call.logitsGradient.array;
          double[] targetGradients = call.targetGradient.array;
          outputs(call);
          exact.compute(call);
          for (int n = 0; n < call.outer; n++) {
            String row = "kind %d, %d classes, mixed %d, row %d".formatted(kind, classes, mixed, n);
            loss[mixed].add(losses[n], call.loss.array[n], exact.lossLow[n], 0, 0, row);
            exactSum.add(call.loss.array[n], exact.lossLow[n]);
            for (int c = 0; c < classes; c++) {
              int at = n * classes + c;
              double weight = call.classWeight == null ? 1 : call.classWeight[2 + c];
              double scale = Math.abs(call.gradientScale);
              double largest = mixed == 0 ? 0 : scale * share(call, n, c, weight);
              String where = gradient[mixed].error < 0.5 ? row : row + ", class " + c;
              gradient[mixed].add(gradients[at], call.logitsGradient.array[at], exact.gradientLow[at], largest, scale, where);
              if (targetGradients != null) {
                targetGradient.add(
                    targetGradients[at], call.targetGradient.array[at], exact.targetGradientLow[at], 0, 0, row);
              }
            }
          }
          String batch = "kind %d, %d classes, mixed %d".formatted(kind, classes, mixed);
          sum.add(lossSum, exactSum.high, exactSum.low, 0, 0, batch);
        }
      }
    }
    Declaration declared = declared(id);
    sum.assertWithin(declared.reducedUlp(), id + " sum");
    loss[0].assertWithin(declared.lossUlp(), id + " loss");
    gradient[0].assertWithin(declared.gradientUlp(), id + " gradient");
    loss[1].assertWithin(declared.mixedUlp(), id + " loss, spread target");
    gradient[1].assertWithin(declared.mixedUlp(), id + " gradient, spread target");
    targetGradient.assertWithin(declared.mixedUlp(), id + " gradient of the target");
  }

  private static double share(CrossEntropyCall<double[]> call, int n, int c, double weight) {
    double p =
        call.probabilities.isPresent()
            ? call.probabilities.array[n * call.classes + c]
            : c == call.target.array[n] ? 1 : 0;
    return weight * ((1 - call.labelSmoothing) * p + call.labelSmoothing / call.classes);
  }

  @Test
  void scalar_and_vector_give_the_same_bits() {
    Random random = new Random(2);
    for (int round = 0; round < 400; round++) {
      int classes = 1 + random.nextInt(round % 20 == 0 ? 1200 : 70);
      CrossEntropyCall<double[]> call = random(round % KINDS, classes, random.nextBoolean(), random);
      double[] x = call.logits.array;
      for (int i = random.nextInt(4) * classes; i < x.length; i += 1 + random.nextInt(9 * classes)) {
        x[i] =
            switch (random.nextInt(8)) {
              case 0 -> Double.NaN;
              case 1 -> Double.POSITIVE_INFINITY;
              case 2, 3 -> Double.NEGATIVE_INFINITY;
              case 4 -> Double.MAX_VALUE;
              case 5 -> -Double.MAX_VALUE;
              case 6 -> -0.0;
              default -> 1e300 * random.nextGaussian();
            };
      }
      call.gradientScale = new double[] {1, -0.3, 0, 1e-310, 1e200}[random.nextInt(5)];
      if (call.target.isPresent() && random.nextBoolean()) {
        call.target.array[random.nextInt(call.outer)] = -100;
      }
      kernel("scalar").compute(call);
      double[] loss = call.loss.array;
      double[] gradient = call.logitsGradient.array;
      double[] targetGradient = call.targetGradient.array;
      double sum = call.lossSum;
      outputs(call);
      kernel("vector").compute(call);
      assertArrayEquals(loss, call.loss.array);
      assertArrayEquals(gradient, call.logitsGradient.array);
      assertArrayEquals(targetGradient, call.targetGradient.array);
      assertEquals(sum, call.lossSum);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void special_rows_are_those_of_float32(String id) {
    double inf = Double.POSITIVE_INFINITY;
    double[][] rows = {
      {0, 0, 0}, {100, 0, 0}, {1e4, 0, -1e4}, {-inf, 0, 0}, {-inf, -inf, 0}, {-inf, -inf, -inf}, {inf, 0, 0},
      {inf, inf, 0}, {inf, -inf, 0}, {Double.NaN, 0, 0}, {0, inf, Double.NaN}, {-0.0, 0, 1}, {-50, 0, 0}
    };
    for (double[] x : rows) {
      for (int target : new int[] {-100, 0, 1, 2}) {
        for (double smoothing : new double[] {0, 0.1, 1}) {
          for (double scale : new double[] {1, -1}) {
            CrossEntropyCall<double[]> call = call(1, 3, x);
            call.target.set(new long[] {target}, 0, 1, 1);
            call.labelSmoothing = smoothing;
            call.gradientScale = scale;
            kernel(id).compute(call);
            CrossEntropyCall<float[]> single = new CrossEntropyCall<>();
            single.outer = 1;
            single.classes = 3;
            single.inner = 1;
            single.logits.set(new float[] {(float) x[0], (float) x[1], (float) x[2]}, 0, 3, 1);
            single.target.set(call.target.array, 0, 1, 1);
            single.ignoreIndex = -100;
            single.labelSmoothing = smoothing;
            single.gradientScale = scale;
            single.loss.set(new float[1], 0, 1, 1);
            single.logitsGradient.set(new float[3], 0, 3, 1);
            CrossEntropyKernel<float[]> singleKernel = provider(id).crossEntropy(DType.FLOAT32);
            singleKernel.compute(single);
            String what = "%s target %d smoothing %s scale %s".formatted(Arrays.toString(x), target, smoothing, scale);
            assertClose(single.loss.array[0], (float) call.loss.array[0], what);
            for (int c = 0; c < 3; c++) {
              float expected = single.logitsGradient.array[c];
              float actual = (float) call.logitsGradient.array[c];
              assertClose(expected, actual, what);
              if (expected == 0) {
                assertEquals(Math.copySign(1, expected), Math.copySign(1, actual), "sign, " + what);
              }
            }
          }
        }
      }
    }
  }

  private static void assertClose(float expected, float actual, String what) {
    if (Float.isFinite(expected)) {
      assertEquals(expected, actual, 2 * Math.ulp(expected), what);
    } else {
      assertEquals(expected, actual, what);
    }
  }

  @Test
  void allocates_nothing_once_warm() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().threadId();
    for (boolean mixed : new boolean[] {false, true}) {
      CrossEntropyCall<double[]> call = random(0, 100, mixed, new Random(3));
      CrossEntropyKernel<double[]> kernel = kernel("vector");
      long least = Long.MAX_VALUE;
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (least > 0 && System.nanoTime() < deadline) {
        long before = threads.getThreadAllocatedBytes(thread);
        for (int i = 0; i < 20; i++) {
          kernel.compute(call);
        }
        least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
      }
      assertEquals(0, least, "bytes");
    }
  }
}
