package org.lanewise.kernels.scalar;

/**
 * A double as the sum of two floats of the same sign, for factors that are to cost one rounding.
 *
 * <p>The first part is rounded toward zero, not to nearest: were the second of the other sign, a product that underflows
 * would lose the sign of the true result.
 */
public final class SplitDouble {
  private SplitDouble() {}

  /** The float nearest to {@code value} among those no larger in magnitude. */
  public static float high(double value) {
    float nearest = (float) value;
    return Math.abs((double) nearest) <= Math.abs(value) || nearest != nearest
        ? nearest
        : nearest > 0 ? Math.nextDown(nearest) : Math.nextUp(nearest);
  }

  /** What {@link #high} leaves, rounded to nearest; of the sign of {@code value}, also if it is 0. */
  public static float low(double value) {
    float rest = (float) (value - high(value));
    return rest != rest ? 0 : Math.copySign(rest, (float) value);
  }
}
