package org.lanewise.kernels.vector;

import static org.lanewise.kernels.scalar.CrossEntropyMath.*;
import static org.lanewise.kernels.vector.Species.DOUBLES;
import static org.lanewise.kernels.vector.Species.FLOATS;
import static org.lanewise.kernels.vector.Species.LONGS;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The second step of cross-entropy, in float64 with a row in each lane: {@link org.lanewise.kernels.scalar.RowMath} step by
 * step, in short loops. Arrays hold whole vectors; what lies beyond the last row is computed and not used.
 */
final class RowEpilogue {
  private RowEpilogue() {}

  private static final int LANES = DOUBLES.length();

  private static final double LOG2_E = 0x1.71547652b82fep0;
  private static final double LN2_HIGH = 0x1.62e42feep-1;
  private static final double LN2_LOW = 0x1.a39ef35793c76p-33;
  private static final double MAGIC = 0x1.8p52;
  private static final double SQRT_2 = 0x1.6a09e667f3bcdp0;

  /** e = e^−z with z clamped, ratio = others · e. */
  static void ratios(double[] others, double[] z, double[] ratio, double[] es, int rows) {
    DoubleVector lowest = DoubleVector.broadcast(DOUBLES, LOWEST_TARGET);
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    DoubleVector log2e = DoubleVector.broadcast(DOUBLES, LOG2_E);
    DoubleVector magic = DoubleVector.broadcast(DOUBLES, MAGIC);
    DoubleVector ln2High = DoubleVector.broadcast(DOUBLES, -LN2_HIGH);
    DoubleVector ln2Low = DoubleVector.broadcast(DOUBLES, -LN2_LOW);
    DoubleVector c2 = DoubleVector.broadcast(DOUBLES, 1.0 / 2);
    DoubleVector c3 = DoubleVector.broadcast(DOUBLES, 1.0 / 6);
    DoubleVector c4 = DoubleVector.broadcast(DOUBLES, 1.0 / 24);
    DoubleVector c5 = DoubleVector.broadcast(DOUBLES, 1.0 / 120);
    DoubleVector c6 = DoubleVector.broadcast(DOUBLES, 1.0 / 720);
    DoubleVector c7 = DoubleVector.broadcast(DOUBLES, 1.0 / 5040);
    DoubleVector c8 = DoubleVector.broadcast(DOUBLES, 1.0 / 40320);
    DoubleVector c9 = DoubleVector.broadcast(DOUBLES, 1.0 / 362880);
    DoubleVector c10 = DoubleVector.broadcast(DOUBLES, 1.0 / 3628800);
    for (int i = 0; i < rows; i += LANES) {
      DoubleVector y = DoubleVector.fromArray(DOUBLES, z, i);
      DoubleVector x = zero.sub(y.blend(lowest, y.compare(VectorOperators.LT, lowest)));
      DoubleVector k = x.mul(log2e).add(magic);
      DoubleVector n = k.sub(magic);
      DoubleVector r = n.fma(ln2Low, n.fma(ln2High, x));
      DoubleVector r2 = r.mul(r);
      DoubleVector p01 = one.add(r);
      DoubleVector p23 = r.fma(c3, c2);
      DoubleVector p45 = r.fma(c5, c4);
      DoubleVector p67 = r.fma(c7, c6);
      DoubleVector p89 = r.fma(c9, c8);
      DoubleVector r4 = r2.mul(r2);
      DoubleVector p03 = r2.fma(p23, p01);
      DoubleVector p47 = r2.fma(p67, p45);
      DoubleVector p810 = r2.fma(c10, p89);
      DoubleVector p = r4.fma(r4.fma(p810, p47), p03);
      DoubleVector s =
          k.reinterpretAsLongs().add(1023).lanewise(VectorOperators.LSHL, 52).reinterpretAsDoubles();
      DoubleVector e = p.mul(s);
      e.intoArray(es, i);
      DoubleVector.fromArray(DOUBLES, others, i).mul(e).intoArray(ratio, i);
    }
  }

