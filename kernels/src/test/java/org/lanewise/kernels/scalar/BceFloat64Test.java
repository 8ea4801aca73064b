package org.lanewise.kernels.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;

/** Float64 BCE is within its declared bounds, judged in double-double, and the two kernels give the same bits. */
class BceFloat64Test {
  private static final int SIZE = 1 << 12;

  private static KernelProvider provider(String id) {
    return Kernels.all().stream().filter(p -> p.id().equals(id)).findFirst().orElseThrow();
  }

  private static BceWithLogitsKernel<double[]> kernel(String id) {
    return provider(id).bceWithLogits(DType.FLOAT64);
  }

  private static Declaration declared(String id) {
    return provider(id).declarations().stream()
        .filter(d -> d.operation() == Operation.BCE_WITH_LOGITS && d.dtype() == DType.FLOAT64)
        .findFirst()
        .orElseThrow();
  }

  /** Logits of many kinds: ordinary, around 0, around every power of two, saturated, subnormal results. */
  private static double logit(Random random, int kind) {
    double sign = random.nextBoolean() ? 1 : -1;
    return switch (kind) {
      case 0 -> random.nextGaussian();
      case 1 -> random.nextGaussian() * 10;
      case 2 -> sign * random.nextDouble() * 745;
      case 3 -> sign * Math.scalb(1 + random.nextDouble(), random.nextInt(80) - 70);
      case 4 -> sign * (700 + 45 * random.nextDouble()); // the truth has no exponential below
      case 5 -> sign * Math.scalb(1 + random.nextDouble(), random.nextInt(2040) - 1020);
      // Between two powers of two, where the reduced argument is largest.
      default -> sign * (random.nextInt(20) + 0.5 + random.nextGaussian() * 1e-3) * Math.log(2);
    };
  }

  private static final int KINDS = 7;

  private static BceWithLogitsCall<double[]> call(int rows, int columns, double[] logits, double[] target) {
    BceWithLogitsCall<double[]> call = new BceWithLogitsCall<>();
    call.rows = rows;
    call.columns = columns;
    call.logits.set(logits, 0, columns, 1);
    call.target.set(target, 0, columns, 1);
    call.loss.set(new double[logits.length], 0, columns, 1);
    call.logitsGradient.set(new double[logits.length], 0, columns, 1);
    call.gradientScale = 1;
    return call;
  }

  /** The largest error of one quantity, and where it was. */
  private static final class Largest {
    double error = -1;
    String where = "";

    void add(double actual, DoubleDouble truth, double largestTerm, double x, double t, double p) {
      // A logarithm that is subnormal before pos_weight multiplies it counts in units of that subnormal.
      double unit =
          Math.max(Math.ulp(Math.max(Math.abs(largestTerm), Math.abs(truth.high))), Double.MIN_VALUE * Math.max(1, p));
      double e = Math.abs((actual - truth.high) - truth.low) / unit;
      if (Math.abs(truth.high) < 0x1p-960 && e <= Math.max(1, p)) {
        return; // what double-double calls the truth has itself been rounded to a subnormal
      }
      if (!(e <= error)) {
        error = e;
        where = "x = %a, t = %a, pos_weight = %a".formatted(x, t, p);
      }
    }

