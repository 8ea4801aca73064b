package org.lanewise.kernels.scalar;

import static org.lanewise.kernels.scalar.SlotSum.SLOTS;

import java.util.Arrays;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Float64 BCE with logits: what the scalar and the SIMD kernel share, which is all but the loops. Formulas as in {@link
 * BceMath}, exponential and logarithm in {@link Float64Math}; both come as pairs, and so do the products and differences, so
 * that each result is rounded once. One path for weighted and unweighted losses.
 *
 * <p>A subclass supplies the loops over a chunk. The loops communicate through arrays of {@link #CHUNK} doubles; lengths
 * are multiples of {@link SlotSum#SLOTS}.
 */
public abstract class BceFloat64 implements BceWithLogitsKernel<double[]> {
  /** The declared bounds, in ULP. */
  static final double LOSS_ULP = 1;

  static final double GRADIENT_ULP = 1;
  static final double MIXED_ULP = 2;
  static final double REDUCED_ULP = 2;

  /** Elements at a time: the arrays of a chunk stay in the L1 cache. */
  private static final int CHUNK = 512;

  private static final double[] ONES = new double[CHUNK];
  private static final double[] ZEROS = new double[CHUNK];

  static {
    Arrays.fill(ONES, 1);
  }

  /** What one thread needs. Padding lanes hold x = −746, t = 0, whose loss is exactly 0. */
  private static final class Scratch {
    final WindowFloat64 logits = new WindowFloat64(CHUNK, Float64Math.LOWEST);
    final WindowFloat64 target = new WindowFloat64(CHUNK, 0);
    final WindowFloat64 weight = new WindowFloat64(CHUNK, 1);
    final WindowFloat64 posWeight = new WindowFloat64(CHUNK, 1);
    final WindowFloat64 upstream = new WindowFloat64(CHUNK, 1);
    final WindowFloat64 loss = new WindowFloat64(CHUNK, 0);
    final WindowFloat64 gradient = new WindowFloat64(CHUNK, 0);
    final WindowFloat64 q = new WindowFloat64(CHUNK, 0);
    final double[] qLow = new double[CHUNK];
    final double[] c = new double[CHUNK];
    final double[] cLow = new double[CHUNK];
    final double[] a1 = new double[CHUNK];
    final double[] a2 = new double[CHUNK];
    final double[] slots = new double[2 * SLOTS];

    void release() {
      logits.release();
      target.release();
      weight.release();
      posWeight.release();
      upstream.release();
      loss.release();
      gradient.release();
      q.release();
    }
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  /** For subclasses. */
  protected BceFloat64() {}

  @Override
  public final void compute(BceWithLogitsCall<double[]> call) {
    Scratch s = SCRATCH.get();
    Arrays.fill(s.slots, 0);
    int rows = call.rows;
    int columns = call.columns;
    int elements = rows * columns;
    boolean logitsDirect = call.logits.isContiguous(rows, columns);
    boolean targetDirect = call.target.isContiguous(rows, columns);
    boolean weightDirect = call.weight.isContiguous(rows, columns);
    boolean posWeightDirect = call.posWeight.isContiguous(rows, columns);
    boolean upstreamDirect = call.upstream.isContiguous(rows, columns);
    boolean lossDirect = call.loss.isPresent() && call.loss.isContiguous(rows, columns);
    boolean gradientDirect = call.logitsGradient.isContiguous(rows, columns);

    for (int first = 0; first < elements; first += CHUNK) {
      int length = Math.min(CHUNK, elements - first);
      int padded = (length + SLOTS - 1) & -SLOTS;
      boolean whole = padded == length;
      s.logits.read(call.logits, logitsDirect && whole, columns, first, length, padded);
      s.target.read(call.target, targetDirect && whole, columns, first, length, padded);
      readOrOnes(s.weight, call.weight, weightDirect && whole, columns, first, length, padded);
      readOrOnes(s.upstream, call.upstream, upstreamDirect && whole, columns, first, length, padded);
      double[] qLow = ZEROS;
      double[] c = ONES;
      double[] cLow = ZEROS;
      if (call.posWeight.isPresent()) {
        s.posWeight.read(call.posWeight, posWeightDirect && whole, columns, first, length, padded);
        s.q.release();
        qLow = s.qLow;
        c = s.c;
        cLow = s.cLow;
        positives(
            s.target.array, s.target.offset, s.posWeight.array, s.posWeight.offset, s.q.array, qLow, c, cLow, padded);
      } else {
        s.q.array = s.target.array;
        s.q.offset = s.target.offset;
      }
      exponentials(s.logits.array, s.logits.offset, s.a1, s.a2, padded);
      if (call.logitsGradient.isPresent()) {
        s.gradient.write(call.logitsGradient, gradientDirect && whole, first);
        gradients(
            s.logits.array, s.logits.offset,
            s.target.array, s.target.offset,
            s.upstream.array, s.upstream.offset,
            s.weight.array, s.weight.offset,
            s.q.array, s.q.offset, qLow, c, s.a1, s.a2, call.gradientScale,
            s.gradient.array, s.gradient.offset, padded);
        s.gradient.flush(call.logitsGradient, columns, first, length);
      }
      logarithms(s.a1, s.a2, padded);
      if (call.targetGradient.isPresent()) {
        targetGradients(call, s, first, length);
      }
      s.loss.write(call.loss, lossDirect && whole, first);
      losses(
          s.logits.array, s.logits.offset,
          s.target.array, s.target.offset,
          s.weight.array, s.weight.offset,
          s.q.array, s.q.offset, qLow, c, cLow, s.a1, s.a2,
          s.loss.array, s.loss.offset, padded);
      add(s.loss.array, s.loss.offset, padded, s.slots);
      if (call.loss.isPresent()) {
        s.loss.flush(call.loss, columns, first, length);
      }
    }
    call.lossSum = PairSum.reduce(s.slots);
    s.release();
  }

  private static void readOrOnes(
      WindowFloat64 window, Strided<double[]> operand, boolean direct, int columns, int first, int length, int padded) {
    if (operand.isPresent()) {
      window.read(operand, direct, columns, first, length, padded);
    } else {
      window.show(ONES);
    }
  }

  /**
   * The gradient with respect to the target, −x or with a positive-class weight pos_weight · ln(1 + e^−x) − ln(1 + e^x):
   * seldom wanted, so one element at a time for every kernel.
   */
  private static void targetGradients(BceWithLogitsCall<double[]> call, Scratch s, int first, int length) {
    for (int i = 0; i < length; i++) {
      double x = s.logits.array[s.logits.offset + i];
      double slope = -x;
      if (call.posWeight.isPresent()) {
        double p = s.posWeight.array[s.posWeight.offset + i];
        double log = 0 - s.a1[i];
        double logLow = 0 - s.a2[i];
        double linear = x > 0 ? 0 : 0 - x;
        double toZero = linear + log;
        double toZeroLow = (linear > log ? (linear - toZero) + log : (log - toZero) + linear) + logLow;
        linear = x > 0 ? x : x != x ? x : 0;
        double toOne = linear + log;
        double toOneLow = (linear > log ? (linear - toOne) + log : (log - toOne) + linear) + logLow;
        double product = p * toZero;
        double productLow = Math.fma(p, toZero, -product) + p * toZeroLow;
        double difference = product - toOne;
        double back = difference - product;
        double rest = (product - (difference - back)) - (toOne + back) + (productLow - toOneLow);
        slope = difference + rest;
        slope = slope == slope ? slope : difference; // an infinite weight or logit
      }
      double factor =
          call.gradientScale * s.weight.array[s.weight.offset + i] * s.upstream.array[s.upstream.offset + i];
      int row = (first + i) / call.columns;
      call.targetGradient.array[call.targetGradient.at(row, first + i - row * call.columns)] = slope * factor;
    }
  }

  /** Positives: q = pos_weight t, c = (1 − t) + q, both with what their rounding left. */
  protected abstract void positives(
      double[] target, int targetOffset,
      double[] posWeight, int posWeightOffset,
      double[] qs, double[] qLows, double[] cs, double[] cLows, int length);

  /** Exponential: a1 + a2 = −e^−|x|. */
  protected abstract void exponentials(double[] logits, int logitsOffset, double[] a1s, double[] a2s, int length);

  /** Gradient: the quotient (v z − w) / (1 + z), corrected once, times weight, scale and upstream gradient. */
  protected abstract void gradients(
      double[] logits, int logitsOffset,
      double[] target, int targetOffset,
      double[] upstream, int upstreamOffset,
      double[] weight, int weightOffset,
      double[] q, int qOffset,
      double[] qLows, double[] cs, double[] a1s, double[] a2s, double scale,
      double[] out, int outOffset, int length);

  /** Logarithm: m1 + m2 = −ln(1 + e^−|x|); overwrites a1 and a2. */
  protected abstract void logarithms(double[] a1s, double[] a2s, int length);

  /** Loss: weight · (|x| w + c ln(1 + e^−|x|)), both products and their sum without an error. */
  protected abstract void losses(
      double[] logits, int logitsOffset,
      double[] target, int targetOffset,
      double[] weight, int weightOffset,
      double[] q, int qOffset,
      double[] qLows, double[] cs, double[] cLows, double[] m1s, double[] m2s,
      double[] out, int outOffset, int length);

  /** Adds element i to slot i mod 32 of a {@link PairSum}. */
  protected abstract void add(double[] values, int offset, int length, double[] slots);
}
