package org.lanewise.bench.baseline;

import static org.lanewise.bench.baseline.Lanes.COUNT;
import static org.lanewise.bench.baseline.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;

/**
 * No loss: touches the bytes that a loss has to touch and does as little as possible with them, which is the time that no
 * kernel on the same memory can beat. It adds up logits and targets; where a gradient is wanted it also writes one, a copy
 * of the logits. Takes contiguous operands, and ignores all others.
 */
final class Read implements BceWithLogitsKernel<float[]>, CrossEntropyKernel<float[]> {
  /** Four accumulators, so that an addition never waits for the one before. */
  private static final int STEP = 4 * COUNT;

  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
    int length = call.rows * call.columns;
    call.lossSum =
        read(
                call.logits.array, call.logits.offset,
                call.logitsGradient.array, call.logitsGradient.offset, length)
            + read(call.target.array, call.target.offset, null, 0, length);
  }

  @Override
  public void compute(CrossEntropyCall<float[]> call) {
    double sum = 0;
    for (int n = 0; n < call.outer; n++) {
      sum += call.target.array == null ? 0 : call.target.array[call.target.at(n, 0)];
    }
    int length = call.outer * call.classes * call.inner;
    call.lossSum =
        sum
            + read(
                call.logits.array, call.logits.offset,
                call.logitsGradient.array, call.logitsGradient.offset, length);
    call.weightSum = call.outer;
  }

  /** The sum of the values; copies them on the way where {@code copy} is given. */
  private static float read(float[] values, int offset, float[] copy, int copyOffset, int length) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    int i = 0;
    for (; i <= length - STEP; i += STEP) {
      FloatVector v = FloatVector.fromArray(FLOATS, values, offset + i);
      FloatVector w = FloatVector.fromArray(FLOATS, values, offset + i + COUNT);
      FloatVector x = FloatVector.fromArray(FLOATS, values, offset + i + 2 * COUNT);
      FloatVector y = FloatVector.fromArray(FLOATS, values, offset + i + 3 * COUNT);
      a = a.add(v);
      b = b.add(w);
      c = c.add(x);
      d = d.add(y);
      if (copy != null) {
        v.intoArray(copy, copyOffset + i);
        w.intoArray(copy, copyOffset + i + COUNT);
        x.intoArray(copy, copyOffset + i + 2 * COUNT);
        y.intoArray(copy, copyOffset + i + 3 * COUNT);
      }
    }
    float sum = a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
    for (; i < length; i++) {
      sum += values[offset + i];
      if (copy != null) {
        copy[copyOffset + i] = values[offset + i];
      }
    }
    return sum;
  }
}
