package org.lanewise.kernels.scalar;

import static org.lanewise.kernels.scalar.CrossEntropyMath.*;

import java.util.Arrays;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;

/**
 * Float32 cross-entropy with class indices, one element at a time; formulas and accuracy in {@link CrossEntropyMath}.
 * Every step has the name and the operations of the same step in {@code VectorCrossEntropy}.
 */
public final class ScalarCrossEntropy implements CrossEntropyKernel<float[]> {
  /** What one thread needs: the exponentials of a chunk, the slots of a row and of a block. */
  private static final class Scratch {
    final float[] exponentials = new float[CHUNK];
    final double[] rowSlots = new double[SlotSum.SLOTS];
    final double[] blockSlots = new double[SlotSum.SLOTS];
    final MixedTargets mixedTargets = new MixedTargets(new ScalarRowFloat64());
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  /** The kernel; it has no state of its own. */
  public ScalarCrossEntropy() {}

  @Override
  public void compute(CrossEntropyCall<float[]> call) {
    Scratch scratch = SCRATCH.get();
    double[] blockSlots = scratch.blockSlots;
    Arrays.fill(blockSlots, 0);
    double weightSum = 0;
    boolean mixed = MixedTargets.applies(call);
    if (mixed) {
      scratch.mixedTargets.begin(call);
    }
    int row = 0;
    for (int n = 0; n < call.outer; n++) {
      for (int i = 0; i < call.inner; i++, row++) {
        int target = call.target.array == null ? 0 : targetClass(call, n, i);
        boolean ignored = target < 0;
        double weight =
            ignored ? 0 : call.classWeight == null || !call.target.isPresent() ? 1 : call.classWeight[call.classWeightOffset + target];
        float upstream = call.upstream.array == null ? 1 : call.upstream.array[call.upstream.at(n, i)];
        double scale = ignored ? 0 : call.gradientScale * upstream;
        double loss =
            mixed
                ? scratch.mixedTargets.row(call, n, i, target, scale)
                : weight * row(call, scratch, n, i, target, scale * weight);
        float roundedLoss = ignored ? 0 : (float) loss;
        if (call.loss.array != null) {
          call.loss.array[call.loss.at(n, i)] = roundedLoss;
        }
        blockSlots[row % SlotSum.SLOTS] += roundedLoss;
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

  /** The unweighted loss of one row, in float64; writes the gradient of the row where it is wanted. */
  private static double row(
      CrossEntropyCall<float[]> call, Scratch scratch, int n, int i, int target, double scale) {
    float[] logits = call.logits.array;
    int start = call.logits.at(n, 0) + i;
    int stride = call.logits.columnStride;
    int classes = call.classes;
    float max = max(logits, start, stride, classes);
    if (!(Math.abs(max) <= Float.MAX_VALUE)) {
      // +inf among the logits, or nothing above -inf: there is no distribution, every result is NaN.
      fillGradients(call, n, i, Float.NaN);
      return Double.NaN;
    }
    float shift = shift(max);
    float shiftedMax = max - shift;
    float exponentOffset = exponentOffset(shiftedMax, largestMagnitude(logits, start, stride, classes) <= WINDOW);

    double[] slots = scratch.rowSlots;
    Arrays.fill(slots, 0);
    double inOrder = 0;
    for (int chunk = 0; chunk < classes; chunk += CHUNK) {
      int length = Math.min(CHUNK, classes - chunk);
      exponentials(
          logits, start + chunk * stride, stride, length, shift, shiftedMax, exponentOffset, scratch.exponentials, 0);
      if (target >= chunk && target < chunk + length) {
        scratch.exponentials[target - chunk] = 0;
      }
      for (int c = 0; c < length; c++) {
        if (classes < WIDE) {
          inOrder += scratch.exponentials[c];
        } else {
          slots[c % SlotSum.SLOTS] += scratch.exponentials[c];
        }
        if (call.logitsGradient.array != null) {
          call.logitsGradient.array[call.logitsGradient.at(n, chunk + c) + i] = scratch.exponentials[c];
        }
      }
    }
    double others = classes < WIDE ? inOrder : SlotSum.reduce(slots);

    // Finish: the loss, and the factor of the gradient.
    double z = target < 0 ? 0 : ((double) logits[start + target * stride] - shift) - exponentOffset * LN2;
    double zc = z < LOWEST_TARGET ? LOWEST_TARGET : z;
    double e = RowMath.exp(-zc);
    double ratio = others * e;
    double loss = RowMath.log1p(ratio) + (zc - z);
    double factor = scale * (e / (ratio + 1));

    if (call.logitsGradient.array != null) {
      float unit = unit(scale);
      scale(call, n, i, unit, high(factor / unit), low(factor / unit));
      if (target >= 0) {
        call.logitsGradient.array[call.logitsGradient.at(n, target) + i] = (float) -(others * factor);
      }
    }
    return loss;
  }

  /** The largest logit, NaN passed over; -inf if there is none. */
  public static float max(float[] logits, int start, int stride, int classes) {
    float max = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      float x = logits[start + c * stride];
      max = x > max ? x : max;
    }
    return max;
  }

  /** The largest |x|, NaN passed over: a row with a NaN has no results but NaN, whichever way it takes. */
  public static float largestMagnitude(float[] logits, int start, int stride, int classes) {
    float max = 0;
    for (int c = 0; c < classes; c++) {
      float x = Math.abs(logits[start + c * stride]);
      max = x > max ? x : max;
    }
    return max;
  }

  /** out[c] = e^(x_c − shift) · 2^−exponentOffset; 0 where that is negligible beside the largest. */
  public static void exponentials(
      float[] logits, int start, int stride, int length,
      float shift, float shiftedMax, float exponentOffset, float[] out, int outStart) {
    float magic = MAGIC - exponentOffset;
    float lowest = shiftedMax - DEEPEST;
    for (int c = 0; c < length; c++) {
      float x = logits[start + c * stride] - shift;
      float xc = x < lowest ? lowest : x;
      float k = Math.fma(xc, LOG2_E, magic);
      float power = k - magic;
      float rh = Math.fma(power, MINUS_LN2_HIGH, xc);
      float r = Math.fma(power, MINUS_LN2_LOW, rh);
      float p = Math.fma(Math.fma(Math.fma(Math.fma(Q4, r, Q3), r, Q2), r, Q1), r, Q0);
      float q = Math.fma(Math.fma(p, r, 1), r, 1);
      float s = Float.intBitsToFloat(Float.floatToRawIntBits(k) << 23);
      float e = q * s;
      out[outStart + c] = x < lowest ? 0 : e;
    }
  }

  /** Multiplies the row of the gradient, which holds exponentials, by unit, then by high + low. */
  private static void scale(CrossEntropyCall<float[]> call, int n, int i, float unit, float high, float low) {
    for (int c = 0; c < call.classes; c++) {
      int at = call.logitsGradient.at(n, c) + i;
      float e = call.logitsGradient.array[at] * unit;
      call.logitsGradient.array[at] = Math.fma(e, high, e * low);
    }
  }

  private static void fillGradients(CrossEntropyCall<float[]> call, int n, int i, float value) {
    for (int c = 0; c < call.classes; c++) {
      if (call.logitsGradient.array != null) {
        call.logitsGradient.array[call.logitsGradient.at(n, c) + i] = value;
      }
      if (call.targetGradient.array != null) {
        call.targetGradient.array[call.targetGradient.at(n, c) + i] = value;
      }
    }
  }
}
