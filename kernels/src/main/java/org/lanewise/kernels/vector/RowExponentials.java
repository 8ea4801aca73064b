package org.lanewise.kernels.vector;

import static org.lanewise.kernels.scalar.CrossEntropyMath.*;
import static org.lanewise.kernels.scalar.SlotSum.SLOTS;
import static org.lanewise.kernels.vector.Species.FLOATS;
import static org.lanewise.kernels.vector.Species.INTS;
import static org.lanewise.kernels.vector.Species.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.lanewise.kernels.scalar.ScalarCrossEntropy;
import org.lanewise.kernels.scalar.SlotSum;

/** The first step of cross-entropy: the exponentials of rows, and their sums without the target. */
final class RowExponentials {
  private RowExponentials() {}

  /** The most logits of a wide row that are worked on at a time; their exponentials stay in the L1 cache. */
  private static final int PART = 2048;

  /** What a thread needs for wide rows. */
  static final class Buffers {
    final float[] exponentials = new float[PART];

    /** The exponentials of the last 32 classes, then 32 zeros: from any of the first 32 on, a row's end and its padding. */
    final float[] last = new float[2 * SLOTS];

    final double[] slots = new double[SLOTS];
  }

  /** All rows of a group of narrow rows that lie one after the other; leaves the exponentials in the scratch. */
  static void narrow(float[] logits, int start, int classes, VectorCrossEntropy.Scratch s, int rows) {
    int elements = rows * classes;
    float[] e = s.exponentials;
    int whole = elements & -LANES;
    boolean inWindow = exponentials(logits, start, whole, e, 0);
    if (whole < elements && inWindow) {
      inWindow =
          ScalarCrossEntropy.largestMagnitude(logits, start + whole, 1, elements - whole) <= WINDOW
              && !hasNaN(logits, start + whole, elements - whole);
      ScalarCrossEntropy.exponentials(logits, start + whole, 1, elements - whole, 0, 0, 0, e, whole);
    }
    if (!inWindow) {
      for (int r = 0; r < rows; r++) {
        narrowRow(logits, start + r * classes, classes, s, r);
      }
      return;
    }
    int[] target = s.target;
    double[] z = s.z;
    for (int r = 0; r < rows; r++) {
      int t = target[r];
      if (t < 0) {
        z[r] = 0;
      } else {
        z[r] = logits[start + r * classes + t];
        e[r * classes + t] = 0;
      }
    }
    sums(e, classes, s.others, rows);
  }

  private static boolean hasNaN(float[] logits, int start, int length) {
    for (int c = 0; c < length; c++) {
      if (logits[start + c] != logits[start + c]) {
        return true;
      }
    }
    return false;
  }

  /** A narrow row whose group is not all within the window: as in the scalar twin. */
  private static void narrowRow(float[] logits, int start, int classes, VectorCrossEntropy.Scratch s, int r) {
    float[] e = s.exponentials;
    int at = r * classes;
    int target = s.target[r];
    float max = ScalarCrossEntropy.max(logits, start, 1, classes);
    if (!(Math.abs(max) <= Float.MAX_VALUE)) {
      s.others[r] = Double.NaN;
      s.z[r] = 0;
      return;
    }
    float shift = shift(max);
    float shiftedMax = max - shift;
    float exponentOffset =
        exponentOffset(shiftedMax, ScalarCrossEntropy.largestMagnitude(logits, start, 1, classes) <= WINDOW);
    ScalarCrossEntropy.exponentials(logits, start, 1, classes, shift, shiftedMax, exponentOffset, e, at);
    if (target >= 0) {
      e[at + target] = 0;
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += e[at + c];
    }
    s.others[r] = sum;
    s.z[r] = target < 0 ? 0 : ((double) logits[start + target] - shift) - exponentOffset * LN2;
  }

  /** The sums of rows that lie one after the other, each in class order; eight rows at a time, lest each wait for itself. */
  private static void sums(float[] e, int classes, double[] sums, int rows) {
    int r = 0;
    for (; r + 8 <= rows; r += 8) {
      int at = r * classes;
      double s0 = 0;
      double s1 = 0;
      double s2 = 0;
      double s3 = 0;
      double s4 = 0;
      double s5 = 0;
      double s6 = 0;
      double s7 = 0;
      for (int c = at; c < at + classes; c++) {
        s0 += e[c];
        s1 += e[c + classes];
        s2 += e[c + 2 * classes];
        s3 += e[c + 3 * classes];
        s4 += e[c + 4 * classes];
        s5 += e[c + 5 * classes];
        s6 += e[c + 6 * classes];
        s7 += e[c + 7 * classes];
      }
      sums[r] = s0;
      sums[r + 1] = s1;
      sums[r + 2] = s2;
      sums[r + 3] = s3;
      sums[r + 4] = s4;
      sums[r + 5] = s5;
      sums[r + 6] = s6;
      sums[r + 7] = s7;
    }
    for (; r < rows; r++) {
      double sum = 0;
      for (int c = r * classes; c < (r + 1) * classes; c++) {
        sum += e[c];
      }
      sums[r] = sum;
    }
  }

