package org.lanewise.bench.baseline;

import static org.lanewise.bench.baseline.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;

/**
 * The two losses as a Java user writes them with the Vector API: its own exponential and logarithm, sums in float, a
 * scalar loop for the remainder. What these loops are not written for goes to {@link PlainMath}.
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
    int i = 0;
    for (; i < FLOATS.loopBound(length); i += FLOATS.length()) {
      FloatVector x = FloatVector.fromArray(FLOATS, logits, logitsOffset + i);
      FloatVector t = FloatVector.fromArray(FLOATS, target, targetOffset + i);
      FloatVector e = x.abs().neg().lanewise(VectorOperators.EXP);
      FloatVector loss = x.max(zero).sub(x.mul(t)).add(e.lanewise(VectorOperators.LOG1P));
      sum = sum.add(loss);
      if (losses != null) {
        loss.intoArray(losses, lossesOffset + i);
      }
      if (gradient != null) {
        FloatVector sigmoid = e.blend(one, x.compare(VectorOperators.GE, zero)).div(e.add(one));
        sigmoid.sub(t).mul(scale).intoArray(gradient, gradientOffset + i);
      }
    }
    return sum.reduceLanes(VectorOperators.ADD)
        + PlainMath.bce(
            logits, logitsOffset + i, target, targetOffset + i, losses, lossesOffset + i,
            gradient, gradientOffset + i, scale, length - i);
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
    int bound = FLOATS.loopBound(classes);
    FloatVector maxima = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int c = 0; c < bound; c += FLOATS.length()) {
      maxima = maxima.max(FloatVector.fromArray(FLOATS, logits, start + c));
    }
    float max = maxima.reduceLanes(VectorOperators.MAX);
    for (int c = bound; c < classes; c++) {
      max = Math.max(max, logits[start + c]);
    }

    FloatVector sums = FloatVector.zero(FLOATS);
    for (int c = 0; c < bound; c += FLOATS.length()) {
      FloatVector e = FloatVector.fromArray(FLOATS, logits, start + c).sub(max).lanewise(VectorOperators.EXP);
      sums = sums.add(e);
      if (gradient != null) {
        e.intoArray(gradient, gradientStart + c);
      }
    }
    float sum = sums.reduceLanes(VectorOperators.ADD);
    for (int c = bound; c < classes; c++) {
      float e = (float) Math.exp(logits[start + c] - max);
      sum += e;
      if (gradient != null) {
        gradient[gradientStart + c] = e;
      }
    }

    if (gradient != null) {
      float factor = scale / sum;
      for (int c = 0; c < bound; c += FLOATS.length()) {
        FloatVector e = FloatVector.fromArray(FLOATS, gradient, gradientStart + c);
        e.mul(factor).intoArray(gradient, gradientStart + c);
      }
      for (int c = bound; c < classes; c++) {
        gradient[gradientStart + c] *= factor;
      }
      gradient[gradientStart + target] -= scale;
    }
    return (float) Math.log(sum) - (logits[start + target] - max);
  }
}
