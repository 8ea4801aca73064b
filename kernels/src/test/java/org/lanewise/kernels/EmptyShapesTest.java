package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** A shape that holds nothing costs nothing, however large its other sizes are: neither memory nor time. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EmptyShapesTest {
  private static final int LARGE = Integer.MAX_VALUE;

  @Test
  void softmaxOfNoRows() {
    Tensor input = Tensor.zeros(DType.FLOAT32, 0, LARGE);
    assertArrayEquals(input.shape(), Activations.softmax(input, 1).shape());
    assertArrayEquals(input.shape(), Activations.softmaxBackward(input, 1, null).shape());
    assertArrayEquals(input.shape(), Activations.logSoftmax(input, 1).shape());
    assertArrayEquals(input.shape(), Activations.logSoftmaxBackward(input, 1, null).shape());
  }

  @Test
  void argmaxOfNothing() {
    assertArrayEquals(new int[] {LARGE, 0}, Tensor.zeros(DType.FLOAT32, LARGE, 3, 0).argmax(1).shape());
    assertArrayEquals(new int[] {0, LARGE}, Tensor.zeros(DType.FLOAT32, 0, LARGE, 3).argmax(2).shape());
  }

  @Test
  void crossEntropyOfNoClasses() {
    for (int[] shape : new int[][] {{LARGE, 0}, {1 << 16, 0, 1 << 16}, {46_341, 0, 46_341}}) {
      Tensor nothing = Tensor.zeros(DType.FLOAT32, shape);
      assertEquals(Double.NaN, CrossEntropy.create().forward(nothing, nothing).item());
      LossAndGradient sum = CrossEntropy.create().reduction(Reduction.SUM).forwardBackward(nothing, nothing);
      assertEquals(0, sum.loss().item());
      assertArrayEquals(shape, sum.logitsGradient().shape());
    }
  }
}
