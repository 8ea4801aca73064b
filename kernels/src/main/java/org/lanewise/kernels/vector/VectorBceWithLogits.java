package org.lanewise.kernels.vector;

import static org.lanewise.kernels.scalar.BceMath.*;
import static org.lanewise.kernels.scalar.SlotSum.SLOTS;
import static org.lanewise.kernels.vector.Species.FLOATS;
import static org.lanewise.kernels.vector.Species.INTS;
import static org.lanewise.kernels.vector.Species.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.lanewise.kernels.scalar.BceTargetGradient;
import org.lanewise.kernels.scalar.SlotSum;
import org.lanewise.kernels.scalar.SplitDouble;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Float32 BCE with logits, as many elements at a time as there are lanes; formulas and accuracy in
 * {@link org.lanewise.kernels.scalar.BceMath}. Every step has the name and the operations of the same step in {@code
 * ScalarBceWithLogits}.
 *
 * <p><b>Why four loops.</b> A block is worked on in chunks that stay in the L1 cache, each by up to four short loops that
 * pass the pair (a₁, a₂) through scratch arrays. One long loop body is slower: its chain of dependent operations is longer
 * than the CPU's window, and past a node limit the JIT compiler stops inlining and boxes every vector.
 *
 * <p><b>Why no helper methods in the loops.</b> Methods of the Vector API are always inlined; others count against that
 * limit. For the same reason constants are broadcast once, before the loop.
 */
final class VectorBceWithLogits implements BceWithLogitsKernel<float[]> {
  /** Elements at a time; a multiple of {@link SlotSum#SLOTS}. */
  static final int CHUNK = 1024;

  private static final float[] ONES = new float[CHUNK];

  static {
    Arrays.fill(ONES, 1);
  }

  /** What one thread needs. Padding lanes hold x = −104, t = 0, whose loss is exactly 0. */
  private static final class Scratch {
    final Window logits = new Window(CHUNK, LOWEST);
    final Window target = new Window(CHUNK, 0);
    final Window upstream = new Window(CHUNK, 1);
    final Window loss = new Window(CHUNK, 0);
    final Window gradient = new Window(CHUNK, 0);
    final Window weight = new Window(CHUNK, 1);
    final Window posWeight = new Window(CHUNK, 1);
    final float[] q = new float[CHUNK];
    final float[] c = new float[CHUNK];
    final float[] a1 = new float[CHUNK];
    final float[] a2 = new float[CHUNK];
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

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
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
    float scaleHigh = SplitDouble.high(call.gradientScale);
    float scaleLow = SplitDouble.low(call.gradientScale);

    boolean weighted = call.weight.isPresent() || call.posWeight.isPresent();
    boolean weightDirect = call.weight.isContiguous(rows, columns);
    boolean posWeightDirect = call.posWeight.isContiguous(rows, columns);

