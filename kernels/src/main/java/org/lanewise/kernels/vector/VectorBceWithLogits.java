package org.lanewise.kernels.vector;

import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;
import static org.lanewise.kernels.scalar.BceMath.*;
import static org.lanewise.kernels.scalar.SlotSum.SLOTS;
import static org.lanewise.kernels.vector.Species.DOUBLES;
import static org.lanewise.kernels.vector.Species.FLOATS;
import static org.lanewise.kernels.vector.Species.HALF;
import static org.lanewise.kernels.vector.Species.INTS;
import static org.lanewise.kernels.vector.Species.LANES;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.lanewise.kernels.scalar.BceFactor;
import org.lanewise.kernels.scalar.BceTargetGradient;
import org.lanewise.kernels.scalar.ScalarBceWithLogits;
import org.lanewise.kernels.scalar.SlotSum;
import org.lanewise.kernels.scalar.SplitDouble;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Float32 BCE with logits, as many elements at a time as there are lanes; formulas, domain and their sources in
 * {@link org.lanewise.kernels.scalar.BceMath}. Every step has the name and the operations of the same step in {@code
 * ScalarBceWithLogits}.
 *
 * <p><b>Accuracy</b>, over all finite logits with targets 0 and 1: loss within 0.88 ULP (worst 0.8782 at x =
 * −0x1.c37d24p-1, t = 0), gradient within 0.79 ULP (worst 0.7791 at x = −0x1.5ed742p6, t = 0); other targets within 2 ULP of
 * the largest term.
 *
 * <p><b>Why four loops.</b> A block is worked on in chunks that stay in the L1 cache, each by up to four short loops that
 * pass the pair (a₁, a₂) through scratch arrays. One long loop body is slower: its chain of dependent operations is longer
 * than the CPU's window, and past a node limit the JIT compiler stops inlining and boxes every vector.
 *
 * <p><b>Why no helper methods in the loops.</b> Methods of the Vector API are always inlined; others count against that
 * limit. For the same reason constants are broadcast once, before the loop.
 */
final class VectorBceWithLogits implements BceWithLogitsKernel<float[]> {
  /** The most elements at a time; a multiple of {@link SlotSum#SLOTS}. */
  static final int CHUNK = 1024;

  private static final float[] ONES = new float[CHUNK];

  static {
    Arrays.fill(ONES, 1);
  }

  /** What one thread needs. Padding lanes hold x = −156, t = 0, whose loss is exactly 0. */
  private static final class Scratch {
    final Window logits = new Window(CHUNK, LOWEST);
    final Window target = new Window(CHUNK, 0);
    final Window upstream = new Window(CHUNK, 1);
    final Window loss = new Window(CHUNK, 0);
    final Window gradient = new Window(CHUNK, 0);
    final Window weight = new Window(CHUNK, 1);
    final Window posWeight = new Window(CHUNK, 1);
    final float[] a1 = new float[CHUNK];
    final float[] a2 = new float[CHUNK];
    final BceFactor factor = new BceFactor();
    final double[] slots = new double[SLOTS];

    void release() {
      logits.release();
      target.release();
      upstream.release();
      loss.release();
      gradient.release();
      weight.release();
      posWeight.release();
    }
  }

  /**
   * For weights where vectors have 128 bits: the float32 vectors of 64 bits that the float64 loops load would be objects on
   * the heap there.
   */
  private static final BceWithLogitsKernel<float[]> SCALAR = new ScalarBceWithLogits();

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
    boolean positivesWeighted = call.posWeight.isPresent();
    boolean weighted = call.weight.isPresent() || positivesWeighted;
    if (weighted && HALF.vectorBitSize() < 128) {
      SCALAR.compute(call);
      return;
    }
    Scratch s = SCRATCH.get();
    Arrays.fill(s.slots, 0);
    int rows = call.rows;
    int columns = call.columns;
    int elements = rows * columns;
    boolean logitsDirect = call.logits.isContiguous(rows, columns);
    boolean targetDirect = call.target.isContiguous(rows, columns);
    boolean upstreamDirect = call.upstream.isContiguous(rows, columns);
    boolean lossDirect = call.loss.isContiguous(rows, columns);
    boolean gradientDirect = call.logitsGradient.isContiguous(rows, columns);
    boolean gradientWanted = call.logitsGradient.isPresent();
    boolean lossWanted = call.loss.isPresent();
    boolean weightDirect = call.weight.isContiguous(rows, columns);
    boolean posWeightDirect = call.posWeight.isContiguous(rows, columns);
    boolean oneFactor = !call.upstream.isPresent() && Double.isFinite(call.gradientScale);
    if (oneFactor) {
      s.factor.set(call.gradientScale);
    }
    float scaleHigh = SplitDouble.high(call.gradientScale);
    float scaleLow = SplitDouble.low(call.gradientScale);

