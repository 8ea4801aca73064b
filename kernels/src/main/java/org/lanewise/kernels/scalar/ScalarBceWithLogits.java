package org.lanewise.kernels.scalar;

import static org.lanewise.kernels.scalar.BceMath.*;

import java.util.Arrays;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Float32 BCE with logits, one element at a time; formulas, domain and their sources in {@link BceMath}. Every step has the
 * name and the operations of the same step in {@code VectorBceWithLogits}.
 *
 * <p><b>Accuracy</b>, over all finite logits with targets 0 and 1: loss within 0.88 ULP (worst 0.8782 at x =
 * −0x1.c37d24p-1, t = 0), gradient within 0.79 ULP (worst 0.7791 at x = −0x1.5ed742p6, t = 0); other targets within 2 ULP of
 * the largest term.
 */
public final class ScalarBceWithLogits implements BceWithLogitsKernel<float[]> {
  private static final ThreadLocal<BceFactor> FACTOR = ThreadLocal.withInitial(BceFactor::new);
  private static final ThreadLocal<double[]> SLOTS = ThreadLocal.withInitial(() -> new double[SlotSum.SLOTS]);

  /** The kernel; it has no state of its own. */
  public ScalarBceWithLogits() {}

  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
    double[] slots = SLOTS.get();
    Arrays.fill(slots, 0);
    boolean positivesWeighted = call.posWeight.isPresent();
    boolean weighted = call.weight.isPresent() || positivesWeighted;
    boolean oneFactor = !call.upstream.isPresent() && Double.isFinite(call.gradientScale);
    BceFactor factor = FACTOR.get();
    if (oneFactor) {
      factor.set(call.gradientScale);
    }
    float scaleHigh = SplitDouble.high(call.gradientScale);
    float scaleLow = SplitDouble.low(call.gradientScale);
    int element = 0;
    for (int row = 0; row < call.rows; row++) {
      for (int column = 0; column < call.columns; column++, element++) {
        float x = call.logits.array[call.logits.at(row, column)];
        float t = call.target.array[call.target.at(row, column)];
        float y = -Math.abs(x);

        // Exponential: a1 + a2 = -2^HEADROOM e^-|x|.
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
        float s = Float.intBitsToFloat(Float.floatToRawIntBits(k) << 23);
        float a1 = th * s;
        float a2 = tl * s;

        // Gradient.
        if (call.logitsGradient.array != null) {
          call.logitsGradient.array[call.logitsGradient.at(row, column)] =
              weighted
                  ? weightedGradient(
                      x, t,
                      value(call.upstream, row, column), value(call.weight, row, column),
                      value(call.posWeight, row, column), positivesWeighted,
                      a1, a2, call.gradientScale)
                  : oneFactor
                      ? gradient(x, t, a1, a2, factor)
                      : upstreamGradient(x, t, value(call.upstream, row, column), a1, a2, scaleHigh, scaleLow);
        }

        // Loss, negated.
        float minusLoss =
            weighted
                ? weightedLoss(
                    x, t,
                    value(call.weight, row, column), value(call.posWeight, row, column), positivesWeighted, a1, a2)
                : loss(x, t, a1, a2);
        if (call.loss.array != null) {
          call.loss.array[call.loss.at(row, column)] = 0 - minusLoss; // +0, never -0
        }

        slots[element % SlotSum.SLOTS] += minusLoss;
      }
    }
    call.lossSum = 0 - SlotSum.reduce(slots);
    BceTargetGradient.compute(call);
  }

  private static float value(Strided<float[]> operand, int row, int column) {
    return operand.array == null ? 1 : operand.array[operand.at(row, column)];
  }

  /** Gradient: the quotient (w - v z) / (1 + z), corrected once; quotient and correction have the headroom. */
  private static float gradient(float x, float t, float a1, float a2, BceFactor factor) {
    boolean positive = x > 0;
    float bias = positive ? 0 : 1;
    float v = t - bias;
    float vLow = t - (v + bias); // what the rounding of v has lost
    float w = Math.fma(t, -HEADROOM, positive ? HEADROOM : 0);
    float minusZ = a1 * HEADROOM_UNSCALE;
    float numerator = Math.fma(v, a1, w);
    float reciprocal = 1 / Math.fma(a1, -HEADROOM_UNSCALE, 1);
    float quotient = numerator * reciprocal;
    float residual =
        Math.fma(
            a2,
            Math.fma(quotient, HEADROOM_UNSCALE, v),
            Math.fma(vLow, a1, Math.fma(quotient, minusZ, numerator - quotient)));
    float correction = residual * reciprocal;
    float gradient =
        Math.fma(quotient, factor.high, Math.fma(correction, factor.high, quotient * factor.low)) * factor.last;
    gradient = gradient != gradient ? t * -factor.whole : gradient; // a target beyond the headroom
    return x != x ? x : gradient;
  }

  /** Gradient with an upstream gradient: as without, but each element has a factor of its own, split as by BceFactor. */
  private static float upstreamGradient(
      float x, float t, float u, float a1, float a2, float scaleHigh, float scaleLow) {
    boolean positive = x > 0;
    float bias = positive ? 0 : 1;
    float v = t - bias;
    float vLow = t - (v + bias); // what the rounding of v has lost
    float w = Math.fma(t, -HEADROOM, positive ? HEADROOM : 0);
    float minusZ = a1 * HEADROOM_UNSCALE;
    float numerator = Math.fma(v, a1, w);
    float reciprocal = 1 / Math.fma(a1, -HEADROOM_UNSCALE, 1);
    float quotient = numerator * reciprocal;
    float residual =
        Math.fma(
            a2,
            Math.fma(quotient, HEADROOM_UNSCALE, v),
            Math.fma(vLow, a1, Math.fma(quotient, minusZ, numerator - quotient)));
    float correction = residual * reciprocal;
    float whole = u * scaleHigh;
    boolean large = Math.abs(whole) > 1;
    float first = large ? HEADROOM_UNSCALE : 1;
    float last = large ? 1 : HEADROOM_UNSCALE;
    float factorHigh = whole * first;
    float factorLow = u * scaleLow * first;
    float gradient = Math.fma(quotient, factorHigh, Math.fma(correction, factorHigh, quotient * factorLow)) * last;
    gradient = gradient != gradient ? quotient * factorHigh * last : gradient; // an infinite factor
    gradient = w - w != 0 ? (0 - t) * whole : gradient; // a target beyond the headroom
    return x != x ? x : gradient;
  }

  /** Gradient with weights, in float64: nothing can overflow or underflow before it is rounded. */
  private static float weightedGradient(
      double x, double t, double u, double wt, double pw, boolean positivesWeighted, double a1, double a2, double scale) {
    double minusZ = (a1 + a2) * HEADROOM_UNSCALE;
    boolean positive = x > 0;
    double q = pw * t;
    double negatives = 1 - t;
    double c = positivesWeighted ? negatives + q : 1;
    double v = positive ? q : t - 1;
    double w = positive ? negatives : 0 - q;
    // c - c is 0, or NaN as in PyTorch for an infinite pos_weight.
    double quotient = Math.fma(v, minusZ, w) / (1 - minusZ + (c - c));
    double factor = u * wt * scale;
    // An infinite factor: a quotient that float32 rounds to 0 gives NaN, as in PyTorch.
    quotient = factor - factor != 0 ? (float) quotient : quotient;
    return (float) (x != x ? x : quotient * factor);
  }

  /** Loss, negated: the outer formula, or the inner one near 0. */
  private static float loss(float x, float t, float a1, float a2) {
    float y = -Math.abs(x);
    if (y > -SPLIT) {
      float square = x * x;
      float c = t - 0.5f;
      float h = Math.fma(x, c, MINUS_LN2);
      float e = Math.fma(x, c, MINUS_LN2 - h) + MINUS_LN2_TAIL;
      return Math.fma(square, even(square, 1), e) + h;
    }
    float minusLog1p = (outerRest(a1, a2) + a1) * HEADROOM_UNSCALE;
    // x - y is 0 for finite x < 0, NaN for -inf and NaN: PyTorch's results there, at no cost.
    float w = x > 0 ? 1 - t : t + (x - y);
    return Math.fma(y, w, minusLog1p);
  }

  /** Loss with weights, negated, in float64: -(|x| w + c ln(1 + e^-|x|)) weight. */
  private static float weightedLoss(
      float logit, double t, double wt, double pw, boolean positivesWeighted, float a1, float a2) {
    // Logarithm: m1 + m2 = -2^HEADROOM ln(1 + e^-|x|), by the outer formula, or the inner one near 0.
    float high;
    float rest;
    if (-Math.abs(logit) > -SPLIT) {
      float near = -Math.abs(logit);
      float square = logit * logit;
      high = Math.fma(near, -0.5f * HEADROOM, MINUS_LN2 * HEADROOM);
      float e = Math.fma(near, -0.5f * HEADROOM, MINUS_LN2 * HEADROOM - high) + MINUS_LN2_TAIL * HEADROOM;
      rest = Math.fma(square, even(square, HEADROOM), e);
    } else {
      high = a1;
      rest = outerRest(a1, a2);
    }
    float m1 = rest + high;
    float m2 = (high - m1) + rest;

    double x = logit;
    double y = 0 - Math.abs(x);
    double q = pw * t;
    double negatives = 1 - t;
    double c = positivesWeighted ? negatives + q : 1;
    double w = x > 0 ? negatives : q + (x - y);
    double logarithm = ((double) m1 + m2) * HEADROOM_UNSCALE;
    // An infinite weight: a logarithm that float32 rounds to 0 gives NaN, as in PyTorch.
    double weights = c * wt;
    logarithm = weights - weights != 0 ? (float) logarithm : logarithm;
    return (float) (Math.fma(y, w, c * logarithm) * wt);
  }

  /** The outer formula: -2^HEADROOM ln(1 + z) - a1. */
  private static float outerRest(float a1, float a2) {
    float minusZ = a1 * HEADROOM_UNSCALE;
    float p =
        Math.fma(
            Math.fma(Math.fma(Math.fma(Math.fma(S5, minusZ, S4), minusZ, S3), minusZ, S2), minusZ, S1), minusZ, S0);
    return Math.fma(a1, Math.fma(minusZ, p, a2 * (DAMPING * HEADROOM_UNSCALE)), a2);
  }

  /** The even part of the inner formula, (ln 2 - ln(2 cosh(x / 2))) / x^2, times a power of two. */
  private static float even(float square, float scale) {
    return Math.fma(
        Math.fma(Math.fma(W3 * scale, square, W2 * scale), square, W1 * scale), square, W0 * scale);
  }
}
