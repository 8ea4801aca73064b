package org.lanewise.kernels.vector;

import static org.lanewise.kernels.scalar.Float64Math.*;
import static org.lanewise.kernels.scalar.SlotSum.SLOTS;
import static org.lanewise.kernels.vector.Species.DOUBLES;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.lanewise.kernels.scalar.CrossEntropyFloat64;
import org.lanewise.kernels.scalar.RowFloat64;

/**
 * The loops of {@link RowFloat64}, as many elements at a time as there are lanes. Every loop and every step has the name
 * and the operations of the same in {@code ScalarRowFloat64}; {@link VectorBceWithLogits} says why the loops are written as
 * they are.
 */
final class VectorRowFloat64 extends RowFloat64 {
  static final CrossEntropyFloat64 KERNEL = new CrossEntropyFloat64(VectorRowFloat64::new);

  private static final int LANES = DOUBLES.length();

  private final double[] lanes = new double[LANES];

  @Override
  protected double max(double[] logits, int length) {
    DoubleVector m0 = DoubleVector.broadcast(DOUBLES, Double.NEGATIVE_INFINITY);
    DoubleVector m1 = m0;
    DoubleVector m2 = m0;
    DoubleVector m3 = m0;
    int i = 0;
    for (; i <= length - 4 * LANES; i += 4 * LANES) {
      DoubleVector x0 = DoubleVector.fromArray(DOUBLES, logits, i);
      DoubleVector x1 = DoubleVector.fromArray(DOUBLES, logits, i + LANES);
      DoubleVector x2 = DoubleVector.fromArray(DOUBLES, logits, i + 2 * LANES);
      DoubleVector x3 = DoubleVector.fromArray(DOUBLES, logits, i + 3 * LANES);
      m0 = m0.blend(x0, x0.compare(VectorOperators.GT, m0));
      m1 = m1.blend(x1, x1.compare(VectorOperators.GT, m1));
      m2 = m2.blend(x2, x2.compare(VectorOperators.GT, m2));
      m3 = m3.blend(x3, x3.compare(VectorOperators.GT, m3));
    }
    for (; i < length; i += LANES) {
      DoubleVector x0 = DoubleVector.fromArray(DOUBLES, logits, i);
      m0 = m0.blend(x0, x0.compare(VectorOperators.GT, m0));
    }
    m0 = m0.blend(m1, m1.compare(VectorOperators.GT, m0));
    m2 = m2.blend(m3, m3.compare(VectorOperators.GT, m2));
    m0.blend(m2, m2.compare(VectorOperators.GT, m0)).intoArray(lanes, 0);
    double max = Double.NEGATIVE_INFINITY;
    for (int lane = 0; lane < LANES; lane++) {
      max = lanes[lane] > max ? lanes[lane] : max;
    }
    return max;
  }

