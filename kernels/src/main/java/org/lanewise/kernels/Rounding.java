package org.lanewise.kernels;

import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The way of the simple operations: operands to float64, which is exact, and results back in one rounding. */
final class Rounding {
  private Rounding() {}

  /** The values as float64; to be read only, as they may be the tensor's own. */
  static double[] values(Tensor tensor) {
    return tensor.to(DType.FLOAT64).doubles();
  }

  /** A tensor of the values, each rounded once. */
  static Tensor round(double[] values, DType dtype, int... shape) {
    return Tensor.of(values, shape).to(dtype);
  }

  /** The same, with +0 for each value that is −0 or becomes it. Overwrites {@code values}. */
  static Tensor roundToPositiveZero(double[] values, DType dtype, int... shape) {
    // Up to half of the smallest subnormal, a value rounds to zero: the tie goes to the even one.
    double vanishing =
        switch (dtype) {
          case FLOAT32 -> 0x1p-150;
          case FLOAT16 -> 0x1p-25;
          case BFLOAT16 -> 0x1p-134;
          default -> 0;
        };
    for (int i = 0; i < values.length; i++) {
      if (Math.abs(values[i]) <= vanishing) {
        values[i] = 0;
      }
    }
    return round(values, dtype, shape);
  }
}
