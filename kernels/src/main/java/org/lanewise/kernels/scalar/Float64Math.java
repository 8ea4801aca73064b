package org.lanewise.kernels.scalar;

/**
 * The mathematics of the float64 kernels, and its constants, for the scalar and the SIMD kernel.
 *
 * <p><b>Exponential.</b> y = n · ln 2 + r with |r| ≤ ln 2 / 2; ln 2 is split so that n times its first part is exact (Cody
 * and Waite). e^r = 1 + r + r² · E(r), the leading 1 + r kept as a sum of two doubles, so the result comes as a pair with
 * an error of some 2^−55. The power of two is built 2^256 too large and scaled down once, so that a subnormal result is
 * rounded once.
 *
 * <p><b>Logarithm.</b> ln(1 + z) = 2 artanh(s) with s = z / (2 + z) ≤ 1/3, a single formula for all z in [0, 1]: 2s as a pair
 * from a division that one residual step corrects, plus 2s · s² · A(s²).
 *
 * <p>The polynomials are near-minimax fits from {@code kernels/coefficients/float64.py}.
 */
public final class Float64Math {
  private Float64Math() {}

  /** The clamp of the exponent: e^−746 rounds to 0. */
  public static final double LOWEST = -746;

  public static final double LOG2_E = 0x1.71547652b82fep0;

  /** Rounds to an integer; leaves n + 1023 + 256 in the low bits, plus 2048, which a shift by 52 makes the sign bit. */
  public static final double MINUS_MAGIC = 0x1.8p52 + 1023 + 256 + 2048;

  /** The clamp of a softmax's exponent, so far down that not even a factor of 2^31 brings it back, and its magic number. */
  public static final double LOWEST_DIFFERENCE = -800;

  public static final double SOFTMAX_MAGIC = MINUS_MAGIC - 2048;

  /** Takes out the 2^256 of the exponent trick. */
  public static final double UNSCALE = 0x1p-256;

  /** −ln 2 in two parts, the first of 42 bits: a product with |n| ≤ 1100 is exact. */
  public static final double MINUS_LN2_HIGH = -0x1.62e42fefa38p-1;

  public static final double MINUS_LN2_LOW = -0x1.ef35793c7673p-45;

  /** e^r = 1 + r + r² · (E0 + E1 r + …) on |r| ≤ ln 2 / 2. */
  public static final double E0 = 0x1p-1;

  public static final double E1 = 0x1.5555555555557p-3;
  public static final double E2 = 0x1.5555555555556p-5;
  public static final double E3 = 0x1.11111111100dfp-7;
  public static final double E4 = 0x1.6c16c16c162d6p-10;
  public static final double E5 = 0x1.a01a01abe62ddp-13;
  public static final double E6 = 0x1.a01a01a6d7808p-16;
  public static final double E7 = 0x1.71de02375656cp-19;
  public static final double E8 = 0x1.27e4db67b4303p-22;
  public static final double E9 = 0x1.af4ddd84882fep-26;
  public static final double E10 = 0x1.1f72fc730b4ffp-29;

  /** artanh(s) = s + s · u · (A0 + A1 u + …) with u = s² ≤ 1/9. */
  public static final double A0 = 0x1.5555555555555p-2;

  public static final double A1 = 0x1.999999999a3ddp-3;
  public static final double A2 = 0x1.24924923d44c6p-3;
  public static final double A3 = 0x1.c71c727143318p-4;
  public static final double A4 = 0x1.745cf0b0e03bdp-4;
  public static final double A5 = 0x1.3b18b294bebf9p-4;
  public static final double A6 = 0x1.10ac75dc602b1p-4;
  public static final double A7 = 0x1.eb905e8575054p-5;
  public static final double A8 = 0x1.687a6e7c95176p-5;
  public static final double A9 = 0x1.4b0a26c5f2aefp-4;
}
