package org.lanewise.bench.sweep;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleConsumer;
import org.lanewise.conformance.oracle.Logistic;
import org.lanewise.kernels.spi.KernelProvider;

/**
 * Compares an operation at every float32 logit, or at every N-th bit pattern, with the truth.
 *
 * <p>A magnitude and its negative are judged together: both take one exponential of the oracle, and the value with target 1
 * at one must be the mirror image of the value with target 0 at the other, to the bit.
 */
final class LogitSweep {
  /** Magnitudes that are worked on at a time; everything about them stays in the L2 cache. */
  private static final int CHUNK = 2048;

  /** Bit patterns of magnitudes that share their top byte; the unit of work of a thread. */
  private static final int UNIT = 1 << 24;

  private static final int UNITS = 128;
  private static final int INFINITY = 0x7F800000;

  private final String operation;
  private final KernelProvider kernel;
  private final int stride;
  private final List<SweptOutput> outputs;
  private final AtomicInteger nextUnit = new AtomicInteger();
  private final AtomicLong done = new AtomicLong();

  /** First and last results of a unit, by output, sign (positive first) and unit: for the order across units. */
  private final float[][][] first;

  private final float[][][] last;

  LogitSweep(String operation, KernelProvider kernel, int stride) {
    this.operation = operation;
    this.kernel = kernel;
    this.stride = stride;
    outputs = SweptOutput.of(operation);
    first = edges();
    last = edges();
  }

  private float[][][] edges() {
    float[][][] edges = new float[outputs.size()][2][UNITS];
    for (float[][] ofOutput : edges) {
      for (float[] ofSign : ofOutput) {
        Arrays.fill(ofSign, Float.NaN);
      }
    }
    return edges;
  }

  /**
   * What was found, one tally an output.
   *
   * @param complete whether all that was asked for was judged
   */
  record Found(List<Tally> tallies, boolean complete, double seconds) {}

  /**
   * Sweeps on the given number of threads.
   *
   * @param stop asked often; once true, the sweep ends with what has been done
   * @param progress told the share that is done, about twice a second
   */
  Found run(int threads, BooleanSupplier stop, DoubleConsumer progress) {
    long start = System.nanoTime();
    List<List<Tally>> workers =
        new Workers(operation, stop)
            .run(threads, halt -> new Worker(halt).run(), () -> Math.scalb((double) done.get(), -31), progress);
    List<Tally> tallies = outputs.stream().map(Tally::new).toList();
    for (List<Tally> found : workers) {
      for (int o = 0; o < tallies.size(); o++) {
        tallies.get(o).addAll(found.get(o));
      }
    }
    checkEdges(tallies);
    boolean complete = done.get() == (1L << 31);
    return new Found(tallies, complete, (System.nanoTime() - start) * 1e-9);
  }

  /** The order of neighbours that two units hold, and of −0 and +0. */
  private void checkEdges(List<Tally> tallies) {
    for (int o = 0; o < tallies.size(); o++) {
      for (int unit = 1; unit < UNITS; unit++) {
        float start = Float.intBitsToFloat(unit * UNIT);
        if (first[o][0][unit] < last[o][0][unit - 1]) {
          tallies.get(o).stepBack(start, first[o][0][unit], last[o][0][unit - 1]);
        }
        if (first[o][1][unit] > last[o][1][unit - 1]) {
          tallies.get(o).stepBack(-start, first[o][1][unit], last[o][1][unit - 1]);
        }
      }
      if (first[o][0][0] < first[o][1][0]) {
        tallies.get(o).stepBack(0, first[o][0][0], first[o][1][0]);
      }
    }
  }

  /** One thread: its arrays and its tallies. */
  private final class Worker {
    private final BooleanSupplier stop;
    private final Evaluator evaluator = Evaluator.of(operation, kernel, CHUNK);
    private final List<Tally> tallies = outputs.stream().map(Tally::new).toList();
    private final boolean needsSoftplus = outputs.stream().anyMatch(o -> o.function == Logistic.Function.SOFTPLUS);
    private final boolean needsSigmoid = outputs.stream().anyMatch(o -> o.function == Logistic.Function.SIGMOID);
    private final boolean reflected = outputs.getFirst().reflected;

