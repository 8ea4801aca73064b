package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.lanewise.kernels.TorchErrors.assertError;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

class OneHotTest {
  private static Tensor indices(long... values) {
    return Tensor.of(values, values.length);
  }

  @Test
  void rowsOfWorkedExample() {
    Tensor rows = OneHot.of(indices(0, 2, 1, 0), 3);
    assertArrayEquals(new int[] {4, 3}, rows.shape());
    assertArrayEquals(new long[] {1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0}, rows.longs());
    assertArrayEquals(new long[] {0, 2, 1, 0}, rows.argmax(1).longs());
  }

  @Test
  void infersNumberOfClasses() {
    assertArrayEquals(new int[] {4, 3}, OneHot.of(indices(0, 2, 1, 0)).shape());
  }

  @Test
  void appendsClassDimension() {
    Tensor single = OneHot.of(Tensor.of(new long[] {2}), 4);
    assertArrayEquals(new int[] {4}, single.shape());
    assertArrayEquals(new long[] {0, 0, 1, 0}, single.longs());
    Tensor matrix = OneHot.of(Tensor.of(new long[] {0, 1, 1, 0}, 2, 2), 2);
    assertArrayEquals(new int[] {2, 2, 2}, matrix.shape());
    assertArrayEquals(new long[] {1, 0, 0, 1, 0, 1, 1, 0}, matrix.longs());
  }

  @Test
  void emptyIndices() {
    assertArrayEquals(new int[] {0, 3}, OneHot.of(indices(), 3).shape());
    assertArrayEquals(new int[] {2, 0, 3}, OneHot.of(Tensor.zeros(DType.INT64, 2, 0), 3).shape());
    for (int classes : new int[] {-1, 0, -5}) {
      assertError(
          "RuntimeError: Can not infer total number of classes from empty tensor.",
          () -> OneHot.of(indices(), classes));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "INT64")
  void acceptsInt64Alone(DType dtype) {
    String expected = "RuntimeError: one_hot is only applicable to index tensor of type LongTensor.";
    assertError(expected, () -> OneHot.of(Tensor.zeros(dtype, 2), 3));
    assertError(expected, () -> OneHot.of(Tensor.zeros(dtype, 0)));
  }

  @Test
  void checksLowerBoundFirst() {
    String expected = "RuntimeError: Class values must be non-negative.";
    assertError(expected, () -> OneHot.of(indices(9, -1), 3));
    assertError(expected, () -> OneHot.of(indices(-1, 9)));
    assertError(expected, () -> OneHot.of(indices(-1), -5));
  }

  @Test
  void checksUpperBound() {
    String expected = "RuntimeError: Class values must be smaller than num_classes.";
    assertError(expected, () -> OneHot.of(indices(3), 3));
    assertError(expected, () -> OneHot.of(indices(1L << 40), 3));
    assertError(expected, () -> OneHot.of(indices(0), 0));
    assertError(expected, () -> OneHot.of(indices(0), -5));
    assertEquals(4, OneHot.of(indices(3), 4).numel());
  }
}
