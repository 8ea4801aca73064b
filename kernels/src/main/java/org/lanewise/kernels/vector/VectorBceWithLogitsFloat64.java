package org.lanewise.kernels.vector;

import static org.lanewise.kernels.scalar.Float64Math.*;
import static org.lanewise.kernels.scalar.SlotSum.SLOTS;
import static org.lanewise.kernels.vector.Species.DOUBLES;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.lanewise.kernels.scalar.BceFloat64;

/**
 * Float64 BCE with logits, as many elements at a time as there are lanes. Every loop and every step has the name and the
 * operations of the same in {@code ScalarBceWithLogitsFloat64}; {@link VectorBceWithLogits} says why the loops are written
 * as they are.
 */
final class VectorBceWithLogitsFloat64 extends BceFloat64 {
  private static final int LANES = DOUBLES.length();

  @Override
  protected void positives(
      double[] target, int targetOffset,
      double[] posWeight, int posWeightOffset,
      double[] qs, double[] qLows, double[] cs, double[] cLows, int length) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    for (int i = 0; i < length; i += LANES) {
      DoubleVector t = DoubleVector.fromArray(DOUBLES, target, targetOffset + i);
      DoubleVector p = DoubleVector.fromArray(DOUBLES, posWeight, posWeightOffset + i);
      DoubleVector q = p.mul(t);
      DoubleVector qLow = p.fma(t, zero.sub(q));
      DoubleVector d = one.sub(t);
      DoubleVector dLow = one.sub(d).sub(t);
      DoubleVector c = d.add(q);
      DoubleVector back = c.sub(d);
      q.intoArray(qs, i);
      qLow.intoArray(qLows, i);
      c.intoArray(cs, i);
      d.sub(c.sub(back)).add(q.sub(back)).add(dLow.add(qLow)).intoArray(cLows, i);
    }
  }

  @Override
  protected void exponentials(double[] logits, int logitsOffset, double[] a1s, double[] a2s, int length) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    DoubleVector lowest = DoubleVector.broadcast(DOUBLES, LOWEST);
    DoubleVector log2e = DoubleVector.broadcast(DOUBLES, LOG2_E);
    DoubleVector magic = DoubleVector.broadcast(DOUBLES, MINUS_MAGIC);
    DoubleVector ln2High = DoubleVector.broadcast(DOUBLES, MINUS_LN2_HIGH);
    DoubleVector ln2Low = DoubleVector.broadcast(DOUBLES, MINUS_LN2_LOW);
    DoubleVector unscale = DoubleVector.broadcast(DOUBLES, UNSCALE);
    DoubleVector e0 = DoubleVector.broadcast(DOUBLES, E0);
    DoubleVector e1 = DoubleVector.broadcast(DOUBLES, E1);
    DoubleVector e2 = DoubleVector.broadcast(DOUBLES, E2);
    DoubleVector e3 = DoubleVector.broadcast(DOUBLES, E3);
    DoubleVector e4 = DoubleVector.broadcast(DOUBLES, E4);
    DoubleVector e5 = DoubleVector.broadcast(DOUBLES, E5);
    DoubleVector e6 = DoubleVector.broadcast(DOUBLES, E6);
    DoubleVector e7 = DoubleVector.broadcast(DOUBLES, E7);
    DoubleVector e8 = DoubleVector.broadcast(DOUBLES, E8);
    DoubleVector e9 = DoubleVector.broadcast(DOUBLES, E9);
    DoubleVector e10 = DoubleVector.broadcast(DOUBLES, E10);
    for (int i = 0; i < length; i += LANES) {
      DoubleVector x = DoubleVector.fromArray(DOUBLES, logits, logitsOffset + i);
      DoubleVector y = zero.sub(x.abs());
      DoubleVector yc = lowest.blend(y, y.compare(VectorOperators.GE, lowest)); // NaN too becomes LOWEST
      DoubleVector k = yc.fma(log2e, magic);
      DoubleVector n = k.sub(magic);
      DoubleVector rh = n.fma(ln2High, yc);
      DoubleVector rl = n.mul(ln2Low);
      DoubleVector r = rh.add(rl);
      DoubleVector r2 = r.mul(r);
      DoubleVector r4 = r2.mul(r2);
      DoubleVector e03 = r2.fma(r.fma(e3, e2), r.fma(e1, e0));
      DoubleVector e47 = r2.fma(r.fma(e7, e6), r.fma(e5, e4));
      DoubleVector e810 = r2.fma(e10, r.fma(e9, e8));
      DoubleVector e = r4.fma(r4.fma(e810, e47), e03);
      DoubleVector hi = rh.add(one);
      DoubleVector er = one.sub(hi).add(rh);
      DoubleVector lo = r2.fma(e, er.add(rl));
      DoubleVector th = hi.add(lo);
      DoubleVector tl = hi.sub(th).add(lo);
      DoubleVector s = k.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 52).reinterpretAsDoubles();
      th.mul(s).mul(unscale).intoArray(a1s, i);
      tl.mul(s).mul(unscale).intoArray(a2s, i);
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
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    DoubleVector plus = DoubleVector.broadcast(DOUBLES, scale);
    DoubleVector minus = DoubleVector.broadcast(DOUBLES, -scale);
    for (int i = 0; i < length; i += LANES) {
      DoubleVector x = DoubleVector.fromArray(DOUBLES, logits, logitsOffset + i);
      DoubleVector t = DoubleVector.fromArray(DOUBLES, target, targetOffset + i);
      DoubleVector u = DoubleVector.fromArray(DOUBLES, upstream, upstreamOffset + i);
      DoubleVector wt = DoubleVector.fromArray(DOUBLES, weight, weightOffset + i);
      DoubleVector c = DoubleVector.fromArray(DOUBLES, cs, i);
      DoubleVector a1 = DoubleVector.fromArray(DOUBLES, a1s, i);
      DoubleVector a2 = DoubleVector.fromArray(DOUBLES, a2s, i);
      VectorMask<Double> positive = x.compare(VectorOperators.GT, zero);
      DoubleVector tMinusOne = t.sub(one);
      DoubleVector tLow = t.sub(one.add(tMinusOne));
      DoubleVector minusQ = zero.sub(DoubleVector.fromArray(DOUBLES, qs, qOffset + i));
      DoubleVector minusQLow = zero.sub(DoubleVector.fromArray(DOUBLES, qLows, i));
      DoubleVector minusW = minusQ.blend(tMinusOne, positive);
      DoubleVector minusWLow = minusQLow.blend(tLow, positive);
      DoubleVector minusV = tMinusOne.blend(minusQ, positive);
      DoubleVector minusVLow = tLow.blend(minusQLow, positive);
      DoubleVector product = minusV.mul(a1);
      DoubleVector productLow = minusV.fma(a1, zero.sub(product));
      DoubleVector numerator = minusW.add(product);
      DoubleVector back = numerator.sub(minusW);
      DoubleVector tail =
          minusW
              .sub(numerator.sub(back))
              .add(product.sub(back))
              .add(productLow)
              .add(minusVLow.fma(a1, minusWLow));
      DoubleVector reciprocal = one.div(one.sub(a1));
      DoubleVector quotient = numerator.mul(reciprocal);
      DoubleVector residual =
          a2.fma(quotient.add(minusV), quotient.fma(a1, numerator.sub(quotient))).add(tail);
      DoubleVector correction = residual.mul(reciprocal);
      DoubleVector signed = plus.blend(minus, positive);
      DoubleVector weighted = wt.mul(signed);
      DoubleVector weightedLow = wt.fma(signed, zero.sub(weighted));
      DoubleVector factorHigh = weighted.mul(u);
      DoubleVector factorLow = weighted.fma(u, zero.sub(factorHigh)).add(weightedLow.mul(u));
      DoubleVector gradient = quotient.fma(factorHigh, correction.fma(factorHigh, quotient.mul(factorLow)));
      // The low parts may have taken the sign of a zero.
      gradient = gradient.blend(quotient.mul(factorHigh), gradient.compare(VectorOperators.EQ, zero));
      // An infinite weight or target; infinite pos_weight, NaN as in PyTorch.
      gradient =
          gradient.blend(quotient.mul(factorHigh).add(c.sub(c)), gradient.compare(VectorOperators.NE, gradient));
      gradient.blend(x, x.compare(VectorOperators.NE, x)).intoArray(out, outOffset + i);
    }
  }

  @Override
  protected void logarithms(double[] a1s, double[] a2s, int length) {
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    DoubleVector two = DoubleVector.broadcast(DOUBLES, 2);
    DoubleVector c0 = DoubleVector.broadcast(DOUBLES, A0);
    DoubleVector c1 = DoubleVector.broadcast(DOUBLES, A1);
    DoubleVector c2 = DoubleVector.broadcast(DOUBLES, A2);
    DoubleVector c3 = DoubleVector.broadcast(DOUBLES, A3);
    DoubleVector c4 = DoubleVector.broadcast(DOUBLES, A4);
    DoubleVector c5 = DoubleVector.broadcast(DOUBLES, A5);
    DoubleVector c6 = DoubleVector.broadcast(DOUBLES, A6);
    DoubleVector c7 = DoubleVector.broadcast(DOUBLES, A7);
    DoubleVector c8 = DoubleVector.broadcast(DOUBLES, A8);
    DoubleVector c9 = DoubleVector.broadcast(DOUBLES, A9);
    for (int i = 0; i < length; i += LANES) {
      DoubleVector a1 = DoubleVector.fromArray(DOUBLES, a1s, i);
      DoubleVector a2 = DoubleVector.fromArray(DOUBLES, a2s, i);
      DoubleVector denominator = a1.sub(two);
      DoubleVector denominatorLow = a1.sub(denominator.add(two)).add(a2);
      DoubleVector reciprocal = one.div(two.sub(a1));
      DoubleVector s = a1.mul(reciprocal);
      DoubleVector residual = s.fma(denominator, a1).add(s.fma(denominatorLow, a2));
      DoubleVector u = s.mul(s);
      DoubleVector u2 = u.mul(u);
      DoubleVector u4 = u2.mul(u2);
      DoubleVector a03 = u2.fma(u.fma(c3, c2), u.fma(c1, c0));
      DoubleVector a47 = u2.fma(u.fma(c7, c6), u.fma(c5, c4));
      DoubleVector a = u4.fma(u4.fma(u.fma(c9, c8), a47), a03);
      DoubleVector s2 = s.add(s);
      DoubleVector correction = residual.mul(reciprocal.add(reciprocal));
      DoubleVector rest = s2.mul(u).fma(a, correction.fma(u, correction));
      DoubleVector m1 = s2.add(rest);
      m1.intoArray(a1s, i);
      s2.sub(m1).add(rest).intoArray(a2s, i);
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
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    for (int i = 0; i < length; i += LANES) {
      DoubleVector x = DoubleVector.fromArray(DOUBLES, logits, logitsOffset + i);
      DoubleVector t = DoubleVector.fromArray(DOUBLES, target, targetOffset + i);
      DoubleVector wt = DoubleVector.fromArray(DOUBLES, weight, weightOffset + i);
      DoubleVector q = DoubleVector.fromArray(DOUBLES, qs, qOffset + i);
      DoubleVector qLow = DoubleVector.fromArray(DOUBLES, qLows, i);
      DoubleVector c = DoubleVector.fromArray(DOUBLES, cs, i);
      DoubleVector cLow = DoubleVector.fromArray(DOUBLES, cLows, i);
      DoubleVector m1 = DoubleVector.fromArray(DOUBLES, m1s, i);
      DoubleVector m2 = DoubleVector.fromArray(DOUBLES, m2s, i);
      DoubleVector y = zero.sub(x.abs());
      VectorMask<Double> positive = x.compare(VectorOperators.GT, zero);
      DoubleVector d = one.sub(t);
      DoubleVector dLow = one.sub(d).sub(t);
      // x - y is 0 for finite x < 0, NaN for -inf and NaN: PyTorch's results there, at no cost.
      DoubleVector w = q.add(x.sub(y)).blend(d, positive);
      DoubleVector wLow = qLow.blend(dLow, positive);
      DoubleVector product = y.mul(w);
      DoubleVector productLow = y.fma(wLow, y.fma(w, zero.sub(product)));
      DoubleVector term = c.mul(m1);
      DoubleVector termLow = c.fma(m1, zero.sub(term)).add(c.fma(m2, cLow.mul(m1)));
      DoubleVector sum = product.add(term);
      DoubleVector back = sum.sub(product);
      DoubleVector sumLow = product.sub(sum.sub(back)).add(term.sub(back)).add(productLow).add(termLow);
      VectorMask<Double> finite = sum.sub(sum).compare(VectorOperators.EQ, zero);
      // Where the sum overflows, the weight may still bring it back.
      DoubleVector overflown = y.mul(wt).fma(w, c.mul(m1.mul(wt)));
      DoubleVector minusLoss = overflown.blend(sum.fma(wt, sumLow.mul(wt)), finite);
      // An infinite weight.
      minusLoss = minusLoss.blend(sum.mul(wt), minusLoss.compare(VectorOperators.NE, minusLoss));
      zero.sub(minusLoss).intoArray(out, outOffset + i); // +0, never -0
    }
  }

  @Override
  protected void add(double[] values, int offset, int length, double[] slots) {
    for (int j = 0; j < SLOTS; j += LANES) {
      DoubleVector high = DoubleVector.fromArray(DOUBLES, slots, j);
      DoubleVector low = DoubleVector.fromArray(DOUBLES, slots, SLOTS + j);
      for (int i = j; i < length; i += SLOTS) {
        DoubleVector v = DoubleVector.fromArray(DOUBLES, values, offset + i);
        DoubleVector sum = high.add(v);
        DoubleVector back = sum.sub(high);
        low = low.add(high.sub(sum.sub(back)).add(v.sub(back)));
        high = sum;
      }
      high.intoArray(slots, j);
      low.intoArray(slots, SLOTS + j);
    }
  }
}