  /**
   * A wide row; leaves the exponentials in {@code gradient} where there is one.
   *
   * <p>What does not fill the slots at the row's end is computed as part of its last 32 classes.
   */
  static void wide(
      float[] logits, int start, int classes, VectorCrossEntropy.Scratch s, int r, float[] gradient, int gradientStart) {
    Buffers b = s.buffers;
    int target = s.target[r];
    int whole = classes & -SLOTS;
    int rest = classes - whole;
    float shift = 0;
    float exponentOffset = 0;
    int size = ChunkLength.of(logits, PART);

    Arrays.fill(b.slots, 0);
    boolean inWindow = true;
    for (int part = 0; part < whole && inWindow; part += size) {
      int length = Math.min(size, whole - part);
      float[] out = gradient == null ? b.exponentials : gradient;
      int outStart = gradient == null ? 0 : gradientStart + part;
      inWindow = exponentials(logits, start + part, length, out, outStart);
      if (target >= part && target < part + length) {
        out[outStart + target - part] = 0;
      }
      SlotAdd.add(out, outStart, length, b.slots);
    }
    if (rest > 0 && inWindow) {
      inWindow = exponentials(logits, start + classes - SLOTS, SLOTS, b.last, 0);
      addLast(b, classes, target, gradient, gradientStart);
    }

    if (!inWindow) {
      float max = Math.max(max(logits, start, whole), rest > 0 ? max(logits, start + classes - SLOTS, SLOTS) : Float.NEGATIVE_INFINITY);
      if (!(Math.abs(max) <= Float.MAX_VALUE)) {
        // +inf among the logits, or nothing above -inf: there is no distribution, every result is NaN.
        s.others[r] = Double.NaN;
        s.z[r] = 0;
        return;
      }
      shift = shift(max);
      float shiftedMax = max - shift;
      exponentOffset = exponentOffset(shiftedMax, false);
      Arrays.fill(b.slots, 0);
      for (int part = 0; part < whole; part += size) {
        int length = Math.min(size, whole - part);
        float[] out = gradient == null ? b.exponentials : gradient;
        int outStart = gradient == null ? 0 : gradientStart + part;
        scaledExponentials(logits, start + part, length, shift, shiftedMax, exponentOffset, out, outStart);
        if (target >= part && target < part + length) {
          out[outStart + target - part] = 0;
        }
        SlotAdd.add(out, outStart, length, b.slots);
      }
      if (rest > 0) {
        scaledExponentials(logits, start + classes - SLOTS, SLOTS, shift, shiftedMax, exponentOffset, b.last, 0);
        addLast(b, classes, target, gradient, gradientStart);
      }
    }
    s.others[r] = SlotSum.reduce(b.slots);
    s.z[r] = target < 0 ? 0 : ((double) logits[start + target] - shift) - exponentOffset * LN2;
  }

  /** Adds the classes that do not fill the slots, and leaves their exponentials in the gradient. */
  private static void addLast(Buffers b, int classes, int target, float[] gradient, int gradientStart) {
    int rest = classes % SLOTS;
    if (target >= classes - rest) {
      b.last[SLOTS - classes + target] = 0;
    }
    SlotAdd.add(b.last, SLOTS - rest, SLOTS, b.slots);
    if (gradient != null) {
      System.arraycopy(b.last, SLOTS - rest, gradient, gradientStart + classes - rest, rest);
    }
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

  /**
   * out[c] = e^x_c, right if every |x| lies in the window.
   *
   * @param length a multiple of the lanes
   * @return whether it does; not if one is NaN
   */
  private static boolean exponentials(float[] logits, int start, int length, float[] out, int outStart) {
    IntVector magnitude = IntVector.broadcast(INTS, Integer.MAX_VALUE);
    IntVector window = IntVector.broadcast(INTS, Float.floatToRawIntBits(WINDOW));
    IntVector largest = IntVector.broadcast(INTS, 0);
    FloatVector log2e = FloatVector.broadcast(FLOATS, LOG2_E);
    FloatVector magic = FloatVector.broadcast(FLOATS, MAGIC - 127);
    FloatVector ln2High = FloatVector.broadcast(FLOATS, MINUS_LN2_HIGH);
    FloatVector ln2Low = FloatVector.broadcast(FLOATS, MINUS_LN2_LOW);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector q0 = FloatVector.broadcast(FLOATS, Q0);
    FloatVector q1 = FloatVector.broadcast(FLOATS, Q1);
    FloatVector q2 = FloatVector.broadcast(FLOATS, Q2);
    FloatVector q3 = FloatVector.broadcast(FLOATS, Q3);
    FloatVector q4 = FloatVector.broadcast(FLOATS, Q4);
    for (int c = 0; c < length; c += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, start + c);
      // As integers, magnitudes are ordered like floats, with NaN last.
      largest = largest.max(x.reinterpretAsInts().and(magnitude));
      FloatVector k = x.fma(log2e, magic);
      FloatVector power = k.sub(magic);
      FloatVector rh = power.fma(ln2High, x);
      FloatVector r = power.fma(ln2Low, rh);
      FloatVector p = q4.fma(r, q3).fma(r, q2).fma(r, q1).fma(r, q0);
      FloatVector q = p.fma(r, one).fma(r, one);
      // The power of two is added to the exponent: within the window the same as a multiplication.
      IntVector e = q.reinterpretAsInts().add(k.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23));
      e.reinterpretAsFloats().intoArray(out, outStart + c);
    }
    return !largest.compare(VectorOperators.GT, window).anyTrue();
  }

  /** out[c] = e^(x_c − shift) · 2^−exponentOffset; 0 where that is negligible beside the largest. */
  private static void scaledExponentials(
      float[] logits, int start, int length, float shift, float shiftedMax, float exponentOffset, float[] out, int outStart) {
    FloatVector shifts = FloatVector.broadcast(FLOATS, shift);
    FloatVector lowest = FloatVector.broadcast(FLOATS, shiftedMax - DEEPEST);
    FloatVector log2e = FloatVector.broadcast(FLOATS, LOG2_E);
    FloatVector magic = FloatVector.broadcast(FLOATS, MAGIC - exponentOffset);
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
}
