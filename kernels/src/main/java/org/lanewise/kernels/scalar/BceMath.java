package org.lanewise.kernels.scalar;

/**
 * The mathematics of float32 BCE with logits, and its constants, for the scalar and the SIMD kernel.
 *
 * <p>Let z = e^−|x|. The loss of logit x and target t is |x| · w + ln(1 + z), where w = 1 − t for x &gt; 0 and t
 * otherwise: for t in [0, 1] both terms are at least 0 and nothing cancels. The gradient is ±(v · z − w) / (1 + z), where
 * v = t for x &gt; 0 and 1 − t otherwise; for a hard target it is z / (1 + z) or 1 / (1 + z), never a difference.
 *
 * <p><b>Exponential.</b> −|x| = n · ln 2 + r with |r| ≤ ln 2 / 2; ln 2 is split in two so that the first product is exact
 * (Cody and Waite, <i>Software Manual for the Elementary Functions</i>, 1980). e^r is a minimax polynomial whose leading
 * term 1 + r is kept as a sum of two floats, so z comes as a pair z₁ + z₂ with an error far below one ULP. Everything is
 * kept negative: then no step needs a negation, for which there is no fused instruction in the Vector API.
 *
 * <p><b>Headroom.</b> z may be subnormal, and a large upstream gradient would show how coarsely it has been rounded.
 * Therefore a₁ + a₂ = −{@link #HEADROOM} · z, and the headroom leaves after the last factor has been multiplied. It covers
 * factors up to 2^75; multiplied by those, a gradient whose |x| is beyond the clamp {@link #LOWEST} rounds to 0.
 *
 * <p><b>Loss.</b> For |x| ≥ {@link #SPLIT}, ln(1 + z) = z − z² · S(z) on the pair, whose low part counts 1 / (1 + z) times.
 * For smaller |x| the exponential is not needed: ln(1 + e^x) = x / 2 + ln 2 + x² · V(x²), the even part being
 * ln(2 cosh(x / 2)).
 *
 * <p><b>Gradient.</b> One division gives a quotient; one residual step on the pair corrects it, also for what the rounding
 * of 1 − t has lost.
 *
 * <p><b>Weights.</b> z and the logarithm stay pairs; what multiplies and adds them is float64, where products of float32
 * numbers neither overflow nor underflow, and is rounded once.
 *
 * <p>The exponent trick: adding {@link #MAGIC} to n leaves n + 483 in the low bits of the float. 483 is the exponent bias
 * 127, plus 100 for the headroom, plus 256, which becomes the sign bit after a shift by 23.
 *
 * <p><b>Coefficients.</b> Minimax fits of the relative error, rounded to float32; {@code kernels/coefficients/fit.py}
 * computes them from the definitions (Remez's exchange).
 *
 * <p><b>Bounds</b> hold for all finite logits; for others, and for infinite targets and weights, the results are
 * PyTorch's.
 */
public final class BceMath {
  private BceMath() {}

  /** The clamp of −|x|: 2^75 · e^−156 rounds to 0. */
  public static final float LOWEST = -156f;

  public static final float LOG2_E = 0x1.715476p0f;
  public static final float MAGIC = 12582912f + 483f;

  /** −ln 2 in two parts, the first with trailing zeros: a product with |n| ≤ 226 is exact. */
  public static final float MINUS_LN2_HIGH = -0x1.62e4p-1f;

  public static final float MINUS_LN2_LOW = -0x1.7f7d1cp-20f;

  /** How much too large the exponential is kept. */
  public static final float HEADROOM = 0x1p100f;

  public static final float HEADROOM_UNSCALE = 0x1p-100f;

  /** e^r = 1 + r + r² · (Q0 + Q1 r + … + Q4 r⁴) on |r| ≤ ln 2 / 2. */
  public static final float Q0 = 0x1.fffffcp-2f;

  public static final float Q1 = 0x1.55548cp-3f;
  public static final float Q2 = 0x1.555858p-5f;
  public static final float Q3 = 0x1.123ddep-7f;
  public static final float Q4 = 0x1.6ac83p-10f;

  /** The |x| from which ln(1 + z) is computed from z; below, the even form is more accurate. */
  public static final float SPLIT = 0.93f;

  /** ln(1 − a) = −a − a² · (S0 + S1 a + … + S5 a⁵) for a = −z in [−e^−0.93, 0]. */
  public static final float S0 = 0x1.ffffaap-2f;

  public static final float S1 = 0x1.55444p-2f;
  public static final float S2 = 0x1.fdb54p-3f;
  public static final float S3 = 0x1.870be8p-3f;
  public static final float S4 = 0x1.0587eep-3f;
  public static final float S5 = 0x1.9a4718p-5f;

  /** 1 / (1 + z) ≈ 1 − DAMPING · z, the weight of the pair's low part, for z ≤ e^−0.93. */
  public static final float DAMPING = 0x1.832446p-1f;

  /** −ln 2 in two parts for the inner formula. */
  public static final float MINUS_LN2 = -0x1.62e43p-1f;

  public static final float MINUS_LN2_TAIL = 0x1.05c61p-29f;

  /** ln(2 cosh(x / 2)) = ln 2 − u · (W0 + W1 u + W2 u² + W3 u³) with u = x², |x| &lt; 0.93. */
  public static final float W0 = -0x1.ffffeap-4f;

  public static final float W1 = 0x1.5546b8p-8f;
  public static final float W2 = -0x1.68fa9ap-12f;
  public static final float W3 = 0x1.752548p-16f;

  /**
   * The declared bounds, in ULP, measured: loss and gradient with targets 0 and 1 over all 2^32 logits. Loss 0.8782 at
   * x = −0x1.c37d24p-1, t = 0; gradient 0.7791 at x = −0x1.5ed742p6, t = 0.
   */
  public static final double LOSS_ULP = 0.88;

  public static final double GRADIENT_ULP = 0.79;

  /**
   * Soft targets, in ULP of the largest term. Found by searches over some 10^10 points: loss 1.850 at x =
   * −0x1.dbe8acp-1, t = 0x1.8df82p-7; gradient 1.499 at x = −0x1.e7f99cp2, t = 0x1.b40028p-29.
   */
  public static final double SOFT_ULP = 2.0;

  /** Mean and sum of float32 losses, each within {@link #LOSS_ULP}. */
  public static final double REDUCED_ULP = 1.5;
}
