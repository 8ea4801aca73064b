package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.lanewise.kernels.Tensors.assertValues;
import static org.lanewise.kernels.Tensors.assertWithin;
import static org.lanewise.kernels.Tensors.full;
import static org.lanewise.kernels.Tensors.row;
import static org.lanewise.kernels.TorchErrors.assertError;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

class BceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final Bce NONE = Bce.create().reduction(Reduction.NONE);
  private static final Bce SUM = Bce.create().reduction(Reduction.SUM);

  @Test
  void workedExample() {
    Tensor input = row(DType.FLOAT32, 0.6215792298316956, 0.6831361055374146, 0.5221049189567566);
    Tensor target = row(DType.FLOAT32, 0, 1, 1);
    assertValues(NONE.forward(input, target), DType.FLOAT32, 0.97174853f, 0.38106117f, 0.6498867f);
    assertValues(SUM.forward(input, target), DType.FLOAT32, 2.0026965f);
    assertValues(Bce.create().forward(input, target), DType.FLOAT32, 0.66756546f);
    Bce.Result result = NONE.forwardBackward(input, target);
    assertValues(result.loss(), DType.FLOAT32, 0.97174853f, 0.38106117f, 0.6498867f);
    assertValues(result.inputGradient(), DType.FLOAT32, 2.6425612f, -1.4638371f, -1.9153239f);
    assertValues(result.targetGradient(), DType.FLOAT32, -0.49625665f, -0.7682218f, -0.08847735f);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16"})
  void logarithmsStopAtMinus100(DType dtype) {
    assertValues(NONE.forward(row(dtype, 0, 0, 0, -0.0), row(dtype, 0, 1, .5, -0.0)), dtype, 0, 100, 50, 0);
    assertValues(NONE.forward(row(dtype, 1, 1, 1), row(dtype, 0, 1, .5)), dtype, 100, 0, 50);
  }

  @Test
  void logarithmsNearTheBound() {
    // The logarithm of the smallest float32 is -103.28.
    Tensor input = row(DType.FLOAT32, 1e-43, 1.401298464324817e-45, 1e-30);
    assertValues(NONE.forward(input, full(DType.FLOAT32, 1, 3)), DType.FLOAT32, 99.01625f, 100, 69.07755f);
    assertValues(NONE.forward(row(DType.FLOAT64, 1e-300), row(DType.FLOAT64, 1)), DType.FLOAT64, 100);
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, -999999995904, -499999997952",
    "FLOAT64, -1000000003995.8029, -500000001997.9014",
    "BFLOAT16, -1000000003995.8029, -500000001997.9014",
    // Beyond the range of float16, in which PyTorch's bound is 0 and the first gradient NaN.
    "FLOAT16, -Infinity, -Infinity"
  })
  void gradientAtZeroIsBounded(DType dtype, double hard, double soft) {
    Bce.Result result = NONE.forwardBackward(row(dtype, 0, 0, 0), row(dtype, 0, 1, .5));
    assertValues(result.inputGradient(), dtype, 0, hard, soft);
    assertValues(result.targetGradient(), dtype, INF, INF, INF);
    assertValues(NONE.forwardBackward(row(dtype, 1), row(dtype, 1)).targetGradient(), dtype, -INF);
  }

  @Test
  void float64Gradients() {
    Tensor input = row(DType.FLOAT64, 1e-13, .25, 1e-30, 1 - 0x1p-7, .5);
    Bce.Result result = NONE.forwardBackward(input, row(DType.FLOAT64, .5, 1, 1, 1, .5));
    assertWithin(
        4, result.inputGradient(), -500000001997.80145, -4, -1000000003995.8029, -1.0078740157480315, 0);
    assertWithin(
        2, result.targetGradient(), 29.933606208922495, 1.0986122886681098, 69.07755278982137, -4.844187086458591, 0);
  }

  @Test
  void targetGradientIsAccurateAtOneHalf() {
    double tiny = 0x1p-50;
    Bce.Result result = NONE.forwardBackward(row(DType.FLOAT64, .5 - tiny, .5 + tiny), row(DType.FLOAT64, 0, 0));
    assertWithin(2, result.targetGradient(), 4 * tiny, -4 * tiny);
  }

  @Test
  void weightBroadcastsAndDoesNotShrinkTheMean() {
    Tensor input = full(DType.FLOAT64, .5, 2, 3);
    double ln2 = 0.6931471805599453;
    double[] perClass = {0, ln2, 2 * ln2, 0, ln2, 2 * ln2};
    double[] perSample = {ln2, ln2, ln2, 2 * ln2, 2 * ln2, 2 * ln2};
    Tensor classes = row(DType.FLOAT64, 0, 1, 2);
    assertWithin(1, NONE.weight(classes).forward(input, input), perClass);
    assertWithin(1, NONE.weight(row(DType.FLOAT64, 1, 2).reshape(2, 1)).forward(input, input), perSample);
    assertWithin(1, NONE.weight(row(DType.INT32, 0, 1, 2, 0, 1, 2).reshape(2, 3)).forward(input, input), perClass);
    assertWithin(1, SUM.weight(row(DType.FLOAT16, 3)).forward(input, input), 18 * ln2);
    assertWithin(1, SUM.weight(full(DType.BOOL, 1)).forward(input, input), 6 * ln2);
    assertWithin(1, Bce.create().weight(classes).forward(input, input), ln2);
    Tensor ones = full(DType.FLOAT64, 1, 2, 3);
    Bce.Result result = Bce.create().weight(classes).forwardBackward(input, ones, Tensor.of(new double[] {6}));
    assertWithin(1, result.inputGradient(), 0, -2, -4, 0, -2, -4);
    assertArrayEquals(new int[] {2, 3}, result.inputGradient().shape());
  }

  @Test
  void weightsThatAreNotFinite() {
    Tensor input = row(DType.FLOAT32, 1, .5);
    assertValues(NONE.weight(row(DType.FLOAT32, INF)).forward(input, input), DType.FLOAT32, NAN, INF);
    assertValues(NONE.weight(row(DType.FLOAT32, NAN, -1)).forward(input, input), DType.FLOAT32, NAN, -0.6931471805599453);
  }

  @Test
  void lossIsNeverMinusZero() {
    Tensor one = row(DType.FLOAT32, 1);
    assertValues(NONE.weight(row(DType.FLOAT32, -1)).forward(one, one), DType.FLOAT32, 0);
    assertValues(NONE.weight(row(DType.FLOAT64, -1e-60)).forward(row(DType.FLOAT32, .5), one), DType.FLOAT32, 0);
    assertValues(SUM.weight(row(DType.FLOAT64, -1e-60)).forward(row(DType.FLOAT32, .5), one), DType.FLOAT32, 0);
  }

  @Test
  void upstreamGradient() {
    Tensor input = row(DType.FLOAT32, .5, .5);
    Tensor target = row(DType.FLOAT32, 0, 1);
    assertValues(NONE.forwardBackward(input, target, row(DType.FLOAT32, 3, 5)).inputGradient(), DType.FLOAT32, 6, -10);
    assertValues(Bce.create().forwardBackward(input, target, Tensor.scalar(3)).inputGradient(), DType.FLOAT32, 3, -3);
    assertError(
        "RuntimeError: Mismatch in shape: grad_output[0] has a shape of torch.Size([1]) and output[0] has a shape of "
            + "torch.Size([]).",
        () -> Bce.create().forwardBackward(input, target, row(DType.FLOAT32, 1)));
  }

  @Test
  void emptyAndZeroDimensionalOperands() {
    Tensor empty = Tensor.zeros(DType.FLOAT32, 0, 3);
    assertArrayEquals(new int[] {0, 3}, NONE.forward(empty, empty).shape());
    assertValues(SUM.forward(empty, empty), DType.FLOAT32, 0);
    assertValues(Bce.create().forward(empty, empty), DType.FLOAT32, NAN);
    assertArrayEquals(new int[] {0, 3}, Bce.create().forwardBackward(empty, empty).inputGradient().shape());
    assertValues(SUM.weight(row(DType.FLOAT32, 1)).forward(empty, empty), DType.FLOAT32, 0);
    Tensor half = Tensor.scalar(.5f);
    assertEquals(0, NONE.forward(half, half).rank());
    assertValues(NONE.weight(Tensor.scalar(2)).forward(half, half), DType.FLOAT32, 1.3862943611198906);
  }

  @Test
  void meanOverflowsNowhere() {
    // The sum of a thousand losses of 100 is beyond float16; their mean is not.
    Tensor zeros = Tensor.zeros(DType.FLOAT16, 1000);
    Tensor ones = full(DType.FLOAT16, 1, 1000);
    assertValues(Bce.create().forward(zeros, ones), DType.FLOAT16, 100);
    assertValues(SUM.forward(zeros, ones), DType.FLOAT16, INF);
  }

  @Test
  void manyEqualLosses() {
    int n = 1 << 20;
    double loss = NONE.forward(row(DType.FLOAT32, .3), row(DType.FLOAT32, 1)).item();
    assertEquals(loss, Bce.create().forward(full(DType.FLOAT32, .3, n), full(DType.FLOAT32, 1, n)).item());
  }

  @Test
  void checksSizeFirst() {
    Tensor wrong = Tensor.zeros(DType.INT64, 4);
    String expected =
        "ValueError: Using a target size (torch.Size([4])) that is different to the input size (torch.Size([4, 1])) is "
            + "deprecated. Please ensure they have the same size.";
    assertError(expected, () -> NONE.weight(full(DType.FLOAT32, 1, 7)).forward(full(DType.FLOAT32, 2, 4, 1), wrong));
    assertError(
        "ValueError: Using a target size (torch.Size([1])) that is different to the input size (torch.Size([])) is "
            + "deprecated. Please ensure they have the same size.",
        () -> NONE.forward(Tensor.scalar(0), full(DType.FLOAT32, 0, 1)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 3  |2      |2|1|[2]         |[2, 3]",
        "3    |0      |0|1|[0]         |[3]",
        "0    |2      |2|1|[2]         |[0]",
        "2 3  |7 4 2 5|5|1|[7, 4, 2, 5]|[1, 1, 2, 3]",
        "2 3  |5 3 3  |3|2|[5, 3, 3]   |[1, 2, 3]",
        "2 1  |3 5    |3|2|[3, 5]      |[2, 5]",
        "7 1 6|3 2 5 1|2|3|[3, 2, 5, 1]|[1, 7, 5, 6]"
      })
  void checksBroadcastOfWeightSecond(String input, String weight, int length, int fromEnd, String size, String expected) {
    Tensor operand = full(DType.FLOAT32, 9, sizes(input));
    assertError(
        ("RuntimeError: Attempting to broadcast a dimension of length %d at -%d! Mismatching argument at index 1 had "
                + "torch.Size(%s); but expected shape should be broadcastable to %s")
            .formatted(length, fromEnd, size, expected),
        () -> NONE.weight(full(DType.FLOAT32, 1, sizes(weight))).forward(operand, operand.to(DType.INT64)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 3|1 2 3|[2, 3]|[1, 2, 3]",
        "1 3|2 3  |[1, 3]|[2, 3]",
        "1 3|0 3  |[1, 3]|[0, 3]",
        "   |1    |[]    |[1]",
        "   |2 3  |[]    |[2, 3]"
      })
  void checksThatWeightDoesNotEnlargeLast(String input, String weight, String shape, String broadcast) {
    Bce bce = NONE.weight(full(DType.FLOAT32, 1, sizes(weight)));
    Tensor operand = full(DType.FLOAT32, .5, sizes(input));
    assertError(
        "RuntimeError: output with shape %s doesn't match the broadcast shape %s".formatted(shape, broadcast),
        () -> bce.forward(operand, operand));
    Tensor outside = full(DType.FLOAT32, 2, sizes(input));
    assertError("RuntimeError: all elements of input should be between 0 and 1", () -> bce.forward(outside, operand));
    assertError("RuntimeError: Found dtype Long but expected Float", () -> bce.forward(outside, operand.to(DType.INT64)));
  }

  private static int[] sizes(String text) {
    return text == null ? new int[0] : Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
  }

  @ParameterizedTest
  @EnumSource
  void acceptsOneFloatingPointDType(DType dtype) {
    for (DType other : DType.values()) {
      for (int size : new int[] {0, 2}) {
        Tensor input = Tensor.zeros(dtype, size);
        Tensor target = Tensor.zeros(other, size);
        if (dtype != other) {
          assertError(
              "RuntimeError: Found dtype %s but expected %s".formatted(other.torchName(), dtype.torchName()),
              () -> NONE.forward(input, target));
        } else if (dtype.isFloatingPoint()) {
          assertEquals(dtype, NONE.forward(input, target).dtype());
        } else {
          assertError(
              "NotImplementedError: \"binary_cross_entropy\" not implemented for '%s'".formatted(dtype.torchName()),
              () -> NONE.forward(input, target));
        }
      }
    }
  }

  @Test
  void checksRangesElementByElement() {
    String input = "RuntimeError: all elements of input should be between 0 and 1";
    String target = "RuntimeError: all elements of target should be between 0 and 1";
    assertError(target, () -> NONE.forward(row(DType.FLOAT32, .5, 2), row(DType.FLOAT32, 3, .5)));
    assertError(input, () -> NONE.forward(row(DType.FLOAT32, 2, .5), row(DType.FLOAT32, 3, .5)));
    assertError(input, () -> NONE.forward(row(DType.FLOAT32, NAN), row(DType.FLOAT32, .5)));
    assertError(target, () -> NONE.forward(row(DType.FLOAT32, .5), row(DType.FLOAT32, NAN)));
    assertError(input, () -> NONE.forward(row(DType.FLOAT32, -1e-45), row(DType.FLOAT32, .5)));
    assertError(input, () -> NONE.weight(row(DType.FLOAT32, 0)).forward(row(DType.FLOAT32, 1.5), row(DType.FLOAT32, .5)));
  }
}