    /** By sign: positive, negative. */
    private final float[][] x = new float[2][CHUNK];

    /** By target, sign and output. */
    private final float[][][][] results = new float[2][2][outputs.size()][CHUNK];

    private final double[] z = new double[CHUNK];
    private final double[][] softplus = new double[2][CHUNK];
    private final double[][] sigmoid = new double[2][CHUNK];

    Worker(BooleanSupplier stop) {
      this.stop = stop;
    }

    List<Tally> run() {
      for (int unit; !stop.getAsBoolean() && (unit = nextUnit.getAndIncrement()) < UNITS; ) {
        long begin = (long) unit * UNIT;
        long end = begin + UNIT;
        float[][] previous = new float[outputs.size()][2];
        for (float[] ofOutput : previous) {
          Arrays.fill(ofOutput, Float.NaN);
        }
        long counted = begin;
        for (long pattern = (begin + stride - 1) / stride * stride; pattern < end; ) {
          if (stop.getAsBoolean()) {
            return tallies;
          }
          boolean finite = pattern < INFINITY;
          long limit = finite ? Math.min(end, INFINITY) : end;
          int length = 0;
          for (; length < CHUNK && pattern < limit; pattern += stride) {
            float magnitude = Float.intBitsToFloat((int) pattern);
            x[0][length] = magnitude;
            x[1][length++] = Float.intBitsToFloat((int) pattern | Integer.MIN_VALUE);
          }
          compute(length);
          if (finite) {
            judge(length, unit, previous);
          } else {
            judgeSpecial(length);
          }
          long reached = Math.min(pattern, end);
          done.addAndGet(reached - counted);
          counted = reached;
        }
        done.addAndGet(end - counted);
      }
      return tallies;
    }

    private void compute(int length) {
      for (int target = 0; target < (evaluator.hasTarget() ? 2 : 1); target++) {
        for (int sign = 0; sign < 2; sign++) {
          evaluator.compute(x[sign], length, target, results[target][sign]);
        }
      }
    }

    private void judge(int length, int unit, float[][] previous) {
      Logistic.exponentials(x[0], length, z);
      if (needsSoftplus) {
        Logistic.softplus(x[0], z, length, softplus[1], softplus[0]);
      }
      if (needsSigmoid) {
        Logistic.sigmoid(z, length, sigmoid[1], sigmoid[0]);
      }
      for (int o = 0; o < outputs.size(); o++) {
        double[][] truth = outputs.get(o).function == Logistic.Function.SOFTPLUS ? softplus : sigmoid;
        for (int sign = 0; sign < 2; sign++) {
          float[] got = results[0][reflected ? 1 - sign : sign][o];
          if (reflected) {
            negate(got, length);
          }
          if (Float.isNaN(previous[o][sign])) {
            first[o][sign][unit] = got[0];
          }
          previous[o][sign] = tallies.get(o).judge(x[sign], got, truth[sign], length, previous[o][sign]);
          last[o][sign][unit] = previous[o][sign];
        }
        if (evaluator.hasTarget()) {
          compareMirrored(o, length);
        }
      }
    }

    /** loss(x, 1) = loss(−x, 0); gradient(x, 1) = −gradient(−x, 0). */
    private void compareMirrored(int o, int length) {
      int flip = outputs.get(o) == SweptOutput.BCE_GRADIENT ? Integer.MIN_VALUE : 0;
      for (int sign = 0; sign < 2; sign++) {
        float[] image = results[1][sign][o];
        float[] original = results[0][1 - sign][o];
        for (int i = 0; i < length; i++) {
          if (Float.floatToRawIntBits(image[i]) != (Float.floatToRawIntBits(original[i]) ^ flip)) {
            tallies.get(o).mirrored.add(x[sign][i]);
          }
        }
      }
    }

    private void judgeSpecial(int length) {
      for (int target = 0; target < (evaluator.hasTarget() ? 2 : 1); target++) {
        for (int sign = 0; sign < 2; sign++) {
          for (int o = 0; o < outputs.size(); o++) {
            tallies.get(o).judgeSpecial(x[sign], results[target][sign][o], length, target);
          }
        }
      }
    }

    private static void negate(float[] values, int length) {
      for (int i = 0; i < length; i++) {
        values[i] = -values[i];
      }
    }
  }
}
