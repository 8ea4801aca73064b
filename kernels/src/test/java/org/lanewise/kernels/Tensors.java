package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Short ways to tensors of any dtype, and to what they hold. */
final class Tensors {
  private Tensors() {}

  /** The values, each rounded to the dtype, as one row. */
  static Tensor row(DType dtype, double... values) {
    return Tensor.of(values, values.length).to(dtype);
  }

  /** A tensor whose values are all the same. */
  static Tensor full(DType dtype, double value, int... shape) {
    double[] values = new double[Tensor.numel(shape)];
    Arrays.fill(values, value);
    return Tensor.of(values, shape).to(dtype);
  }

  static double[] values(Tensor tensor) {
    return IntStream.range(0, tensor.numel()).mapToDouble(tensor::getDouble).toArray();
  }

  /** That the tensor has the dtype and the values, each rounded once to it; −0 is not 0, and NaN is NaN. */
  static void assertValues(Tensor actual, DType dtype, double... expected) {
    assertEquals(dtype, actual.dtype());
    assertArrayEquals(values(row(dtype, expected)), values(actual));
  }

  /** The same for float64, up to some units in the last place. */
  static void assertWithin(double ulps, Tensor actual, double... expected) {
    assertEquals(DType.FLOAT64, actual.dtype());
    assertEquals(expected.length, actual.numel());
    for (int i = 0; i < expected.length; i++) {
      if (Double.compare(expected[i], actual.getDouble(i)) != 0) { // NaN and infinity have no distance
        assertEquals(expected[i], actual.getDouble(i), ulps * Math.ulp(expected[i]), "element " + i);
      }
    }
  }
}