    for (int first = 0; first < elements; first += CHUNK) {
      int length = Math.min(CHUNK, elements - first);
      int padded = (length + SLOTS - 1) & -SLOTS;
      boolean whole = padded == length;
      s.logits.read(call.logits, logitsDirect && whole, columns, first, length, padded);
      s.target.read(call.target, targetDirect && whole, columns, first, length, padded);
      exponentials(s.logits.array, s.logits.offset, s.a1, s.a2, padded);
      if (weighted) {
        readOrOnes(s.weight, call.weight, weightDirect && whole, columns, first, length, padded);
        if (call.posWeight.isPresent()) {
          s.posWeight.read(call.posWeight, posWeightDirect && whole, columns, first, length, padded);
          positives(s.target.array, s.target.offset, s.posWeight.array, s.posWeight.offset, s.q, s.c, padded);
        } else {
          System.arraycopy(s.target.array, s.target.offset, s.q, 0, padded);
          System.arraycopy(ONES, 0, s.c, 0, padded);
        }
      }
      if (gradientWanted) {
        readOrOnes(s.upstream, call.upstream, upstreamDirect && whole, columns, first, length, padded);
        s.gradient.write(call.logitsGradient, gradientDirect && whole, first);
        if (weighted) {
          weightedGradients(
              s.logits.array, s.logits.offset,
              s.target.array, s.target.offset,
              s.upstream.array, s.upstream.offset,
              s.weight.array, s.weight.offset,
              s.q, s.a1, s.a2, scaleHigh, scaleLow,
              s.gradient.array, s.gradient.offset, padded);
        } else {
          gradients(
              s.logits.array, s.logits.offset,
              s.target.array, s.target.offset,
              s.upstream.array, s.upstream.offset,
              s.a1, s.a2, scaleHigh, scaleLow,
              s.gradient.array, s.gradient.offset, padded);
        }
        s.gradient.flush(call.logitsGradient, columns, first, length);
      }
      if (weighted) {
        logarithms(s.logits.array, s.logits.offset, s.a1, s.a2, padded);
        weightedLosses(
            s.logits.array, s.logits.offset,
            s.target.array, s.target.offset,
            s.weight.array, s.weight.offset,
            s.q, s.c, s.a1, s.a2, padded);
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

  /** Exponential: a1 + a2 = −e^−|x|. */
  private static void exponentials(float[] logits, int offset, float[] a1s, float[] a2s, int length) {
    IntVector signBit = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector lowest = IntVector.broadcast(INTS, Float.floatToRawIntBits(LOWEST));
    FloatVector log2e = FloatVector.broadcast(FLOATS, LOG2_E);
    FloatVector magic = FloatVector.broadcast(FLOATS, MAGIC);
    FloatVector ln2High = FloatVector.broadcast(FLOATS, MINUS_LN2_HIGH);
    FloatVector ln2Low = FloatVector.broadcast(FLOATS, MINUS_LN2_LOW);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector unscale = FloatVector.broadcast(FLOATS, EXPONENT_UNSCALE);
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
      FloatVector s = k.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats().mul(unscale);
      th.mul(s).intoArray(a1s, i);
      tl.mul(s).intoArray(a2s, i);
    }
  }

  /** Gradient: the quotient (v z − w) / (1 + z), corrected once. */
  private static void gradients(
      float[] logits, int logitsOffset,
      float[] target, int targetOffset,
      float[] upstream, int upstreamOffset,
      float[] a1s, float[] a2s, float scaleHigh, float scaleLow,
      float[] out, int outOffset, int length) {
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector high = FloatVector.broadcast(FLOATS, scaleHigh);
    FloatVector minusHigh = FloatVector.broadcast(FLOATS, -scaleHigh);
    FloatVector low = FloatVector.broadcast(FLOATS, scaleLow);
    FloatVector minusLow = FloatVector.broadcast(FLOATS, -scaleLow);
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, logitsOffset + i);
      FloatVector t = FloatVector.fromArray(FLOATS, target, targetOffset + i);
      FloatVector u = FloatVector.fromArray(FLOATS, upstream, upstreamOffset + i);
      FloatVector a1 = FloatVector.fromArray(FLOATS, a1s, i);
      FloatVector a2 = FloatVector.fromArray(FLOATS, a2s, i);
      VectorMask<Float> positive = x.compare(VectorOperators.GT, zero);
      FloatVector tMinusOne = t.sub(one);
      FloatVector minusT = zero.sub(t);
      FloatVector minusW = minusT.blend(tMinusOne, positive);
      FloatVector minusV = tMinusOne.blend(minusT, positive);
      FloatVector numerator = minusV.fma(a1, minusW);
      FloatVector reciprocal = one.div(one.sub(a1));
      FloatVector quotient = numerator.mul(reciprocal);
      FloatVector residual = a2.fma(quotient.add(minusV), quotient.fma(a1, numerator.sub(quotient)));
      FloatVector correction = residual.mul(reciprocal);
      FloatVector factorHigh = u.mul(high.blend(minusHigh, positive));
      FloatVector factorLow = u.mul(low.blend(minusLow, positive));
      FloatVector gradient = quotient.fma(factorHigh, correction.fma(factorHigh, quotient.mul(factorLow)));
      // An infinite target.
      gradient = gradient.blend(quotient.mul(factorHigh), gradient.compare(VectorOperators.NE, gradient));
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

      FloatVector p = s5.fma(a1, s4).fma(a1, s3).fma(a1, s2).fma(a1, s1).fma(a1, s0);
      FloatVector minusLog1p = a1.mul(a1).fma(p, a2.fma(a1, a2)).add(a1);
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

  /** Positives: q = pos_weight t, c = (1 − t) + q. */
  private static void positives(
      float[] target, int targetOffset, float[] posWeight, int posWeightOffset, float[] qs, float[] cs, int length) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    for (int i = 0; i < length; i += LANES) {
      FloatVector t = FloatVector.fromArray(FLOATS, target, targetOffset + i);
      FloatVector q = FloatVector.fromArray(FLOATS, posWeight, posWeightOffset + i).mul(t);
      q.intoArray(qs, i);
      one.sub(t).add(q).intoArray(cs, i);
    }
  }

