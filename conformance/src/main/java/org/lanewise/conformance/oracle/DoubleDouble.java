package org.lanewise.conformance.oracle;

/**
 * A number as an unevaluated sum of two doubles, about 106 bits. Sums of numbers of one sign, products, quotients and the
 * functions below keep a relative error under 2^−95; it is for single points, not for loops.
 *
 * @param hi the number rounded to float64
 * @param lo what that rounding left, at most half a unit in the last place of {@code hi}
 */
public record DoubleDouble(double hi, double lo) {
  static final DoubleDouble ONE = new DoubleDouble(1, 0);

  /** ln 2 in three parts. The first two end in so many zeros that their products with integers up to 2^10 are exact. */
  private static final double LN2_HIGH = 0x1.62e42fefa2p-1;

  private static final double LN2_MIDDLE = 0x1.9ef35793c7p-41;
  private static final double LN2_LOW = 0x1.9cc01f97b57ap-83;

  /** ln 2, off by less than 2^−107. */
  static final DoubleDouble LN2 = new DoubleDouble(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56);

  /** e^r is taken of r / 2^HALVINGS and squared as often: the series is then short. */
  private static final int HALVINGS = 8;

  /** With |r| ≤ 0.7 / 2^8 the term after this one is below 2^−140 of the sum. */
  private static final int DEGREE = 13;

  /** The double. */
  public static DoubleDouble of(double value) {
    return new DoubleDouble(value, 0);
  }

  /** hi + lo, normalised; needs |hi| ≥ |lo|. */
  private static DoubleDouble fastSum(double hi, double lo) {
    double sum = hi + lo;
    return new DoubleDouble(sum, lo - (sum - hi));
  }

  /** The sum. */
  public DoubleDouble plus(DoubleDouble other) {
    double sum = hi + other.hi;
    double back = sum - hi;
    double error = (hi - (sum - back)) + (other.hi - back);
    double lowSum = lo + other.lo;
    double lowBack = lowSum - lo;
    double lowError = (lo - (lowSum - lowBack)) + (other.lo - lowBack);
    DoubleDouble first = fastSum(sum, error + lowSum);
    return fastSum(first.hi, first.lo + lowError);
  }

  DoubleDouble negated() {
    return new DoubleDouble(-hi, -lo);
  }

  DoubleDouble minus(DoubleDouble other) {
    return plus(other.negated());
  }

  /** The product. */
  public DoubleDouble times(DoubleDouble other) {
    double product = hi * other.hi;
    double error = Math.fma(hi, other.hi, -product) + (hi * other.lo + lo * other.hi);
    return fastSum(product, error);
  }

  /** Times a power of two, exact where nothing underflows. */
  DoubleDouble scaled(int exponent) {
    return new DoubleDouble(Math.scalb(hi, exponent), Math.scalb(lo, exponent));
  }

  /** The quotient. */
  public DoubleDouble dividedBy(DoubleDouble other) {
    double first = hi / other.hi;
    DoubleDouble rest = minus(other.times(of(first)));
    double second = rest.hi / other.hi;
    rest = rest.minus(other.times(of(second)));
    DoubleDouble sum = fastSum(first, second);
    return fastSum(sum.hi, sum.lo + rest.hi / other.hi);
  }

  /** e^x − 1 for |x| ≤ 0.7, accurate relative to itself also near 0. */
  DoubleDouble expm1() {
    DoubleDouble r = scaled(-HALVINGS);
    DoubleDouble sum = of(0);
    for (int n = DEGREE; n >= 1; n--) { // r (1 + r/2 (1 + r/3 (…)))
      sum = ONE.plus(sum).times(r).dividedBy(of(n));
    }
    for (int i = 0; i < HALVINGS; i++) { // e^2r − 1 = (e^r − 1) (2 + (e^r − 1))
      sum = sum.times(of(2).plus(sum));
    }
    return sum;
  }

  /** e^x for |x| ≤ 700. */
  DoubleDouble exp() {
    double n = Math.rint(hi * (1 / 0x1.62e42fefa39efp-1));
    DoubleDouble r =
        minus(of(n * LN2_HIGH)).minus(of(n * LN2_MIDDLE)).minus(of(n).times(of(LN2_LOW)));
    return ONE.plus(r.expm1()).scaled((int) n);
  }

  /** ln(1 + x) for 0 ≤ x ≤ 1, accurate relative to itself also near 0. */
  DoubleDouble log1p() {
    // One step of Halley's method for e^y − 1 = x, which triples the digits of a start good to 50 bits.
    DoubleDouble start = of(2 * Logistic.atanh(hi / (2 + hi)));
    DoubleDouble reached = start.expm1();
    DoubleDouble step = minus(reached).scaled(1).dividedBy(of(2).plus(this).plus(reached));
    return start.plus(step);
  }

  /** The number rounded once to float32, to nearest even. */
  public float toFloat() {
    // Rounded to odd first: the last bit of a double then tells that something follows, and no tie arises that is none.
    boolean even = (Double.doubleToRawLongBits(hi) & 1) == 0;
    double odd = lo == 0 || !even ? hi : lo > 0 ? Math.nextUp(hi) : Math.nextDown(hi);
    return (float) odd;
  }

  /** This minus the double, rounded once to float64. */
  public double minus(double other) {
    return (hi - other) + lo; // exact but for the last addition where the two are close, as they are when it matters
  }
}
