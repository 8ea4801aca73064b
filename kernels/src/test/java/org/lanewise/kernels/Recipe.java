package org.lanewise.kernels;

import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Inputs as rules, those of docs/file-formats.md: the same bits in every language, without a file. */
final class Recipe {
  private Recipe() {}

  /** Uniform multiples of 2^exponent within ±2^(23 + exponent). */
  static Tensor uniform(DType dtype, long seed, int exponent, int... shape) {
    double[] values = new double[Tensor.numel(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.scalb((double) ((splitmix64(seed, i) >>> 40) - (1L << 23)), exponent);
    }
    return Tensor.of(values, shape).to(dtype);
  }

  /** 0 or 1. */
  static Tensor binary(DType dtype, long seed, int... shape) {
    double[] values = new double[Tensor.numel(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = splitmix64(seed, i) < 0 ? 1 : 0;
    }
    return Tensor.of(values, shape).to(dtype);
  }

  /** Class indices below {@code bound}. */
  static Tensor index(long seed, int bound, int... shape) {
    long[] values = new long[Tensor.numel(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (splitmix64(seed, i) >>> 33) % bound;
    }
    return Tensor.of(values, shape);
  }

  /** Floats, doubles or 16-bit values of any bits: NaN, infinities and subnormals among them. */
  static Tensor bits(DType dtype, long seed, int... shape) {
    Tensor tensor = Tensor.zeros(dtype, shape);
    for (int i = 0; i < tensor.numel(); i++) {
      long z = splitmix64(seed, i);
      switch (tensor.array()) {
        case float[] values -> values[i] = Float.intBitsToFloat((int) (z >>> 32));
        case double[] values -> values[i] = Double.longBitsToDouble(z);
        case short[] values -> values[i] = (short) (z >>> 48);
        default -> throw new IllegalArgumentException(dtype + " has no such bits");
      }
    }
    return tensor;
  }

  /** Number i of the splitmix64 sequence (Steele, Lea and Flood, OOPSLA 2014). */
  private static long splitmix64(long seed, long i) {
    long z = seed + (i + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
