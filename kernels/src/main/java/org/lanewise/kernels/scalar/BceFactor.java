package org.lanewise.kernels.scalar;

/**
 * What the quotients of {@link BceMath} are multiplied by: the factor of all gradients of a call, less the headroom.
 *
 * <p>The headroom leaves by the factor where that is large, so that no product overflows, and otherwise by a multiplication
 * of its own after the rounding, so that no part of the product underflows.
 */
public final class BceFactor {
  /** The factor as a sum of two floats of one sign; without the headroom where it is large. */
  public float high;

  public float low;

  /** The last multiplication: 1 where the headroom has left already. */
  public float last;

  /** The factor itself, for targets beyond the headroom. */
  public float whole;

  /** Scratch for one thread. */
  public BceFactor() {}

  /** Takes a finite factor. */
  public void set(double factor) {
    boolean large = Math.abs(factor) > 1;
    double parts = large ? factor * BceMath.HEADROOM_UNSCALE : factor;
    high = SplitDouble.high(parts);
    low = SplitDouble.low(parts);
    last = large ? 1 : BceMath.HEADROOM_UNSCALE;
    whole = (float) factor;
  }
}
