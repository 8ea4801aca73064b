package org.lanewise.kernels.scalar;

/**
 * The mathematics of float32 cross-entropy with class indices, and its constants, for the scalar and the SIMD kernel.
 *
 * <p>Let m be the largest logit of a row and t its target. With S = Σ e^(x_c − m) over all c ≠ t and E = e^(m − x_t), the
 * loss is ln(1 + S · E). The target is left out of the sum, so a confident row (S · E near 0) keeps full relative
 * accuracy, where log-sum-exp minus x_t cancels to 0; one formula serves every row. The gradient is e^(x_c − m) · E /
 * (1 + S · E), and for the target the negated sum of the others, −S · E / (1 + S · E).
 *
 * <p><b>The difference x − m is never rounded.</b> Each logit is reduced by itself, x = n · ln 2 + r, and what the row is scaled
 * by goes into the exponent: 2^(n − K). In a row whose logits all lie within ±{@link #WINDOW} nothing can overflow or
 * underflow, so K = 0 and nobody looks for m: the row is read once. In other rows K = round(m / ln 2). Only rows with
 * |m| &gt; {@link #LARGEST_UNSHIFTED} are shifted by m first; there the difference is exact for every logit that is not
 * negligible (Sterbenz). Which of the three a row takes depends on its own logits alone.
 *
 * <p><b>Exponential.</b> With C1 = float(ln 2) and C2 = float(ln 2 − C1), x − n · C1 is exact in one fused step; e^r is a
 * minimax polynomial of degree 6. Outside the window results are 2^62 times too large ({@link #HEADROOM}), so that e^−122 of
 * the largest term is still a normal number; what is further below ({@link #DEEPEST}) is 0, even from 2^18 classes
 * together less than a 200th of the smallest subnormal loss, before a weight multiplies it.
 *
 * <p><b>Sums and the rest of the row</b> are float64: a row of fewer than {@link #WIDE} classes is added in class order, a
 * wider one in the slots of {@link SlotSum}. The exponential and logarithm of a row are those of {@link RowMath}; a loss is
 * rounded to float32 once.
 */
public final class CrossEntropyMath {
  private CrossEntropyMath() {}

  /** The largest |m| of a row whose logits are reduced as they are. */
  public static final float LARGEST_UNSHIFTED = 0x1p16f;

  public static final float LOG2_E = 0x1.715476p0f;

  /** Adding it leaves n in the low bits, with the exponent bias, so that a shift by 23 makes 2^n. */
  public static final float MAGIC = 12582912f + 127f;

  /** −ln 2 in two parts. */
  public static final float MINUS_LN2_HIGH = -0x1.62e430p-1f;

  public static final float MINUS_LN2_LOW = 0x1.05c610p-29f;

  /**
   * The largest |x| of a row whose logits are exponentiated as they are: e^±43 = 2^±62.04, which the factor of the gradient
   * leaves normal.
   */
  public static final float WINDOW = 43f;

  /** The classes from which on a row is added in slots. */
  public static final int WIDE = 256;

  /** Outside the window exponentials are 2^HEADROOM times too large. */
  public static final int HEADROOM = 62;

  /** The scale of a gradient from which on its factor is divided by {@link #LARGE_UNIT}. */
  public static final double LARGE_SCALE = 0x1p60;

  /** Times the largest exponential, 2^62.5, still finite. */
  public static final float LARGE_UNIT = 0x1p64f;

  /** 2^−HEADROOM. */
  public static final float HEADROOM_UNSCALE = 0x1p-62f;

  /** Logits more than this below the largest contribute 0. */
  public static final float DEEPEST = 122f;

  /** e^r = 1 + r + r² · (Q0 + Q1 r + … + Q4 r⁴) on |r| ≤ ln 2 / 2. */
  public static final float Q0 = 0x1.fffffcp-2f;

  public static final float Q1 = 0x1.55548cp-3f;
  public static final float Q2 = 0x1.555858p-5f;
  public static final float Q3 = 0x1.123ddep-7f;
  public static final float Q4 = 0x1.6ac83p-10f;

  /** E is kept finite: a target further below the largest logit has loss m − x_t + ln S to the last bit. */
  public static final double LOWEST_TARGET = -600;

  /** Sign, exponent and the first 23 bits after the point of a double. */
  public static final long LEADING_BITS = -1L << 29;

  public static final double LN2 = 0x1.62e42fefa39efp-1;

  /** The number of logits that are worked on at a time, a multiple of 32; their exponentials stay in the L1 cache. */
  public static final int CHUNK = 1024;

  /**
   * The declared bounds, in ULP, measured on stored, random and adversarial rows, some 10^9 of them. Loss, and gradient of the
   * target, 1.700 at logits 0x1.6af0cep5, −0x1.22dce8p2 and target 0; gradient of another class 2.735 in a row of 8 logits
   * spread by 30 around 0.
   */
  public static final double LOSS_ULP = 2;

  public static final double GRADIENT_ULP = 3.25;

  /** Class probabilities and label smoothing, in ULP of the largest term. */
  public static final double MIXED_ULP = 1;

  /** Mean and sum of float32 losses. */
  public static final double REDUCED_ULP = 1.5;

  /** What is subtracted from every logit of a row with the largest logit {@code max}: 0 for ordinary rows. */
  public static float shift(float max) {
    return Math.abs(max) <= LARGEST_UNSHIFTED ? 0 : max;
  }

  /** K − HEADROOM, the power of two that the exponentials of a row are divided by. */
  public static float exponentOffset(float shiftedMax, boolean inWindow) {
    return inWindow ? 0 : (float) Math.rint((double) shiftedMax * 0x1.71547652b82fep0) - HEADROOM;
  }

  /**
   * The power of two that exponentials are multiplied by, and the factor of the gradient divided by, lest either underflow
   * (small scales) or the factor overflow (large ones, where all logits of a row are far below 0).
   */
  public static float unit(double scale) {
    double magnitude = Math.abs(scale);
    return magnitude < 1 ? HEADROOM_UNSCALE : magnitude > LARGE_SCALE ? LARGE_UNIT : 1;
  }

  /** The leading 24 bits of a factor of gradients. */
  public static float high(double factor) {
    return (float) leading(factor);
  }

  /** What {@link #high} leaves, of the same sign even if it is 0, so that a product that underflows keeps the true sign. */
  public static float low(double factor) {
    double rest = factor - leading(factor);
    return (float) Math.copySign(rest == rest ? rest : 0, factor);
  }

  private static double leading(double factor) {
    return Double.longBitsToDouble(Double.doubleToRawLongBits(factor) & LEADING_BITS);
  }
}
