package org.lanewise.kernels.scalar;

import static org.lanewise.kernels.scalar.BceMath.*;

import java.util.Arrays;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;

/**
 * Float32 BCE with logits, one element at a time; formulas and accuracy in {@link BceMath}. Every step has the name and
 * the operations of the same step in {@code VectorBceWithLogits}.
 */
final class ScalarBceWithLogits implements BceWithLogitsKernel<float[]> {
  private static final ThreadLocal<double[]> SLOTS = ThreadLocal.withInitial(() -> new double[SlotSum.SLOTS]);

  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
    if (call.weight.isPresent() || call.posWeight.isPresent()) {
      computeWeighted(call);
    } else {
      computePlain(call);
    }
    BceTargetGradient.compute(call);
  }

  private static void computePlain(BceWithLogitsCall<float[]> call) {
    double[] slots = SLOTS.get();
    Arrays.fill(slots, 0);
    float scaleHigh = SplitDouble.high(call.gradientScale);
    float scaleLow = SplitDouble.low(call.gradientScale);
    int element = 0;
    for (int row = 0; row < call.rows; row++) {
      for (int column = 0; column < call.columns; column++, element++) {
        float x = call.logits.array[call.logits.at(row, column)];
        float t = call.target.array[call.target.at(row, column)];
        float y = -Math.abs(x);

        // Exponential: a1 + a2 = -e^-|x|.
        float yc = y >= LOWEST ? y : LOWEST; // NaN too becomes LOWEST
        float k = Math.fma(yc, LOG2_E, MAGIC);
        float n = k - MAGIC;
        float rh = Math.fma(n, MINUS_LN2_HIGH, yc);
        float r = Math.fma(n, MINUS_LN2_LOW, rh);
        float r2 = r * r;
        float hi = rh + 1;
        float er = (1 - hi) + rh;
        float q = Math.fma(Math.fma(r2, Q4, Math.fma(r, Q3, Q2)), r2, Math.fma(r, Q1, Q0));
        float lo = Math.fma(r2, q, Math.fma(n, MINUS_LN2_LOW, er));
        float th = hi + lo;
        float tl = (hi - th) + lo;
        float s = Float.intBitsToFloat(Float.floatToRawIntBits(k) << 23) * EXPONENT_UNSCALE;
        float a1 = th * s;
        float a2 = tl * s;

        // Gradient: the quotient (v z - w) / (1 + z), corrected once.
        if (call.logitsGradient.array != null) {
          float u = call.upstream.array == null ? 1 : call.upstream.array[call.upstream.at(row, column)];
          boolean positive = x > 0;
          float tMinusOne = t - 1;
          float minusT = 0 - t;
          float minusW = positive ? tMinusOne : minusT;
          float minusV = positive ? minusT : tMinusOne;
          float numerator = Math.fma(minusV, a1, minusW);
          float reciprocal = 1 / (1 - a1);
          float quotient = numerator * reciprocal;
          float residual = Math.fma(a2, quotient + minusV, Math.fma(quotient, a1, numerator - quotient));
          float correction = residual * reciprocal;
          float factorHigh = u * (positive ? -scaleHigh : scaleHigh);
          float factorLow = u * (positive ? -scaleLow : scaleLow);
          float gradient = Math.fma(quotient, factorHigh, Math.fma(correction, factorHigh, quotient * factorLow));
          gradient = gradient != gradient ? quotient * factorHigh : gradient; // an infinite target
          call.logitsGradient.array[call.logitsGradient.at(row, column)] = x != x ? x : gradient;
        }

        // Loss, negated: the outer formula, or the inner one near 0.
        float minusLoss;
        if (y <= -SPLIT || y != y) {
          float p =
              Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(S5, a1, S4), a1, S3), a1, S2), a1, S1), a1, S0);
          float minusLog1p = Math.fma(a1 * a1, p, Math.fma(a2, a1, a2)) + a1;
          // x - y is 0 for finite x < 0, NaN for -inf and NaN: PyTorch's results there, at no cost.
          float w = x > 0 ? 1 - t : t + (x - y);
          minusLoss = Math.fma(y, w, minusLog1p);
        } else {
          float square = x * x;
          float c = t - 0.5f;
          float h = Math.fma(x, c, MINUS_LN2);
          float e = Math.fma(x, c, MINUS_LN2 - h) + MINUS_LN2_TAIL;
          minusLoss = Math.fma(square, Math.fma(Math.fma(Math.fma(W3, square, W2), square, W1), square, W0), e) + h;
        }
        if (call.loss.array != null) {
          call.loss.array[call.loss.at(row, column)] = 0 - minusLoss; // +0, never -0
        }

        slots[element % SlotSum.SLOTS] += minusLoss;
      }
    }
    call.lossSum = 0 - SlotSum.reduce(slots);
  }

  /**
   * With a weight, a positive-class weight or both. The loss is kept as a sum of two floats until the weight has been
   * multiplied, so that the weight costs no more than its own rounding.
   */
  private static void computeWeighted(BceWithLogitsCall<float[]> call) {
    double[] slots = SLOTS.get();
    Arrays.fill(slots, 0);
    float scaleHigh = SplitDouble.high(call.gradientScale);
    float scaleLow = SplitDouble.low(call.gradientScale);
    int element = 0;
    for (int row = 0; row < call.rows; row++) {
      for (int column = 0; column < call.columns; column++, element++) {
        float x = call.logits.array[call.logits.at(row, column)];
        float t = call.target.array[call.target.at(row, column)];
        float weight = call.weight.array == null ? 1 : call.weight.array[call.weight.at(row, column)];
        float y = -Math.abs(x);

        // Exponential: a1 + a2 = -e^-|x|.
        float yc = y >= LOWEST ? y : LOWEST; // NaN too becomes LOWEST
        float k = Math.fma(yc, LOG2_E, MAGIC);
        float n = k - MAGIC;
        float rh = Math.fma(n, MINUS_LN2_HIGH, yc);
        float r = Math.fma(n, MINUS_LN2_LOW, rh);
        float r2 = r * r;
        float hi = rh + 1;
        float er = (1 - hi) + rh;
        float p = Math.fma(Math.fma(r2, Q4, Math.fma(r, Q3, Q2)), r2, Math.fma(r, Q1, Q0));
        float lo = Math.fma(r2, p, Math.fma(n, MINUS_LN2_LOW, er));
        float th = hi + lo;
        float tl = (hi - th) + lo;
        float s = Float.intBitsToFloat(Float.floatToRawIntBits(k) << 23) * EXPONENT_UNSCALE;
        float a1 = th * s;
        float a2 = tl * s;

        // Positives: q = pos_weight t, c = (1 - t) + q.
        float q = t;
        float c = 1;
        if (call.posWeight.array != null) {
          q = call.posWeight.array[call.posWeight.at(row, column)] * t;
          c = (1 - t) + q;
        }

        // Gradient: as without weights, with q in the place of t, times a factor kept as a sum of two floats.
        if (call.logitsGradient.array != null) {
          float u = call.upstream.array == null ? 1 : call.upstream.array[call.upstream.at(row, column)];
          boolean positive = x > 0;
          float tMinusOne = t - 1;
          float minusQ = 0 - q;
          float minusW = positive ? tMinusOne : minusQ;
          float minusV = positive ? minusQ : tMinusOne;
          float numerator = Math.fma(minusV, a1, minusW);
          float reciprocal = 1 / (1 - a1);
          float quotient = numerator * reciprocal;
          float residual = Math.fma(a2, quotient + minusV, Math.fma(quotient, a1, numerator - quotient));
          float correction = residual * reciprocal;
          float signedHigh = positive ? -scaleHigh : scaleHigh;
          float signedLow = positive ? -scaleLow : scaleLow;
          float weighted = u * weight;
          float weightedLow = Math.fma(u, weight, 0 - weighted);
          float factorHigh = weighted * signedHigh;
          float factorLow =
              Math.fma(weighted, signedHigh, 0 - factorHigh)
                  + Math.fma(weighted, signedLow, weightedLow * signedHigh);
          float gradient = Math.fma(quotient, factorHigh, Math.fma(correction, factorHigh, quotient * factorLow));
          gradient = gradient == 0 ? quotient * factorHigh : gradient; // the low parts may have taken its sign
          // An infinite weight; infinite pos_weight or target, NaN as in PyTorch.
          gradient = gradient != gradient ? quotient * factorHigh + (q - q) : gradient;
          call.logitsGradient.array[call.logitsGradient.at(row, column)] = x != x ? x : gradient;
        }

        // Logarithm: m1 + m2 = -ln(1 + e^-|x|), by the outer formula, or the inner one near 0.
        float m1;
        float m2;
        if (y <= -SPLIT || y != y) {
          float rest =
              Math.fma(
                  a1 * a1,
                  Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(S5, a1, S4), a1, S3), a1, S2), a1, S1), a1, S0),
                  Math.fma(a2, a1, a2));
          m1 = rest + a1;
          m2 = (a1 - m1) + rest;
        } else {
          float square = x * x;
          float h = Math.fma(y, -0.5f, MINUS_LN2);
          float e = Math.fma(y, -0.5f, MINUS_LN2 - h) + MINUS_LN2_TAIL;
          float rest =
              Math.fma(square, Math.fma(Math.fma(Math.fma(W3, square, W2), square, W1), square, W0), e);
          m1 = rest + h;
          m2 = (h - m1) + rest;
        }

        // Loss, negated: -(|x| w + c ln(1 + e^-|x|)), both products and their sum without an error, then the weight.
        float w = x > 0 ? 1 - t : q + (x - y);
        float product = y * w;
        float productLow = Math.fma(y, w, 0 - product);
        float term = c * m1;
        float termLow = Math.fma(c, m1, 0 - term) + c * m2;
        float sum = product + term;
        float back = sum - product;
        float sumLow = ((product - (sum - back)) + (term - back)) + productLow + termLow;
        // Where the sum overflows, the weight may still bring it back.
        float minusLoss =
            sum - sum == 0 ? Math.fma(sum, weight, sumLow * weight) : Math.fma(y * weight, w, c * (m1 * weight));
        minusLoss = minusLoss != minusLoss ? sum * weight : minusLoss; // an infinite weight
        if (call.loss.array != null) {
          call.loss.array[call.loss.at(row, column)] = 0 - minusLoss; // +0, never -0
        }

        slots[element % SlotSum.SLOTS] += minusLoss;
      }
    }
    call.lossSum = 0 - SlotSum.reduce(slots);
  }
}
