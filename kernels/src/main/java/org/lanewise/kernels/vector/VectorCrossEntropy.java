package org.lanewise.kernels.vector;

import static org.lanewise.kernels.scalar.CrossEntropyMath.*;
import static org.lanewise.kernels.scalar.SlotSum.SLOTS;
import static org.lanewise.kernels.vector.Species.FLOATS;
import static org.lanewise.kernels.vector.Species.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.lanewise.kernels.scalar.MixedTargets;
import org.lanewise.kernels.scalar.RowMath;
import org.lanewise.kernels.scalar.ScalarCrossEntropy;
import org.lanewise.kernels.scalar.SlotSum;
import org.lanewise.kernels.scalar.SplitDouble;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;

/**
 * Float32 cross-entropy with class indices, as many classes of a row at a time as there are lanes; formulas and accuracy
 * in {@link org.lanewise.kernels.scalar.CrossEntropyMath}. Every step has the name and the operations of the same step in
 * {@code ScalarCrossEntropy}; {@code VectorBceWithLogits} says why the loops are written as they are.
 *
 * <p>A row whose classes do not lie side by side is first copied to a buffer. The end of a row that
 * does not fill 32 slots is worked on in a buffer padded with −∞, whose exponential is 0.
 */
final class VectorCrossEntropy implements CrossEntropyKernel<float[]> {
  /** Below this many classes a row is not worth its vectors: the scalar twin, which gives the same bits, is faster. */
  private static final int NARROW = 20;

  /** The largest part of a row that is copied in order to pad it; a power of two. */
  private static final int PADDED_PART = 128;

  private final ScalarCrossEntropy narrow = new ScalarCrossEntropy();

  /** What one thread needs; the row buffers grow to the largest row seen. */
  private static final class Scratch {
    final float[] exponentials = new float[CHUNK];
    final float[] last = new float[PADDED_PART];
    final double[] rowSlots = new double[SLOTS];
    final double[] blockSlots = new double[SLOTS];
    final MixedTargets mixedTargets = new MixedTargets();
    float[] row = new float[0];
    float[] rowGradient = new float[0];

    void reserve(int classes) {
      if (row.length < classes) {
        row = new float[classes];
        rowGradient = new float[classes];
      }
    }
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  @Override
  public void compute(CrossEntropyCall<float[]> call) {
    if (call.classes < NARROW) {
      narrow.compute(call);
      return;
    }
    Scratch s = SCRATCH.get();
    int classes = call.classes;
    boolean gradientWanted = call.logitsGradient.isPresent();
    boolean mixed = MixedTargets.applies(call);
    boolean direct = call.logits.columnStride == 1 && (!gradientWanted || call.logitsGradient.columnStride == 1);
    if (!direct) {
      s.reserve(classes);
    }
    double[] blockSlots = s.blockSlots;
    Arrays.fill(blockSlots, 0);
    double weightSum = 0;
    int row = 0;
    for (int n = 0; n < call.outer; n++) {
      for (int i = 0; i < call.inner; i++, row++) {
        int target = call.target.isPresent() ? targetClass(call, n, i) : 0;
        boolean ignored = target < 0;
        double weight =
            ignored ? 0 : call.classWeight == null || !call.target.isPresent() ? 1 : call.classWeight[call.classWeightOffset + target];
        float upstream = call.upstream.isPresent() ? call.upstream.array[call.upstream.at(n, i)] : 1;
        double scale = ignored ? 0 : call.gradientScale * upstream;
        double loss;
        if (mixed) {
          loss = s.mixedTargets.row(call, n, i, target, scale);
        } else if (direct) {
          loss = weight * row(
              s, call.logits.array, call.logits.at(n, 0) + i,
              call.logitsGradient.array, call.logitsGradient.at(n, 0) + i, classes, target, scale * weight);
        } else {
          gather(call, n, i, s.row);
          loss = weight * row(s, s.row, 0, gradientWanted ? s.rowGradient : null, 0, classes, target, scale * weight);
          if (gradientWanted) {
            for (int c = 0; c < classes; c++) {
              call.logitsGradient.array[call.logitsGradient.at(n, c) + i] = s.rowGradient[c];
            }
          }
        }
        float roundedLoss = ignored ? 0 : (float) loss;
        if (call.loss.isPresent()) {
          call.loss.array[call.loss.at(n, i)] = roundedLoss;
        }
        blockSlots[row % SLOTS] += roundedLoss;
        weightSum += weight;
      }
    }
    call.lossSum = SlotSum.reduce(blockSlots);
    call.weightSum = weightSum;
  }