  /** Gradient with weights: as without, with q in the place of t, times a factor kept as a sum of two floats. */
  private static void weightedGradients(
      float[] logits, int logitsOffset,
      float[] target, int targetOffset,
      float[] upstream, int upstreamOffset,
      float[] weight, int weightOffset,
      float[] qs, float[] a1s, float[] a2s, float scaleHigh, float scaleLow,
      float[] out, int outOffset, int length) {
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector high = FloatVector.broadcast(FLOATS, scaleHigh);
    FloatVector minusHigh = FloatVector.broadcast(FLOATS, -scaleHigh);
    FloatVector low = FloatVector.broadcast(FLOATS, scaleLow);
    FloatVector minusLow = FloatVector.broadcast(FLOATS, -scaleLow);
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, logitsOffset + i);
      FloatVector t = FloatVector.fromArray(FLOATS, target, targetOffset + i);
      FloatVector u = FloatVector.fromArray(FLOATS, upstream, upstreamOffset + i);
      FloatVector wt = FloatVector.fromArray(FLOATS, weight, weightOffset + i);
      FloatVector q = FloatVector.fromArray(FLOATS, qs, i);
      FloatVector a1 = FloatVector.fromArray(FLOATS, a1s, i);
      FloatVector a2 = FloatVector.fromArray(FLOATS, a2s, i);
      VectorMask<Float> positive = x.compare(VectorOperators.GT, zero);
      FloatVector tMinusOne = t.sub(one);
      FloatVector minusQ = zero.sub(q);
      FloatVector minusW = minusQ.blend(tMinusOne, positive);
      FloatVector minusV = tMinusOne.blend(minusQ, positive);
      FloatVector numerator = minusV.fma(a1, minusW);
      FloatVector reciprocal = one.div(one.sub(a1));
      FloatVector quotient = numerator.mul(reciprocal);
      FloatVector residual = a2.fma(quotient.add(minusV), quotient.fma(a1, numerator.sub(quotient)));
      FloatVector correction = residual.mul(reciprocal);
      FloatVector signedHigh = high.blend(minusHigh, positive);
      FloatVector signedLow = low.blend(minusLow, positive);
      FloatVector weighted = u.mul(wt);
      FloatVector weightedLow = u.fma(wt, zero.sub(weighted));
      FloatVector factorHigh = weighted.mul(signedHigh);
      FloatVector factorLow =
          weighted
              .fma(signedHigh, zero.sub(factorHigh))
              .add(weighted.fma(signedLow, weightedLow.mul(signedHigh)));
      FloatVector gradient = quotient.fma(factorHigh, correction.fma(factorHigh, quotient.mul(factorLow)));
      // The low parts may have taken the sign of a zero.
      gradient = gradient.blend(quotient.mul(factorHigh), gradient.compare(VectorOperators.EQ, zero));
      // An infinite weight; infinite pos_weight or target, NaN as in PyTorch.
      gradient =
          gradient.blend(quotient.mul(factorHigh).add(q.sub(q)), gradient.compare(VectorOperators.NE, gradient));
      gradient.blend(x, x.compare(VectorOperators.NE, x)).intoArray(out, outOffset + i);
    }
  }

  /** Logarithm: m1 + m2 = −ln(1 + e^−|x|), by the outer formula, or the inner one near 0; overwrites a1 and a2. */
  private static void logarithms(float[] logits, int logitsOffset, float[] a1s, float[] a2s, int length) {
    IntVector signBit = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    FloatVector minusHalf = FloatVector.broadcast(FLOATS, -0.5f);
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
      FloatVector a1 = FloatVector.fromArray(FLOATS, a1s, i);
      FloatVector a2 = FloatVector.fromArray(FLOATS, a2s, i);
      FloatVector y = x.reinterpretAsInts().or(signBit).reinterpretAsFloats();

      FloatVector p = s5.fma(a1, s4).fma(a1, s3).fma(a1, s2).fma(a1, s1).fma(a1, s0);
      FloatVector outerRest = a1.mul(a1).fma(p, a2.fma(a1, a2));
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

  /** Loss with weights, negated: both products and their sum without an error, then the weight; overwrites m1. */
  private static void weightedLosses(
      float[] logits, int logitsOffset,
      float[] target, int targetOffset,
      float[] weight, int weightOffset,
      float[] qs, float[] cs, float[] m1s, float[] m2s, int length) {
    IntVector signBit = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, logitsOffset + i);
      FloatVector t = FloatVector.fromArray(FLOATS, target, targetOffset + i);
      FloatVector wt = FloatVector.fromArray(FLOATS, weight, weightOffset + i);
      FloatVector q = FloatVector.fromArray(FLOATS, qs, i);
      FloatVector c = FloatVector.fromArray(FLOATS, cs, i);
      FloatVector m1 = FloatVector.fromArray(FLOATS, m1s, i);
      FloatVector m2 = FloatVector.fromArray(FLOATS, m2s, i);
      FloatVector y = x.reinterpretAsInts().or(signBit).reinterpretAsFloats();
      FloatVector w = q.add(x.sub(y)).blend(one.sub(t), x.compare(VectorOperators.GT, zero));
      FloatVector product = y.mul(w);
      FloatVector productLow = y.fma(w, zero.sub(product));
      FloatVector term = c.mul(m1);
      FloatVector termLow = c.fma(m1, zero.sub(term)).add(c.mul(m2));
      FloatVector sum = product.add(term);
      FloatVector back = sum.sub(product);
      FloatVector sumLow = product.sub(sum.sub(back)).add(term.sub(back)).add(productLow).add(termLow);
      VectorMask<Float> finite = sum.sub(sum).compare(VectorOperators.EQ, zero);
      // Where the sum overflows, the weight may still bring it back.
      FloatVector overflown = y.mul(wt).fma(w, c.mul(m1.mul(wt)));
      FloatVector minusLoss = overflown.blend(sum.fma(wt, sumLow.mul(wt)), finite);
      // An infinite weight.
      minusLoss.blend(sum.mul(wt), minusLoss.compare(VectorOperators.NE, minusLoss)).intoArray(m1s, i);
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
