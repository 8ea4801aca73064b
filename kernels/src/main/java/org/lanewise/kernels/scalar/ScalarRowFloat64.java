package org.lanewise.kernels.scalar;

import static org.lanewise.kernels.scalar.Float64Math.*;
import static org.lanewise.kernels.scalar.SlotSum.SLOTS;

/**
 * The loops of {@link RowFloat64}, one element at a time. Every loop and every step has the name and the operations of the
 * same in {@code VectorRowFloat64}.
 */
final class ScalarRowFloat64 extends RowFloat64 {
  static final CrossEntropyFloat64 KERNEL = new CrossEntropyFloat64(ScalarRowFloat64::new);

  @Override
  protected double max(double[] logits, int length) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < length; i++) {
      double x = logits[i];
      max = x > max ? x : max;
    }
    return max;
  }

  @Override
  protected void exponentials(
      double[] logits, double max, double[] ds, double[] dLows, double[] es, double[] eLows, int length) {
    for (int i = 0; i < length; i++) {
      double x = logits[i];
      double d = x - max;
      double back = d - x;
      double dLow = (x - (d - back)) - (max + back);
      dLow = dLow == dLow ? dLow : 0; // an infinite difference
      boolean negligible = d < LOWEST_DIFFERENCE; // NaN stays NaN
      double yc = negligible ? LOWEST_DIFFERENCE : d;
      double k = Math.fma(yc, LOG2_E, SOFTMAX_MAGIC);
      double n = k - SOFTMAX_MAGIC;
      double rh = Math.fma(n, MINUS_LN2_HIGH, yc);
      double rl = Math.fma(n, MINUS_LN2_LOW, dLow);
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
      ds[i] = d;
      dLows[i] = dLow;
      es[i] = negligible ? 0 : th * s;
      eLows[i] = negligible ? 0 : tl * s;
    }
  }

  @Override
  protected void sum(double[] highs, double[] lows, int length, double[] slots) {
    for (int j = 0; j < SLOTS; j++) {
      double high = 0;
      double low = 0;
      for (int i = j; i < length; i += SLOTS) {
        double v = highs[i];
        double sum = high + v;
        double back = sum - high;
        low += ((high - (sum - back)) + (v - back)) + lows[i];
        high = sum;
      }
      slots[j] = high;
      slots[SLOTS + j] = low;
    }
  }

  @Override
  protected void shares(
      double[] probabilities, double[] weights,
      double kept, double keptLow, double even, double evenLow,
      double[] as, double[] aLows, int length) {
    for (int i = 0; i < length; i++) {
      double p = probabilities[i];
      double w = weights[i];
      double q = p * kept;
      double qLow = Math.fma(p, kept, 0 - q) + p * keptLow;
      double s = q + even;
      double back = s - q;
      double sLow = ((q - (s - back)) + (even - back)) + (qLow + evenLow);
      double a = s * w;
      as[i] = a;
      aLows[i] = Math.fma(s, w, 0 - a) + sLow * w;
    }
  }

  @Override
  protected void sumProducts(
      double[] as, double[] aLows, double[] ds, double[] dLows, int length, double[] slots) {
    for (int j = 0; j < SLOTS; j++) {
      double high = 0;
      double low = 0;
      for (int i = j; i < length; i += SLOTS) {
        double a = as[i];
        double d = ds[i];
        double v = a * d;
        double vLow = Math.fma(a, d, 0 - v) + Math.fma(a, dLows[i], aLows[i] * d);
        double sum = high + v;
        double back = sum - high;
        low += ((high - (sum - back)) + (v - back)) + vLow;
        high = sum;
      }
      slots[j] = high;
      slots[SLOTS + j] = low;
    }
  }

  @Override
  protected void scale(
      double[] es, double[] eLows, double factor, double factorLow, double unscale, double[] out, int length) {
    for (int i = 0; i < length; i++) {
      double e = es[i];
      double product = e * factor;
      double gradient = Math.fma(e, factor, Math.fma(e, factorLow, eLows[i] * factor)) * unscale;
      // The low parts may have taken the sign of a zero; an infinite factor leaves no number.
      boolean plain = gradient == 0 || gradient != gradient;
      out[i] = plain ? product * unscale : gradient;
    }
  }

  @Override
  protected void differences(
      double[] es, double[] eLows, double[] as, double[] aLows,
      double perUnit, double perUnitLow, double factor, double factorLow,
      double[] out, int length) {
    for (int i = 0; i < length; i++) {
      double e = es[i];
      double a = as[i];
      double product = e * perUnit;
      double productLow = Math.fma(e, perUnit, 0 - product) + Math.fma(e, perUnitLow, eLows[i] * perUnit);
      double difference = product - a;
      double back = difference - product;
      double rest = ((product - (difference - back)) - (a + back)) + (productLow - aLows[i]);
      double gradient = Math.fma(difference, factor, Math.fma(rest, factor, difference * factorLow));
      boolean plain = gradient == 0 || gradient != gradient;
      out[i] = plain ? difference * factor : gradient;
    }
  }
}
