package org.lanewise.kernels.scalar;

import static org.lanewise.kernels.scalar.Float64Math.*;
import static org.lanewise.kernels.scalar.SlotSum.SLOTS;

/**
 * Float64 BCE with logits, one element at a time. Every loop and every step has the name and the operations of the same in
 * {@code VectorBceWithLogitsFloat64}.
 */
final class ScalarBceWithLogitsFloat64 extends BceFloat64 {
  @Override
  protected void positives(
      double[] target, int targetOffset,
      double[] posWeight, int posWeightOffset,
      double[] qs, double[] qLows, double[] cs, double[] cLows, int length) {
    for (int i = 0; i < length; i++) {
      double t = target[targetOffset + i];
      double p = posWeight[posWeightOffset + i];
      double q = p * t;
      double qLow = Math.fma(p, t, 0 - q);
      double d = 1 - t;
      double dLow = (1 - d) - t;
      double c = d + q;
      double back = c - d;
      qs[i] = q;
      qLows[i] = qLow;
      cs[i] = c;
      cLows[i] = ((d - (c - back)) + (q - back)) + (dLow + qLow);
    }
  }

  @Override
  protected void exponentials(double[] logits, int logitsOffset, double[] a1s, double[] a2s, int length) {
    for (int i = 0; i < length; i++) {
      double y = -Math.abs(logits[logitsOffset + i]);
      double yc = y >= LOWEST ? y : LOWEST; // NaN too becomes LOWEST
      double k = Math.fma(yc, LOG2_E, MINUS_MAGIC);
      double n = k - MINUS_MAGIC;
      double rh = Math.fma(n, MINUS_LN2_HIGH, yc);
      double rl = n * MINUS_LN2_LOW;
      double r = rh + rl;
      double r2 = r * r;
      double r4 = r2 * r2;
      double e03 = Math.fma(r2, Math.fma(r, E3, E2), Math.fma(r, E1, E0));
      double e47 = Math.fma(r2, Math.fma(r, E7, E6), Math.fma(r, E5, E4));
      double e810 = Math.fma(r2, E10, Math.fma(r, E9, E8));
      double e = Math.fma(r4, Math.fma(r4, e810, e47), e03);
      double hi = rh + 1;
      double er = (1 - hi) + rh;
      double lo = Math.fma(r2, e, er + rl);
      double th = hi + lo;
      double tl = (hi - th) + lo;
      double s = Double.longBitsToDouble(Double.doubleToRawLongBits(k) << 52);
      a1s[i] = th * s * UNSCALE;
      a2s[i] = tl * s * UNSCALE;
    }
  }

  @Override
  protected void gradients(
      double[] logits, int logitsOffset,
      double[] target, int targetOffset,
      double[] upstream, int upstreamOffset,
      double[] weight, int weightOffset,
      double[] qs, int qOffset,
      double[] qLows, double[] cs, double[] a1s, double[] a2s, double scale,
      double[] out, int outOffset, int length) {
    for (int i = 0; i < length; i++) {
      double x = logits[logitsOffset + i];
      double t = target[targetOffset + i];
      double u = upstream[upstreamOffset + i];
      double wt = weight[weightOffset + i];
      double c = cs[i];
      double a1 = a1s[i];
      double a2 = a2s[i];
      boolean positive = x > 0;
      double tMinusOne = t - 1;
      double tLow = t - (1 + tMinusOne);
      double minusQ = 0 - qs[qOffset + i];
      double minusQLow = 0 - qLows[i];
      double minusW = positive ? tMinusOne : minusQ;
      double minusWLow = positive ? tLow : minusQLow;
      double minusV = positive ? minusQ : tMinusOne;
      double minusVLow = positive ? minusQLow : tLow;
      double product = minusV * a1;
      double productLow = Math.fma(minusV, a1, 0 - product);
      double numerator = minusW + product;
      double back = numerator - minusW;
      double tail =
          (((minusW - (numerator - back)) + (product - back)) + productLow) + Math.fma(minusVLow, a1, minusWLow);
      double reciprocal = 1 / (1 - a1);
      double quotient = numerator * reciprocal;
      double residual = Math.fma(a2, quotient + minusV, Math.fma(quotient, a1, numerator - quotient)) + tail;
      double correction = residual * reciprocal;
      double signed = positive ? -scale : scale;
      double weighted = wt * signed;
      double weightedLow = Math.fma(wt, signed, 0 - weighted);
      double factorHigh = weighted * u;
      double factorLow = Math.fma(weighted, u, 0 - factorHigh) + weightedLow * u;
      double gradient = Math.fma(quotient, factorHigh, Math.fma(correction, factorHigh, quotient * factorLow));
      gradient = gradient == 0 ? quotient * factorHigh : gradient; // the low parts may have taken its sign
      // An infinite weight or target; infinite pos_weight, NaN as in PyTorch.
      gradient = gradient != gradient ? quotient * factorHigh + (c - c) : gradient;
      out[outOffset + i] = x != x ? x : gradient;
    }
  }