    int chunk = ChunkLength.of(call.logits.array, CHUNK);
    for (int first = 0; first < elements; first += chunk) {
      int length = Math.min(chunk, elements - first);
      int padded = (length + SLOTS - 1) & -SLOTS;
      boolean whole = padded == length;
      s.logits.read(call.logits, logitsDirect && whole, columns, first, length, padded);
      s.target.read(call.target, targetDirect && whole, columns, first, length, padded);
      exponentials(s.logits.array, s.logits.offset, s.a1, s.a2, padded);
      if (weighted) {
        readOrOnes(s.weight, call.weight, weightDirect && whole, columns, first, length, padded);
        readOrOnes(s.posWeight, call.posWeight, posWeightDirect && whole, columns, first, length, padded);
      }
      if (gradientWanted) {
        s.gradient.write(call.logitsGradient, gradientDirect && whole, first);
        if (!weighted && oneFactor) {
          gradients(
              s.logits.array, s.logits.offset,
              s.target.array, s.target.offset,
              s.a1, s.a2, s.factor,
              s.gradient.array, s.gradient.offset, padded);
        } else {
          readOrOnes(s.upstream, call.upstream, upstreamDirect && whole, columns, first, length, padded);
          if (weighted) {
            weightedGradients(
                s.logits.array, s.logits.offset,
                s.target.array, s.target.offset,
                s.upstream.array, s.upstream.offset,
                s.weight.array, s.weight.offset,
                s.posWeight.array, s.posWeight.offset, positivesWeighted,
                s.a1, s.a2, call.gradientScale,
                s.gradient.array, s.gradient.offset, padded);
          } else {
            upstreamGradients(
                s.logits.array, s.logits.offset,
                s.target.array, s.target.offset,
                s.upstream.array, s.upstream.offset,
                s.a1, s.a2, scaleHigh, scaleLow,
                s.gradient.array, s.gradient.offset, padded);
          }
        }
        s.gradient.flush(call.logitsGradient, columns, first, length);
      }
      if (weighted) {
        logarithms(s.logits.array, s.logits.offset, s.a1, s.a2, padded);
        weightedLosses(
            s.logits.array, s.logits.offset,
            s.target.array, s.target.offset,
            s.weight.array, s.weight.offset,
            s.posWeight.array, s.posWeight.offset, positivesWeighted,
            s.a1, s.a2, padded);
      } else {
        losses(s.logits.array, s.logits.offset, s.target.array, s.target.offset, s.a1, s.a2, padded);
      }
      if (lossWanted) {
        s.loss.write(call.loss, lossDirect && whole, first);
        negate(s.a1, s.loss.array, s.loss.offset, padded);
        s.loss.flush(call.loss, columns, first, length);
      }
      SlotAdd.add(s.a1, 0, padded, s.slots);
    }
    call.lossSum = 0 - SlotSum.reduce(s.slots);
    BceTargetGradient.compute(call);
    s.release();
  }

  private static void readOrOnes(
      Window window, Strided<float[]> operand, boolean direct, int columns, int first, int length, int padded) {
    if (operand.isPresent()) {
      window.read(operand, direct, columns, first, length, padded);
    } else {
      window.array = ONES;
      window.offset = 0;
    }
  }

  /** Exponential: a1 + a2 = −2^HEADROOM · e^−|x|. */
  private static void exponentials(float[] logits, int offset, float[] a1s, float[] a2s, int length) {
    IntVector signBit = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector lowest = IntVector.broadcast(INTS, Float.floatToRawIntBits(LOWEST));
    FloatVector log2e = FloatVector.broadcast(FLOATS, LOG2_E);
    FloatVector magic = FloatVector.broadcast(FLOATS, MAGIC);
    FloatVector ln2High = FloatVector.broadcast(FLOATS, MINUS_LN2_HIGH);
    FloatVector ln2Low = FloatVector.broadcast(FLOATS, MINUS_LN2_LOW);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector q0 = FloatVector.broadcast(FLOATS, Q0);
    FloatVector q1 = FloatVector.broadcast(FLOATS, Q1);
    FloatVector q2 = FloatVector.broadcast(FLOATS, Q2);
    FloatVector q3 = FloatVector.broadcast(FLOATS, Q3);
    FloatVector q4 = FloatVector.broadcast(FLOATS, Q4);
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, offset + i);
      // As integers, negative floats grow with their magnitude, NaN last: one integer minimum clamps them all.
      FloatVector yc = x.reinterpretAsInts().or(signBit).min(lowest).reinterpretAsFloats();
      FloatVector k = yc.fma(log2e, magic);
      FloatVector n = k.sub(magic);
      FloatVector rh = n.fma(ln2High, yc);
      FloatVector r = n.fma(ln2Low, rh);
      FloatVector r2 = r.mul(r);
      FloatVector hi = rh.add(one);
      FloatVector er = one.sub(hi).add(rh);
      FloatVector q = r2.fma(q4, r.fma(q3, q2)).fma(r2, r.fma(q1, q0));
      FloatVector lo = r2.fma(q, n.fma(ln2Low, er));
      FloatVector th = hi.add(lo);
      FloatVector tl = hi.sub(th).add(lo);
      FloatVector s = k.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      th.mul(s).intoArray(a1s, i);
      tl.mul(s).intoArray(a2s, i);
    }
  }

  /** Gradient: the quotient (w − v z) / (1 + z), corrected once; quotient and correction have the headroom. */
  private static void gradients(
      float[] logits, int logitsOffset,
      float[] target, int targetOffset,
      float[] a1s, float[] a2s, BceFactor factor,
      float[] out, int outOffset, int length) {
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector headroom = FloatVector.broadcast(FLOATS, HEADROOM);
    FloatVector minusHeadroom = FloatVector.broadcast(FLOATS, -HEADROOM);
    FloatVector unscale = FloatVector.broadcast(FLOATS, HEADROOM_UNSCALE);
    FloatVector minusUnscale = FloatVector.broadcast(FLOATS, -HEADROOM_UNSCALE);
    FloatVector high = FloatVector.broadcast(FLOATS, factor.high);
    FloatVector low = FloatVector.broadcast(FLOATS, factor.low);
    FloatVector last = FloatVector.broadcast(FLOATS, factor.last);
    FloatVector minusWhole = FloatVector.broadcast(FLOATS, -factor.whole);
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, logitsOffset + i);
      FloatVector t = FloatVector.fromArray(FLOATS, target, targetOffset + i);
      FloatVector a1 = FloatVector.fromArray(FLOATS, a1s, i);
      FloatVector a2 = FloatVector.fromArray(FLOATS, a2s, i);
      VectorMask<Float> positive = x.compare(VectorOperators.GT, zero);
      FloatVector bias = one.blend(zero, positive);
      FloatVector v = t.sub(bias);
      FloatVector vLow = t.sub(v.add(bias)); // what the rounding of v has lost
      FloatVector w = t.fma(minusHeadroom, zero.blend(headroom, positive));
      FloatVector minusZ = a1.mul(unscale);
      FloatVector numerator = v.fma(a1, w);
      FloatVector reciprocal = one.div(a1.fma(minusUnscale, one));
      FloatVector quotient = numerator.mul(reciprocal);
      FloatVector residual =
          a2.fma(quotient.fma(unscale, v), vLow.fma(a1, quotient.fma(minusZ, numerator.sub(quotient))));
      FloatVector correction = residual.mul(reciprocal);
      FloatVector gradient = quotient.fma(high, correction.fma(high, quotient.mul(low))).mul(last);
      // A target beyond the headroom.
      gradient = gradient.blend(t.mul(minusWhole), gradient.compare(VectorOperators.NE, gradient));
      gradient.blend(x, x.compare(VectorOperators.NE, x)).intoArray(out, outOffset + i);
    }
  }

  /** Gradient with an upstream gradient: as without, but each element has a factor of its own, split as by BceFactor. */
  private static void upstreamGradients(
      float[] logits, int logitsOffset,
      float[] target, int targetOffset,
      float[] upstream, int upstreamOffset,
      float[] a1s, float[] a2s, float scaleHigh, float scaleLow,
      float[] out, int outOffset, int length) {
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector headroom = FloatVector.broadcast(FLOATS, HEADROOM);
    FloatVector minusHeadroom = FloatVector.broadcast(FLOATS, -HEADROOM);
    FloatVector unscale = FloatVector.broadcast(FLOATS, HEADROOM_UNSCALE);
    FloatVector minusUnscale = FloatVector.broadcast(FLOATS, -HEADROOM_UNSCALE);
    FloatVector high = FloatVector.broadcast(FLOATS, scaleHigh);
    FloatVector low = FloatVector.broadcast(FLOATS, scaleLow);
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, logitsOffset + i);
      FloatVector t = FloatVector.fromArray(FLOATS, target, targetOffset + i);
      FloatVector u = FloatVector.fromArray(FLOATS, upstream, upstreamOffset + i);
      FloatVector a1 = FloatVector.fromArray(FLOATS, a1s, i);
      FloatVector a2 = FloatVector.fromArray(FLOATS, a2s, i);
      VectorMask<Float> positive = x.compare(VectorOperators.GT, zero);
      FloatVector bias = one.blend(zero, positive);
      FloatVector v = t.sub(bias);
      FloatVector vLow = t.sub(v.add(bias)); // what the rounding of v has lost
      FloatVector w = t.fma(minusHeadroom, zero.blend(headroom, positive));
      FloatVector minusZ = a1.mul(unscale);
      FloatVector numerator = v.fma(a1, w);
      FloatVector reciprocal = one.div(a1.fma(minusUnscale, one));
      FloatVector quotient = numerator.mul(reciprocal);
      FloatVector residual =
          a2.fma(quotient.fma(unscale, v), vLow.fma(a1, quotient.fma(minusZ, numerator.sub(quotient))));
      FloatVector correction = residual.mul(reciprocal);
      FloatVector whole = u.mul(high);
      VectorMask<Float> large = whole.abs().compare(VectorOperators.GT, one);
      FloatVector first = one.blend(unscale, large);
      FloatVector last = unscale.blend(one, large);
      FloatVector factorHigh = whole.mul(first);
      FloatVector factorLow = u.mul(low).mul(first);
      FloatVector gradient =
          quotient.fma(factorHigh, correction.fma(factorHigh, quotient.mul(factorLow))).mul(last);
      // An infinite factor.
      gradient =
          gradient.blend(quotient.mul(factorHigh).mul(last), gradient.compare(VectorOperators.NE, gradient));
      // A target beyond the headroom.
      gradient = gradient.blend(zero.sub(t).mul(whole), w.sub(w).compare(VectorOperators.NE, zero));
      gradient.blend(x, x.compare(VectorOperators.NE, x)).intoArray(out, outOffset + i);
    }
  }

  /** Loss, negated: the outer formula, or the inner one near 0; overwrites a1. */
  private static void losses(
      float[] logits, int logitsOffset, float[] target, int targetOffset, float[] a1s, float[] a2s, int length) {
    IntVector signBit = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector half = FloatVector.broadcast(FLOATS, 0.5f);
    FloatVector unscale = FloatVector.broadcast(FLOATS, HEADROOM_UNSCALE);
    FloatVector damping = FloatVector.broadcast(FLOATS, DAMPING * HEADROOM_UNSCALE);
    FloatVector minusSplit = FloatVector.broadcast(FLOATS, -SPLIT);
    FloatVector minusLn2 = FloatVector.broadcast(FLOATS, MINUS_LN2);
    FloatVector minusLn2Tail = FloatVector.broadcast(FLOATS, MINUS_LN2_TAIL);
    FloatVector s0 = FloatVector.broadcast(FLOATS, S0);
    FloatVector s1 = FloatVector.broadcast(FLOATS, S1);
    FloatVector s2 = FloatVector.broadcast(FLOATS, S2);
    FloatVector s3 = FloatVector.broadcast(FLOATS, S3);
    FloatVector s4 = FloatVector.broadcast(FLOATS, S4);
    FloatVector s5 = FloatVector.broadcast(FLOATS, S5);
    FloatVector w0 = FloatVector.broadcast(FLOATS, W0);
    FloatVector w1 = FloatVector.broadcast(FLOATS, W1);
    FloatVector w2 = FloatVector.broadcast(FLOATS, W2);
    FloatVector w3 = FloatVector.broadcast(FLOATS, W3);
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, logitsOffset + i);
      FloatVector t = FloatVector.fromArray(FLOATS, target, targetOffset + i);
      FloatVector a1 = FloatVector.fromArray(FLOATS, a1s, i);
      FloatVector a2 = FloatVector.fromArray(FLOATS, a2s, i);
      FloatVector y = x.reinterpretAsInts().or(signBit).reinterpretAsFloats();

      FloatVector minusZ = a1.mul(unscale);
      FloatVector p = s5.fma(minusZ, s4).fma(minusZ, s3).fma(minusZ, s2).fma(minusZ, s1).fma(minusZ, s0);
      FloatVector rest = a1.fma(minusZ.fma(p, a2.mul(damping)), a2);
      FloatVector minusLog1p = rest.add(a1).mul(unscale);
      // x - y is 0 for finite x < 0, NaN for -inf and NaN: PyTorch's results there, at no cost.
      FloatVector w = t.add(x.sub(y)).blend(one.sub(t), x.compare(VectorOperators.GT, zero));
      FloatVector outer = y.fma(w, minusLog1p);

      FloatVector square = x.mul(x);
      FloatVector c = t.sub(half);
      FloatVector h = x.fma(c, minusLn2);
      FloatVector e = x.fma(c, minusLn2.sub(h)).add(minusLn2Tail);
      FloatVector inner = square.fma(w3.fma(square, w2).fma(square, w1).fma(square, w0), e).add(h);

      outer.blend(inner, y.compare(VectorOperators.GT, minusSplit)).intoArray(a1s, i);
    }
  }

  /** Gradient with weights, in float64: nothing can overflow or underflow before it is rounded. */
  private static void weightedGradients(
      float[] logits, int logitsOffset,
      float[] target, int targetOffset,
      float[] upstream, int upstreamOffset,
      float[] weight, int weightOffset,
      float[] posWeight, int posWeightOffset, boolean positivesWeighted,
      float[] a1s, float[] a2s, double scale,
      float[] out, int outOffset, int length) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    DoubleVector unscale = DoubleVector.broadcast(DOUBLES, HEADROOM_UNSCALE);
    VectorMask<Double> given = DOUBLES.maskAll(positivesWeighted);
    for (int i = 0; i < length; i += LANES / 2) {
      DoubleVector x = (DoubleVector) FloatVector.fromArray(HALF, logits, logitsOffset + i).convertShape(F2D, DOUBLES, 0);
      DoubleVector t = (DoubleVector) FloatVector.fromArray(HALF, target, targetOffset + i).convertShape(F2D, DOUBLES, 0);
      DoubleVector u =
          (DoubleVector) FloatVector.fromArray(HALF, upstream, upstreamOffset + i).convertShape(F2D, DOUBLES, 0);
      DoubleVector wt = (DoubleVector) FloatVector.fromArray(HALF, weight, weightOffset + i).convertShape(F2D, DOUBLES, 0);
      DoubleVector pw =
          (DoubleVector) FloatVector.fromArray(HALF, posWeight, posWeightOffset + i).convertShape(F2D, DOUBLES, 0);
      DoubleVector a1 = (DoubleVector) FloatVector.fromArray(HALF, a1s, i).convertShape(F2D, DOUBLES, 0);
      DoubleVector a2 = (DoubleVector) FloatVector.fromArray(HALF, a2s, i).convertShape(F2D, DOUBLES, 0);
      DoubleVector minusZ = a1.add(a2).mul(unscale);
      VectorMask<Double> positive = x.compare(VectorOperators.GT, zero);
      DoubleVector q = pw.mul(t);
      DoubleVector negatives = one.sub(t);
      DoubleVector c = one.blend(negatives.add(q), given);
      DoubleVector v = t.sub(one).blend(q, positive);
      DoubleVector w = zero.sub(q).blend(negatives, positive);
      // c - c is 0, or NaN as in PyTorch for an infinite pos_weight.
      DoubleVector quotient = v.fma(minusZ, w).div(one.sub(minusZ).add(c.sub(c)));
      DoubleVector factor = u.mul(wt).mul(scale);
      // An infinite factor: a quotient that float32 rounds to 0 gives NaN, as in PyTorch.
      DoubleVector rounded = (DoubleVector) quotient.convertShape(D2F, HALF, 0).convertShape(F2D, DOUBLES, 0);
      quotient = quotient.blend(rounded, factor.sub(factor).compare(VectorOperators.NE, zero));
      DoubleVector gradient = quotient.mul(factor).blend(x, x.compare(VectorOperators.NE, x));
      ((FloatVector) gradient.convertShape(D2F, HALF, 0)).intoArray(out, outOffset + i);
    }
  }

  /**
   * Logarithm: m1 + m2 = −2^HEADROOM · ln(1 + e^−|x|), by the outer formula, or the inner one near 0; overwrites a1 and a2.
   */
  private static void logarithms(float[] logits, int logitsOffset, float[] a1s, float[] a2s, int length) {
    IntVector signBit = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    FloatVector unscale = FloatVector.broadcast(FLOATS, HEADROOM_UNSCALE);
    FloatVector damping = FloatVector.broadcast(FLOATS, DAMPING * HEADROOM_UNSCALE);
    FloatVector minusHalf = FloatVector.broadcast(FLOATS, -0.5f * HEADROOM);
    FloatVector minusSplit = FloatVector.broadcast(FLOATS, -SPLIT);
    FloatVector minusLn2 = FloatVector.broadcast(FLOATS, MINUS_LN2 * HEADROOM);
    FloatVector minusLn2Tail = FloatVector.broadcast(FLOATS, MINUS_LN2_TAIL * HEADROOM);
    FloatVector s0 = FloatVector.broadcast(FLOATS, S0);
    FloatVector s1 = FloatVector.broadcast(FLOATS, S1);
    FloatVector s2 = FloatVector.broadcast(FLOATS, S2);
    FloatVector s3 = FloatVector.broadcast(FLOATS, S3);
    FloatVector s4 = FloatVector.broadcast(FLOATS, S4);
    FloatVector s5 = FloatVector.broadcast(FLOATS, S5);
    FloatVector w0 = FloatVector.broadcast(FLOATS, W0 * HEADROOM);
    FloatVector w1 = FloatVector.broadcast(FLOATS, W1 * HEADROOM);
    FloatVector w2 = FloatVector.broadcast(FLOATS, W2 * HEADROOM);
    FloatVector w3 = FloatVector.broadcast(FLOATS, W3 * HEADROOM);
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, logitsOffset + i);
      FloatVector a1 = FloatVector.fromArray(FLOATS, a1s, i);
      FloatVector a2 = FloatVector.fromArray(FLOATS, a2s, i);
      FloatVector y = x.reinterpretAsInts().or(signBit).reinterpretAsFloats();

      FloatVector minusZ = a1.mul(unscale);
      FloatVector p = s5.fma(minusZ, s4).fma(minusZ, s3).fma(minusZ, s2).fma(minusZ, s1).fma(minusZ, s0);
      FloatVector outerRest = a1.fma(minusZ.fma(p, a2.mul(damping)), a2);
      FloatVector outer1 = outerRest.add(a1);
      FloatVector outer2 = a1.sub(outer1).add(outerRest);

      FloatVector square = x.mul(x);
      FloatVector h = y.fma(minusHalf, minusLn2);
      FloatVector e = y.fma(minusHalf, minusLn2.sub(h)).add(minusLn2Tail);
      FloatVector innerRest = square.fma(w3.fma(square, w2).fma(square, w1).fma(square, w0), e);
      FloatVector inner1 = innerRest.add(h);
      FloatVector inner2 = h.sub(inner1).add(innerRest);

      VectorMask<Float> near = y.compare(VectorOperators.GT, minusSplit);
      outer1.blend(inner1, near).intoArray(a1s, i);
      outer2.blend(inner2, near).intoArray(a2s, i);
    }
  }

  /** Loss with weights, negated, in float64: −(|x| w + c ln(1 + e^−|x|)) · weight; overwrites m1. */
  private static void weightedLosses(
      float[] logits, int logitsOffset,
      float[] target, int targetOffset,
      float[] weight, int weightOffset,
      float[] posWeight, int posWeightOffset, boolean positivesWeighted,
      float[] m1s, float[] m2s, int length) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    DoubleVector unscale = DoubleVector.broadcast(DOUBLES, HEADROOM_UNSCALE);
    VectorMask<Double> given = DOUBLES.maskAll(positivesWeighted);
    for (int i = 0; i < length; i += LANES / 2) {
      DoubleVector x = (DoubleVector) FloatVector.fromArray(HALF, logits, logitsOffset + i).convertShape(F2D, DOUBLES, 0);
      DoubleVector t = (DoubleVector) FloatVector.fromArray(HALF, target, targetOffset + i).convertShape(F2D, DOUBLES, 0);
      DoubleVector wt = (DoubleVector) FloatVector.fromArray(HALF, weight, weightOffset + i).convertShape(F2D, DOUBLES, 0);
      DoubleVector pw =
          (DoubleVector) FloatVector.fromArray(HALF, posWeight, posWeightOffset + i).convertShape(F2D, DOUBLES, 0);
      DoubleVector m1 = (DoubleVector) FloatVector.fromArray(HALF, m1s, i).convertShape(F2D, DOUBLES, 0);
      DoubleVector m2 = (DoubleVector) FloatVector.fromArray(HALF, m2s, i).convertShape(F2D, DOUBLES, 0);
      DoubleVector y = zero.sub(x.abs());
      DoubleVector q = pw.mul(t);
      DoubleVector negatives = one.sub(t);
      DoubleVector c = one.blend(negatives.add(q), given);
      DoubleVector w = q.add(x.sub(y)).blend(negatives, x.compare(VectorOperators.GT, zero));
      DoubleVector logarithm = m1.add(m2).mul(unscale);
      // An infinite weight: a logarithm that float32 rounds to 0 gives NaN, as in PyTorch.
      DoubleVector rounded = (DoubleVector) logarithm.convertShape(D2F, HALF, 0).convertShape(F2D, DOUBLES, 0);
      DoubleVector weights = c.mul(wt);
      logarithm = logarithm.blend(rounded, weights.sub(weights).compare(VectorOperators.NE, zero));
      DoubleVector minusLoss = y.fma(w, c.mul(logarithm)).mul(wt);
      ((FloatVector) minusLoss.convertShape(D2F, HALF, 0)).intoArray(m1s, i);
    }
  }

  /** out = 0 − minusLoss: +0, never −0. */
  private static void negate(float[] minusLosses, float[] out, int outOffset, int length) {
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    for (int i = 0; i < length; i += LANES) {
      zero.sub(FloatVector.fromArray(FLOATS, minusLosses, i)).intoArray(out, outOffset + i);
    }
  }
}
