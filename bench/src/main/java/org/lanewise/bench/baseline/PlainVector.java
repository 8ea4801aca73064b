package org.lanewise.bench.baseline;

import static org.lanewise.bench.baseline.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;

/**
 * The two losses as a Java user writes them with the Vector API: its own exponential and logarithm, sums in float, a masked
 * last vector. What these loops are not written for goes to {@link PlainMath}.
 */
final class PlainVector implements BceWithLogitsKernel<float[]>, CrossEntropyKernel<float[]> {
  private static final PlainMath ANY = new PlainMath();

  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
    if (!PlainMath.isSimple(call)) {
      ANY.compute(call);
      return;
    }
    call.lossSum =
        bce(
            call.logits.array, call.logits.offset,
            call.target.array, call.target.offset,
            call.loss.array, call.loss.offset,
            call.logitsGradient.array, call.logitsGradient.offset,
            (float) call.gradientScale, call.rows * call.columns);
  }

  private static double bce(
      float[] logits, int logitsOffset, float[] target, int targetOffset, float[] losses, int lossesOffset,
      float[] gradient, int gradientOffset, float scale, int length) {
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector sum = zero;
    for (int i = 0; i < length; i += FLOATS.length()) {
      VectorMask<Float> inside = FLOATS.indexInRange(i, length);
      FloatVector x = FloatVector.fromArray(FLOATS, logits, logitsOffset + i, inside);
      FloatVector t = FloatVector.fromArray(FLOATS, target, targetOffset + i, inside);
      FloatVector e = x.abs().neg().lanewise(VectorOperators.EXP);
      FloatVector loss = x.max(zero).sub(x.mul(t)).add(e.lanewise(VectorOperators.LOG1P));
      sum = sum.add(loss, inside);
      if (losses != null) {
        loss.intoArray(losses, lossesOffset + i, inside);
      }
      if (gradient != null) {
        FloatVector sigmoid = e.blend(one, x.compare(VectorOperators.GE, zero)).div(e.add(one));
        sigmoid.sub(t).mul(scale).intoArray(gradient, gradientOffset + i, inside);
      }
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }

  @Override
  public void compute(CrossEntropyCall<float[]> call) {
    if (!PlainMath.isSimple(call)) {
      ANY.compute(call);
      return;
    }
    double sum = 0;
    for (int n = 0; n < call.outer; n++) {
      int target = (int) call.target.array[call.target.at(n, 0)];
      float loss =
          row(
              call.logits.array, call.logits.at(n, 0),
              call.logitsGradient.array, call.logitsGradient.at(n, 0),
              target, (float) call.gradientScale, call.classes);
      sum += loss;
      if (call.loss.array != null) {
        call.loss.array[call.loss.at(n, 0)] = loss;
      }
    }
    call.lossSum = sum;
    call.weightSum = call.outer;
  }

  private static float row(
      float[] logits, int start, float[] gradient, int gradientStart, int target, float scale, int classes) {
    FloatVector maxima = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int c = 0; c < classes; c += FLOATS.length()) {
      VectorMask<Float> inside = FLOATS.indexInRange(c, classes);
      FloatVector x = FloatVector.fromArray(FLOATS, logits, start + c, inside);
      maxima = maxima.lanewise(VectorOperators.MAX, x, inside);
    }
    float max = maxima.reduceLanes(VectorOperators.MAX);

    FloatVector sums = FloatVector.zero(FLOATS);
    for (int c = 0; c < classes; c += FLOATS.length()) {
      VectorMask<Float> inside = FLOATS.indexInRange(c, classes);
      FloatVector x = FloatVector.fromArray(FLOATS, logits, start + c, inside);
      FloatVector e = x.sub(max).lanewise(VectorOperators.EXP);
      sums = sums.add(e, inside);
      if (gradient != null) {
        e.intoArray(gradient, gradientStart + c, inside);
      }
    }
    float sum = sums.reduceLanes(VectorOperators.ADD);

    if (gradient != null) {
      float factor = scale / sum;
      for (int c = 0; c < classes; c += FLOATS.length()) {
        VectorMask<Float> inside = FLOATS.indexInRange(c, classes);
        FloatVector e = FloatVector.fromArray(FLOATS, gradient, gradientStart + c, inside);
        e.mul(factor).intoArray(gradient, gradientStart + c, inside);
      }
      gradient[gradientStart + target] -= scale;
    }
    return (float) Math.log(sum) - (logits[start + target] - max);
  }
}