  @Override
  protected void logarithms(double[] a1s, double[] a2s, int length) {
    for (int i = 0; i < length; i++) {
      double a1 = a1s[i];
      double a2 = a2s[i];
      double denominator = a1 - 2;
      double denominatorLow = (a1 - (denominator + 2)) + a2;
      double reciprocal = 1 / (2 - a1);
      double s = a1 * reciprocal;
      double residual = Math.fma(s, denominator, a1) + Math.fma(s, denominatorLow, a2);
      double u = s * s;
      double u2 = u * u;
      double u4 = u2 * u2;
      double a03 = Math.fma(u2, Math.fma(u, A3, A2), Math.fma(u, A1, A0));
      double a47 = Math.fma(u2, Math.fma(u, A7, A6), Math.fma(u, A5, A4));
      double a = Math.fma(u4, Math.fma(u4, Math.fma(u, A9, A8), a47), a03);
      double s2 = s + s;
      double correction = residual * (reciprocal + reciprocal);
      double rest = Math.fma(s2 * u, a, Math.fma(correction, u, correction));
      double m1 = s2 + rest;
      a1s[i] = m1;
      a2s[i] = (s2 - m1) + rest;
    }
  }

  @Override
  protected void losses(
      double[] logits, int logitsOffset,
      double[] target, int targetOffset,
      double[] weight, int weightOffset,
      double[] qs, int qOffset,
      double[] qLows, double[] cs, double[] cLows, double[] m1s, double[] m2s,
      double[] out, int outOffset, int length) {
    for (int i = 0; i < length; i++) {
      double x = logits[logitsOffset + i];
      double t = target[targetOffset + i];
      double wt = weight[weightOffset + i];
      double q = qs[qOffset + i];
      double c = cs[i];
      double m1 = m1s[i];
      double y = -Math.abs(x);
      boolean positive = x > 0;
      double d = 1 - t;
      double dLow = (1 - d) - t;
      // x - y is 0 for finite x < 0, NaN for -inf and NaN: PyTorch's results there, at no cost.
      double w = positive ? d : q + (x - y);
      double wLow = positive ? dLow : qLows[i];
      double product = y * w;
      double productLow = Math.fma(y, wLow, Math.fma(y, w, 0 - product));
      double term = c * m1;
      double termLow = Math.fma(c, m1, 0 - term) + Math.fma(c, m2s[i], cLows[i] * m1);
      double sum = product + term;
      double back = sum - product;
      double sumLow = (((product - (sum - back)) + (term - back)) + productLow) + termLow;
      // Where the sum overflows, the weight may still bring it back.
      double minusLoss =
          sum - sum == 0 ? Math.fma(sum, wt, sumLow * wt) : Math.fma(y * wt, w, c * (m1 * wt));
      minusLoss = minusLoss != minusLoss ? sum * wt : minusLoss; // an infinite weight
      out[outOffset + i] = 0 - minusLoss; // +0, never -0
    }
  }

  @Override
  protected void add(double[] values, int offset, int length, double[] slots) {
    for (int j = 0; j < SLOTS; j++) {
      double high = slots[j];
      double low = slots[SLOTS + j];
      for (int i = j; i < length; i += SLOTS) {
        double v = values[offset + i];
        double sum = high + v;
        double back = sum - high;
        low += (high - (sum - back)) + (v - back);
        high = sum;
      }
      slots[j] = high;
      slots[SLOTS + j] = low;
    }
  }
}