    void assertWithin(double bound, String what) {
      System.out.printf("float64 BCE, %s: %.4f ULP at %s%n", what, error, where);
      assertTrue(error <= bound, () -> "%s: %s ULP exceeds %s at %s".formatted(what, error, bound, where));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void is_within_the_declared_bounds(String id) {
    Random random = new Random(1);
    Largest loss = new Largest();
    Largest gradient = new Largest();
    Largest softLoss = new Largest();
    Largest softGradient = new Largest();
    Largest targetGradient = new Largest();
    for (int round = 0; round < 16 * KINDS; round++) {
      boolean hard = round % 4 < 2;
      boolean positives = round % 4 == 3;
      double[] x = new double[SIZE];
      double[] t = new double[SIZE];
      double[] p = new double[SIZE];
      for (int i = 0; i < SIZE; i++) {
        x[i] = logit(random, round % KINDS);
        t[i] = hard ? round % 2 : random.nextInt(4) == 0 ? 1 / (1 + Math.exp(-x[i])) : random.nextDouble();
        p[i] = positives ? Math.scalb(1 + random.nextDouble(), random.nextInt(8) - 4) : 1;
      }
      BceWithLogitsCall<double[]> call = call(1, SIZE, x, t);
      if (positives) {
        call.posWeight.set(p, 0, SIZE, 1);
        call.targetGradient.set(new double[SIZE], 0, SIZE, 1);
      }
      kernel(id).compute(call);
      for (int i = 0; i < SIZE; i++) {
        DoubleDouble z = new DoubleDouble().set(-Math.abs(x[i]), 0).exp();
        DoubleDouble log = new DoubleDouble().set(z).log1p(new DoubleDouble());
        DoubleDouble onePlusZ = new DoubleDouble().set(z).add(1, 0);
        DoubleDouble oneMinusT = new DoubleDouble().setSum(1, -t[i]);
        DoubleDouble q = new DoubleDouble().set(p[i], 0).multiply(t[i], 0);
        DoubleDouble linear = new DoubleDouble().set(x[i] > 0 ? oneMinusT : q).multiply(Math.abs(x[i]), 0);
        DoubleDouble term = new DoubleDouble().set(oneMinusT).add(q).multiply(log);
        double largest = Math.max(linear.high, term.high);
        DoubleDouble truth = new DoubleDouble().set(term).add(linear);
        (hard ? loss : softLoss).add(call.loss.array[i], truth, largest, x[i], t[i], p[i]);

        DoubleDouble first = new DoubleDouble().set(oneMinusT);
        DoubleDouble second = new DoubleDouble().set(q);
        (x[i] > 0 ? second : first).multiply(z);
        first.divide(onePlusZ);
        second.divide(onePlusZ);
        DoubleDouble slope = new DoubleDouble().set(first).add(-second.high, -second.low);
        (hard ? gradient : softGradient)
            .add(call.logitsGradient.array[i], slope, Math.max(first.high, second.high), x[i], t[i], p[i]);
        if (positives) {
          DoubleDouble toZero = new DoubleDouble().set(log).add(Math.max(-x[i], 0), 0).multiply(p[i], 0);
          DoubleDouble toOne = new DoubleDouble().set(log).add(Math.max(x[i], 0), 0);
          largest = Math.max(toZero.high, toOne.high);
          toZero.add(-toOne.high, -toOne.low);
          targetGradient.add(call.targetGradient.array[i], toZero, largest, x[i], t[i], p[i]);
        }
      }
    }
    Declaration declared = declared(id);
    loss.assertWithin(declared.lossUlp(), id + ", loss, hard targets");
    gradient.assertWithin(declared.gradientUlp(), id + ", gradient, hard targets");
    softLoss.assertWithin(declared.mixedUlp(), id + ", loss, soft targets and pos_weight");
    softGradient.assertWithin(declared.mixedUlp(), id + ", gradient, soft targets and pos_weight");
    targetGradient.assertWithin(declared.mixedUlp(), id + ", gradient of the target");
  }

  @Test
  void vector_gives_the_bits_of_scalar() {
    Random random = new Random(2);
    double[] special = {0, -0.0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e308, -1e308, 5e-324};
    for (int round = 0; round < 3000; round++) {
      int rows = 1 + random.nextInt(4);
      int columns = 1 + random.nextInt(random.nextInt(10) == 0 ? 700 : 40);
      int size = rows * columns;
      double[][] values = new double[5][size];
      for (int i = 0; i < size; i++) {
        values[0][i] = random.nextInt(8) == 0 ? special[random.nextInt(8)] : logit(random, random.nextInt(KINDS));
        for (int k = 1; k < 5; k++) {
          int kind = random.nextInt(40);
          values[k][i] = kind < 8 ? special[kind] : kind < 20 ? kind % 2 : random.nextGaussian();
        }
      }
      BceWithLogitsCall<double[]> scalar = call(rows, columns, values[0], values[1]);
      BceWithLogitsCall<double[]> vector = call(rows, columns, values[0], values[1]);
      int options = random.nextInt(8);
      int spread = random.nextInt(2);
      for (BceWithLogitsCall<double[]> call : List.of(scalar, vector)) {
        call.gradientScale = 1.0 / (1 + options);
        setIf((options & 1) != 0, call.weight, values[2], columns, spread);
        setIf((options & 2) != 0, call.posWeight, values[3], columns, spread);
        setIf((options & 4) != 0, call.upstream, values[4], columns, 1);
        call.targetGradient.set(new double[size], 0, 1, rows); // transposed
      }
      kernel("scalar").compute(scalar);
      kernel("vector").compute(vector);
      assertSame(scalar.loss.array, vector.loss.array);
      assertSame(scalar.logitsGradient.array, vector.logitsGradient.array);
      assertSame(scalar.targetGradient.array, vector.targetGradient.array);
      assertEquals(Double.doubleToLongBits(scalar.lossSum), Double.doubleToLongBits(vector.lossSum));
    }
  }

  private static void setIf(boolean wanted, Strided<double[]> operand, double[] values, int columns, int spread) {
    if (wanted) {
      operand.set(values, 0, spread * columns, spread); // a stride of 0 broadcasts
    }
  }

  private static void assertSame(double[] expected, double[] actual) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(Double.doubleToLongBits(expected[i]), Double.doubleToLongBits(actual[i]), "element " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void allocates_nothing_once_warm(String id) {
    Random random = new Random(3);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int size : new int[] {1, 17, 1000, 16384}) {
      double[] logits = random.doubles(size, -20, 20).toArray();
      BceWithLogitsCall<double[]> call = call(1, size, logits, random.doubles(size).toArray());
      BceWithLogitsKernel<double[]> kernel = kernel(id);
      for (boolean positives : new boolean[] {false, true}) {
        call.posWeight.set(positives ? logits : null, 0, size, 1);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        long bytes = 1;
        while (bytes > 0 && System.nanoTime() < end) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int i = 0; i < 300; i++) {
            kernel.compute(call);
          }
          bytes = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertEquals(0, bytes, "bytes in 300 calls of %s, %d elements".formatted(id, size));
      }
    }
  }
}