  /** The class index of a row, −1 where it is ignored. */
  private static int targetClass(CrossEntropyCall<float[]> call, int n, int i) {
    long target = call.target.array[call.target.at(n, i)];
    return target == call.ignoreIndex ? -1 : (int) target;
  }

  private static void gather(CrossEntropyCall<float[]> call, int n, int i, float[] row) {
    for (int c = 0; c < call.classes; c++) {
      row[c] = call.logits.array[call.logits.at(n, c) + i];
    }
  }

  /** The unweighted loss of one row, in float64; writes the gradient of the row where there is an array for it. */
  private static double row(
      Scratch s, float[] logits, int start, float[] gradient, int gradientStart, int classes, int target, double scale) {
    // A row whose classes do not fill the slots ends in a part that is padded with -infinity. The part is larger than it
    // need be: one call over 104 classes costs less than two over 96 and 8.
    int last = (classes & SLOTS - 1) == 0 ? classes : classes & -PADDED_PART;
    int rest = classes - last;
    int padded = rest + SLOTS - 1 & -SLOTS;
    float max = max(logits, start, last);
    if (rest > 0) {
      System.arraycopy(logits, start + last, s.last, 0, rest);
      Arrays.fill(s.last, rest, padded, Float.NEGATIVE_INFINITY);
      max = Math.max(max, max(s.last, 0, padded));
    }
    if (!(Math.abs(max) <= Float.MAX_VALUE)) {
      // +inf among the logits, or nothing above -inf: there is no distribution, every result is NaN.
      if (gradient != null) {
        Arrays.fill(gradient, gradientStart, gradientStart + classes, Float.NaN);
      }
      return Double.NaN;
    }
    float shift = shift(max);
    float shiftedMax = max - shift;
    float exponentOffset = exponentOffset(shiftedMax);

    double[] slots = s.rowSlots;
    Arrays.fill(slots, 0);
    for (int chunk = 0; chunk < last; chunk += CHUNK) {
      int length = Math.min(CHUNK, last - chunk);
      float[] out = gradient == null ? s.exponentials : gradient;
      int outStart = gradient == null ? 0 : gradientStart + chunk;
      exponentials(logits, start + chunk, length, shift, shiftedMax, exponentOffset, out, outStart);
      if (target >= chunk && target < chunk + length) {
        out[outStart + target - chunk] = 0;
      }
      SlotAdd.add(out, outStart, length, slots);
    }
    if (rest > 0) {
      exponentials(s.last, 0, padded, shift, shiftedMax, exponentOffset, s.exponentials, 0);
      if (target >= last) {
        s.exponentials[target - last] = 0;
      }
      SlotAdd.add(s.exponentials, 0, padded, slots);
    }
    double others = SlotSum.reduce(slots);

    double z =
        target < 0
            ? 0
            : ((double) logits[start + target] - shift) - (exponentOffset - (double) HEADROOM) * LN2;
    double zc = z < LOWEST_TARGET ? LOWEST_TARGET : z;
    double e = RowMath.exp(-zc);
    double ratio = others * e;
    double loss = RowMath.log1p(ratio) + (zc - z);

    if (gradient != null) {
      double factor = target < 0 ? others * 0 : scale * (e / (ratio + 1));
      // The headroom is taken out of the small exponentials or put into the small factor, lest either underflow.
      float unit = Math.abs(scale) < 1 ? HEADROOM_UNSCALE : 1;
      double unitFactor = factor / unit;
      float high = SplitDouble.high(unitFactor);
      float low = SplitDouble.low(unitFactor);
      scale(gradient, gradientStart, last, unit, high, low);
      if (rest > 0) {
        scale(s.exponentials, 0, padded, unit, high, low);
        System.arraycopy(s.exponentials, 0, gradient, gradientStart + last, rest);
      }
      if (target >= 0) {
        gradient[gradientStart + target] = (float) -(others * factor);
      }
    }
    return loss;
  }