  @Override
  protected void exponentials(
      double[] logits, double max, double[] ds, double[] dLows, double[] es, double[] eLows, int length) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    DoubleVector largest = DoubleVector.broadcast(DOUBLES, max);
    DoubleVector lowest = DoubleVector.broadcast(DOUBLES, LOWEST_DIFFERENCE);
    DoubleVector log2e = DoubleVector.broadcast(DOUBLES, LOG2_E);
    DoubleVector magic = DoubleVector.broadcast(DOUBLES, SOFTMAX_MAGIC);
    DoubleVector ln2High = DoubleVector.broadcast(DOUBLES, MINUS_LN2_HIGH);
    DoubleVector ln2Low = DoubleVector.broadcast(DOUBLES, MINUS_LN2_LOW);
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
      DoubleVector x = DoubleVector.fromArray(DOUBLES, logits, i);
      DoubleVector d = x.sub(largest);
      DoubleVector back = d.sub(x);
      DoubleVector dLow = x.sub(d.sub(back)).sub(largest.add(back));
      dLow = zero.blend(dLow, dLow.compare(VectorOperators.EQ, dLow)); // an infinite difference
      VectorMask<Double> negligible = d.compare(VectorOperators.LT, lowest); // NaN stays NaN
      DoubleVector yc = d.blend(lowest, negligible);
      DoubleVector k = yc.fma(log2e, magic);
      DoubleVector n = k.sub(magic);
      DoubleVector rh = n.fma(ln2High, yc);
      DoubleVector rl = n.fma(ln2Low, dLow);
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
      d.intoArray(ds, i);
      dLow.intoArray(dLows, i);
      th.mul(s).blend(zero, negligible).intoArray(es, i);
      tl.mul(s).blend(zero, negligible).intoArray(eLows, i);
    }
  }

  @Override
  protected void sum(double[] highs, double[] lows, int length, double[] slots) {
    for (int j = 0; j < SLOTS; j += LANES) {
      DoubleVector high = DoubleVector.zero(DOUBLES);
      DoubleVector low = DoubleVector.zero(DOUBLES);
      for (int i = j; i < length; i += SLOTS) {
        DoubleVector v = DoubleVector.fromArray(DOUBLES, highs, i);
        DoubleVector sum = high.add(v);
        DoubleVector back = sum.sub(high);
        low = low.add(high.sub(sum.sub(back)).add(v.sub(back)).add(DoubleVector.fromArray(DOUBLES, lows, i)));
        high = sum;
      }
      high.intoArray(slots, j);
      low.intoArray(slots, SLOTS + j);
    }
  }

  @Override
  protected void shares(
      double[] probabilities, double[] weights,
      double kept, double keptLow, double even, double evenLow,
      double[] as, double[] aLows, int length) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    for (int i = 0; i < length; i += LANES) {
      DoubleVector p = DoubleVector.fromArray(DOUBLES, probabilities, i);
      DoubleVector w = DoubleVector.fromArray(DOUBLES, weights, i);
      DoubleVector evens = DoubleVector.broadcast(DOUBLES, even);
      DoubleVector kepts = DoubleVector.broadcast(DOUBLES, kept);
      DoubleVector q = p.mul(kepts);
      DoubleVector qLow = p.fma(kepts, zero.sub(q)).add(p.mul(keptLow));
      DoubleVector s = q.add(evens);
      DoubleVector back = s.sub(q);
      DoubleVector sLow = q.sub(s.sub(back)).add(evens.sub(back)).add(qLow.add(evenLow));
      DoubleVector a = s.mul(w);
      a.intoArray(as, i);
      s.fma(w, zero.sub(a)).add(sLow.mul(w)).intoArray(aLows, i);
    }
  }

  @Override
  protected void sumProducts(
      double[] as, double[] aLows, double[] ds, double[] dLows, int length, double[] slots) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    for (int j = 0; j < SLOTS; j += LANES) {
      DoubleVector high = zero;
      DoubleVector low = zero;
      for (int i = j; i < length; i += SLOTS) {
        DoubleVector a = DoubleVector.fromArray(DOUBLES, as, i);
        DoubleVector d = DoubleVector.fromArray(DOUBLES, ds, i);
        DoubleVector aLow = DoubleVector.fromArray(DOUBLES, aLows, i);
        DoubleVector dLow = DoubleVector.fromArray(DOUBLES, dLows, i);
        DoubleVector v = a.mul(d);
        DoubleVector vLow = a.fma(d, zero.sub(v)).add(a.fma(dLow, aLow.mul(d)));
        DoubleVector sum = high.add(v);
        DoubleVector back = sum.sub(high);
        low = low.add(high.sub(sum.sub(back)).add(v.sub(back)).add(vLow));
        high = sum;
      }
      high.intoArray(slots, j);
      low.intoArray(slots, SLOTS + j);
    }
  }

  @Override
  protected void scale(
      double[] es, double[] eLows, double factor, double factorLow, double unscale, double[] out, int length) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector factors = DoubleVector.broadcast(DOUBLES, factor);
    DoubleVector factorLows = DoubleVector.broadcast(DOUBLES, factorLow);
    DoubleVector unscales = DoubleVector.broadcast(DOUBLES, unscale);
    for (int i = 0; i < length; i += LANES) {
      DoubleVector e = DoubleVector.fromArray(DOUBLES, es, i);
      DoubleVector eLow = DoubleVector.fromArray(DOUBLES, eLows, i);
      DoubleVector product = e.mul(factors);
      DoubleVector gradient = e.fma(factors, e.fma(factorLows, eLow.mul(factors))).mul(unscales);
      // The low parts may have taken the sign of a zero; an infinite factor leaves no number.
      VectorMask<Double> plain =
          gradient.compare(VectorOperators.EQ, zero).or(gradient.compare(VectorOperators.NE, gradient));
      gradient.blend(product.mul(unscales), plain).intoArray(out, i);
    }
  }

  @Override
  protected void differences(
      double[] es, double[] eLows, double[] as, double[] aLows,
      double perUnit, double perUnitLow, double factor, double factorLow,
      double[] out, int length) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector perUnits = DoubleVector.broadcast(DOUBLES, perUnit);
    DoubleVector perUnitLows = DoubleVector.broadcast(DOUBLES, perUnitLow);
    DoubleVector factors = DoubleVector.broadcast(DOUBLES, factor);
    DoubleVector factorLows = DoubleVector.broadcast(DOUBLES, factorLow);
    for (int i = 0; i < length; i += LANES) {
      DoubleVector e = DoubleVector.fromArray(DOUBLES, es, i);
      DoubleVector eLow = DoubleVector.fromArray(DOUBLES, eLows, i);
      DoubleVector a = DoubleVector.fromArray(DOUBLES, as, i);
      DoubleVector aLow = DoubleVector.fromArray(DOUBLES, aLows, i);
      DoubleVector product = e.mul(perUnits);
      DoubleVector productLow = e.fma(perUnits, zero.sub(product)).add(e.fma(perUnitLows, eLow.mul(perUnits)));
      DoubleVector difference = product.sub(a);
      DoubleVector back = difference.sub(product);
      DoubleVector rest =
          product.sub(difference.sub(back)).sub(a.add(back)).add(productLow.sub(aLow));
      DoubleVector gradient = difference.fma(factors, rest.fma(factors, difference.mul(factorLows)));
      VectorMask<Double> plain =
          gradient.compare(VectorOperators.EQ, zero).or(gradient.compare(VectorOperators.NE, gradient));
      gradient.blend(difference.mul(factors), plain).intoArray(out, i);
    }
  }
}