  /** ln(1 + ratio), and what the clamp took from z. */
  static void losses(double[] ratios, double[] z, double[] losses, int rows) {
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    DoubleVector two = DoubleVector.broadcast(DOUBLES, 2);
    DoubleVector sqrt2 = DoubleVector.broadcast(DOUBLES, SQRT_2);
    DoubleVector ln2 = DoubleVector.broadcast(DOUBLES, LN2);
    DoubleVector lowest = DoubleVector.broadcast(DOUBLES, LOWEST_TARGET);
    DoubleVector magic = DoubleVector.broadcast(DOUBLES, 0x1p52);
    DoubleVector bias = DoubleVector.broadcast(DOUBLES, 0x1p52 + 1023);
    DoubleVector c9 = DoubleVector.broadcast(DOUBLES, 1.0 / 9);
    DoubleVector c5 = DoubleVector.broadcast(DOUBLES, 1.0 / 5);
    DoubleVector c11 = DoubleVector.broadcast(DOUBLES, 1.0 / 11);
    DoubleVector c7 = DoubleVector.broadcast(DOUBLES, 1.0 / 7);
    DoubleVector c3 = DoubleVector.broadcast(DOUBLES, 1.0 / 3);
    DoubleVector c13 = DoubleVector.broadcast(DOUBLES, 1.0 / 13);
    DoubleVector c15 = DoubleVector.broadcast(DOUBLES, 1.0 / 15);
    LongVector mantissa = LongVector.broadcast(LONGS, 0x000FFFFFFFFFFFFFL);
    for (int i = 0; i < rows; i += LANES) {
      DoubleVector x = DoubleVector.fromArray(DOUBLES, ratios, i);
      LongVector bits = one.add(x).reinterpretAsLongs();
      // An integer below 2^52 as the low bits of a double: no conversion, which not every machine has.
      DoubleVector q =
          bits.lanewise(VectorOperators.LSHR, 52).or(magic.reinterpretAsLongs()).reinterpretAsDoubles().sub(bias);
      DoubleVector f = bits.and(mantissa).or(one.reinterpretAsLongs()).reinterpretAsDoubles();
      VectorMask<Double> large = f.compare(VectorOperators.GT, sqrt2);
      f = f.blend(f.mul(0.5), large);
      q = q.blend(q.add(one), large);
      DoubleVector g = f.sub(one).blend(x, q.compare(VectorOperators.EQ, zero));
      DoubleVector s = g.div(two.add(g));
      DoubleVector s2 = s.mul(s);
      DoubleVector s4 = s2.mul(s2);
      DoubleVector even = s4.fma(s4.fma(s4.fma(c13, c9), c5), one);
      DoubleVector odd = s4.fma(s4.fma(s4.fma(c15, c11), c7), c3);
      DoubleVector series = s2.fma(odd, even);
      DoubleVector log = q.fma(ln2, two.mul(s).mul(series)).add(x.sub(x));
      DoubleVector y = DoubleVector.fromArray(DOUBLES, z, i);
      DoubleVector zc = y.blend(lowest, y.compare(VectorOperators.LT, lowest));
      log.add(zc.sub(y)).intoArray(losses, i);
    }
  }

  /**
   * factor = scale · e / (1 + ratio), in the place of e; its unit, and the two parts of factor / unit.
   *
   * @param unit one vector longer than the rows, as {@code high} and {@code low}: half of what is stored there is overwritten
   */
  static void factors(
      double[] ratios, double[] scales, double[] factors, float[] unit, float[] high, float[] low, int rows) {
    DoubleVector one = DoubleVector.broadcast(DOUBLES, 1);
    DoubleVector smallUnit = DoubleVector.broadcast(DOUBLES, HEADROOM_UNSCALE);
    DoubleVector perSmallUnit = DoubleVector.broadcast(DOUBLES, 1 / HEADROOM_UNSCALE);
    DoubleVector largeUnit = DoubleVector.broadcast(DOUBLES, LARGE_UNIT);
    DoubleVector perLargeUnit = DoubleVector.broadcast(DOUBLES, 1 / LARGE_UNIT);
    DoubleVector largeScale = DoubleVector.broadcast(DOUBLES, LARGE_SCALE);
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, 0);
    LongVector leadingBits = LongVector.broadcast(LONGS, LEADING_BITS);
    LongVector signBit = LongVector.broadcast(LONGS, Long.MIN_VALUE);
    for (int i = 0; i < rows; i += LANES) {
      DoubleVector scale = DoubleVector.fromArray(DOUBLES, scales, i);
      DoubleVector e = DoubleVector.fromArray(DOUBLES, factors, i);
      DoubleVector factor = scale.mul(e.div(DoubleVector.fromArray(DOUBLES, ratios, i).add(one)));
      factor.intoArray(factors, i);
      DoubleVector magnitude = scale.lanewise(VectorOperators.ABS);
      VectorMask<Double> small = magnitude.compare(VectorOperators.LT, one);
      VectorMask<Double> large = magnitude.compare(VectorOperators.GT, largeScale);
      DoubleVector scaled = factor.mul(one.blend(perSmallUnit, small).blend(perLargeUnit, large));
      LongVector bits = scaled.reinterpretAsLongs();
      DoubleVector leading = bits.and(leadingBits).reinterpretAsDoubles();
      DoubleVector rest = scaled.sub(leading);
      rest = rest.blend(zero, rest.compare(VectorOperators.NE, rest));
      rest = rest.lanewise(VectorOperators.ABS).reinterpretAsLongs().or(bits.and(signBit)).reinterpretAsDoubles();
      one.blend(smallUnit, small).blend(largeUnit, large).convertShape(VectorOperators.D2F, FLOATS, 0).reinterpretAsFloats().intoArray(unit, i);
      leading.convertShape(VectorOperators.D2F, FLOATS, 0).reinterpretAsFloats().intoArray(high, i);
      rest.convertShape(VectorOperators.D2F, FLOATS, 0).reinterpretAsFloats().intoArray(low, i);
    }
  }
}