  /** The largest logit, NaN passed over; -inf if there is none. Compare and blend, as a lanewise maximum also orders NaN. */
  private static float max(float[] logits, int start, int length) {
    FloatVector max0 = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    FloatVector max1 = max0;
    for (int c = 0; c < length; c += 2 * LANES) {
      FloatVector x0 = FloatVector.fromArray(FLOATS, logits, start + c);
      FloatVector x1 = FloatVector.fromArray(FLOATS, logits, start + c + LANES);
      max0 = max0.blend(x0, x0.compare(VectorOperators.GT, max0));
      max1 = max1.blend(x1, x1.compare(VectorOperators.GT, max1));
    }
    return max0.blend(max1, max1.compare(VectorOperators.GT, max0)).reduceLanes(VectorOperators.MAX);
  }

  /** out[c] = e^(x_c − max) · 2^HEADROOM, up to the power of two that exponentOffset rounds away. */
  private static void exponentials(
      float[] logits, int start, int length, float shift, float shiftedMax, float exponentOffset, float[] out, int outStart) {
    FloatVector shifts = FloatVector.broadcast(FLOATS, shift);
    FloatVector lowest = FloatVector.broadcast(FLOATS, shiftedMax - DEEPEST);
    FloatVector log2e = FloatVector.broadcast(FLOATS, LOG2_E);
    FloatVector magic = FloatVector.broadcast(FLOATS, MAGIC + HEADROOM - exponentOffset);
    FloatVector ln2High = FloatVector.broadcast(FLOATS, MINUS_LN2_HIGH);
    FloatVector ln2Low = FloatVector.broadcast(FLOATS, MINUS_LN2_LOW);
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector q0 = FloatVector.broadcast(FLOATS, Q0);
    FloatVector q1 = FloatVector.broadcast(FLOATS, Q1);
    FloatVector q2 = FloatVector.broadcast(FLOATS, Q2);
    FloatVector q3 = FloatVector.broadcast(FLOATS, Q3);
    FloatVector q4 = FloatVector.broadcast(FLOATS, Q4);
    for (int c = 0; c < length; c += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, start + c).sub(shifts);
      VectorMask<Float> negligible = x.compare(VectorOperators.LT, lowest);
      FloatVector xc = x.blend(lowest, negligible);
      FloatVector k = xc.fma(log2e, magic);
      FloatVector power = k.sub(magic);
      FloatVector rh = power.fma(ln2High, xc);
      FloatVector r = power.fma(ln2Low, rh);
      FloatVector p = q4.fma(r, q3).fma(r, q2).fma(r, q1).fma(r, q0);
      FloatVector q = p.fma(r, one).fma(r, one);
      FloatVector s = k.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      q.mul(s).blend(zero, negligible).intoArray(out, outStart + c);
    }
  }

  /** Multiplies exponentials by unit, then by high + low. */
  private static void scale(float[] values, int start, int length, float unit, float high, float low) {
    FloatVector units = FloatVector.broadcast(FLOATS, unit);
    FloatVector highs = FloatVector.broadcast(FLOATS, high);
    FloatVector lows = FloatVector.broadcast(FLOATS, low);
    for (int c = 0; c < length; c += LANES) {
      FloatVector e = FloatVector.fromArray(FLOATS, values, start + c).mul(units);
      e.fma(highs, e.mul(lows)).intoArray(values, start + c);
    }
  }
}
