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

class NllLossTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final NllLoss MEAN = NllLoss.create();
  private static final NllLoss NONE = NllLoss.create().reduction(Reduction.NONE);
  private static final NllLoss SUM = NllLoss.create().reduction(Reduction.SUM);

  private static final Tensor ROWS = row(DType.FLOAT32, -1, -2, -.5, -3, -.25, 0, -INF, -1, -2).reshape(3, 3);

  private static Tensor indices(long... values) {
    return Tensor.of(values, values.length);
  }

  @Test
  void ofLogSoftmaxIsCrossEntropyOfWorkedExample() {
    Tensor logits = Tensor.of(new double[] {.9, .2, .8, .5, .2, .4, .4, .2, .9}, 3, 3);
    Tensor logProbabilities = Activations.logSoftmax(logits, 1);
    assertWithin(
        4, NONE.forward(logProbabilities, indices(0, 1, 2)), .8760613624783408, 1.2729189131256584, .7434200371423098);
  }

  @Test
  void reductions() {
    Tensor target = indices(0, 1, 1);
    assertValues(NONE.forward(ROWS, target), DType.FLOAT32, 1, .25, 1);
    assertValues(SUM.forward(ROWS, target), DType.FLOAT32, 2.25);
    assertValues(MEAN.forward(ROWS, target), DType.FLOAT32, .75);
    assertEquals(0, MEAN.forward(ROWS, target).rank());
    NllLoss.Result result = MEAN.forwardBackward(ROWS, target, Tensor.scalar(6));
    assertValues(result.loss(), DType.FLOAT32, .75);
    assertValues(result.inputGradient(), DType.FLOAT32, -2, 0, 0, 0, -2, 0, 0, -2, 0);
    assertArrayEquals(new int[] {3, 3}, result.inputGradient().shape());
    assertValues(
        NONE.forwardBackward(ROWS, target, row(DType.FLOAT32, 2, -3, 4)).inputGradient(),
        DType.FLOAT32, -2, 0, 0, 0, 3, 0, 0, -4, 0);
  }

  @Test
  void weightedMeanDividesBySumOfWeights() {
    Tensor weight = row(DType.FLOAT32, 4, 1, 2);
    NllLoss.Result result = MEAN.weight(weight).forwardBackward(ROWS, indices(0, 1, 1));
    assertValues(result.loss(), DType.FLOAT32, 5.25 / 6);
    assertValues(result.inputGradient(), DType.FLOAT32, -4. / 6, 0, 0, 0, -1. / 6, 0, 0, -1. / 6, 0);
    assertValues(NONE.weight(weight).forward(ROWS, indices(0, 1, 1)), DType.FLOAT32, 4, .25, 1);
  }

  @Test
  void weightsThatSumToZero() {
    Tensor zeros = row(DType.FLOAT32, 0, 0, 2);
    NllLoss.Result none = MEAN.weight(zeros).forwardBackward(ROWS, indices(0, 0, 1));
    assertValues(none.loss(), DType.FLOAT32, NAN);
    assertValues(none.inputGradient(), DType.FLOAT32, NAN, 0, 0, NAN, 0, 0, 0, NAN, 0);
    NllLoss.Result opposite = MEAN.weight(row(DType.FLOAT32, 0, 1, -2)).forwardBackward(ROWS, indices(2, 1, 1));
    assertValues(opposite.loss(), DType.FLOAT32, INF);
    assertValues(opposite.inputGradient(), DType.FLOAT32, 0, 0, INF, 0, -INF, 0, 0, -INF, 0);
  }

  @Test
  void valuesThatAreNotFinite() {
    assertValues(NONE.forward(ROWS, indices(0, 1, 0)), DType.FLOAT32, 1, .25, INF);
    assertValues(NONE.weight(row(DType.FLOAT32, 0, 1, 2)).forward(ROWS, indices(0, 1, 0)), DType.FLOAT32, 0, .25, NAN);
    // A weight that no row picks has no say.
    assertValues(MEAN.weight(row(DType.FLOAT32, NAN, 1, 1)).forward(ROWS, indices(1, 1, 1)), DType.FLOAT32, 3.25 / 3);
    NllLoss.Result infinite = MEAN.weight(row(DType.FLOAT32, 0, INF, -2)).forwardBackward(ROWS, indices(2, 1, 1));
    assertValues(infinite.loss(), DType.FLOAT32, NAN);
    assertValues(infinite.inputGradient(), DType.FLOAT32, 0, 0, 0, 0, NAN, 0, 0, NAN, 0);
  }

  @Test
  void lossIsNeverMinusZero() {
    assertValues(NONE.forward(Tensor.zeros(DType.FLOAT32, 1, 1), indices(0)), DType.FLOAT32, 0);
    assertValues(SUM.forward(Tensor.zeros(DType.FLOAT32, 1, 1), indices(0)), DType.FLOAT32, 0);
    // The product underflows from below.
    Tensor tiny = row(DType.FLOAT32, 1e-30).reshape(1, 1);
    assertValues(NONE.weight(row(DType.FLOAT32, 1e-30)).forward(tiny, indices(0)), DType.FLOAT32, 0);
  }

  @Test
  void ignoredRowsDoNotCount() {
    Tensor target = indices(0, -100, 1);
    assertValues(NONE.forward(ROWS, target), DType.FLOAT32, 1, 0, 1);
    assertValues(SUM.forward(ROWS, target), DType.FLOAT32, 2);
    NllLoss.Result result = MEAN.forwardBackward(ROWS, target);
    assertValues(result.loss(), DType.FLOAT32, 1);
    assertValues(result.inputGradient(), DType.FLOAT32, -.5, 0, 0, 0, 0, 0, 0, -.5, 0);
    for (long ignored : new long[] {-1, 7, 1, 1L << 40}) {
      assertValues(NONE.ignoreIndex(ignored).forward(ROWS, indices(0, ignored, 2)), DType.FLOAT32, 1, 0, 2);
    }
  }

  @Test
  void allRowsIgnored() {
    Tensor target = indices(-100, -100, -100);
    assertValues(NONE.forward(ROWS, target), DType.FLOAT32, 0, 0, 0);
    assertValues(SUM.forward(ROWS, target), DType.FLOAT32, 0);
    NllLoss.Result result = MEAN.forwardBackward(ROWS, target);
    assertValues(result.loss(), DType.FLOAT32, NAN);
    assertValues(result.inputGradient(), DType.FLOAT32, new double[9]);
  }

  @Test
  void singleRow() {
    Tensor input = row(DType.FLOAT32, -1, -2);
    Tensor weight = row(DType.FLOAT32, 1, 3);
    for (Tensor target : new Tensor[] {Tensor.of(new long[] {1}), indices(1)}) {
      assertValues(NONE.forward(input, target), DType.FLOAT32, 2);
      assertEquals(0, NONE.forward(input, target).rank());
      assertValues(NONE.weight(weight).forward(input, target), DType.FLOAT32, 6);
      assertValues(MEAN.weight(weight).forward(input, target), DType.FLOAT32, 2);
    }
    assertValues(MEAN.weight(weight).forwardBackward(input, Tensor.of(new long[] {1})).inputGradient(), DType.FLOAT32, 0, -1);
    assertValues(NONE.forward(input, indices(-100)), DType.FLOAT32, 0);
    assertValues(MEAN.forward(input, indices(-100)), DType.FLOAT32, NAN);
    // With a single class PyTorch cannot tell this target from a batch of one.
    assertValues(NONE.forwardBackward(row(DType.FLOAT32, -1), indices(0)).inputGradient(), DType.FLOAT32, -1);
    for (NllLoss loss : new NllLoss[] {NONE, MEAN, SUM}) {
      assertError(
          "RuntimeError: size mismatch (got input: [2], target: [1])", () -> loss.forwardBackward(input, indices(1)));
    }
  }

  @Test
  void spatialRows() {
    // Value (n, c, i) is −(100 n + 10 c + i).
    double[] values = new double[2 * 3 * 4];
    for (int i = 0; i < values.length; i++) {
      values[i] = -(100 * (i / 12) + 10 * (i / 4 % 3) + i % 4);
    }
    Tensor target = Tensor.of(new long[] {0, 1, 2, -100, 2, 1, 0, 0}, 2, 4);
    Tensor input = Tensor.of(values, 2, 3, 4);
    Tensor loss = NONE.forward(input, target);
    assertArrayEquals(new int[] {2, 4}, loss.shape());
    assertValues(loss, DType.FLOAT64, 0, 11, 22, 0, 120, 111, 102, 103);
    assertValues(
        NONE.forward(input.reshape(2, 3, 2, 2), target.reshape(2, 2, 2)), DType.FLOAT64, 0, 11, 22, 0, 120, 111, 102, 103);
    assertValues(
        NONE.forward(input.reshape(2, 3, 2, 1, 2), target.reshape(2, 2, 1, 2)),
        DType.FLOAT64, 0, 11, 22, 0, 120, 111, 102, 103);
    Tensor gradient = SUM.forwardBackward(input, target).inputGradient();
    double[] expected = new double[24];
    for (int position : new int[] {0, 5, 10, 20, 17, 14, 15}) {
      expected[position] = -1;
    }
    assertArrayEquals(new int[] {2, 3, 4}, gradient.shape());
    assertValues(gradient.reshape(24), DType.FLOAT64, expected);
    // PyTorch checks only the number of weights here.
    assertValues(SUM.weight(full(DType.FLOAT64, 2, 1, 3)).forward(input, target), DType.FLOAT64, 2 * 469);
  }

  @Test
  void emptyBatches() {
    for (int[] shape : new int[][] {{0, 3}, {2, 3, 0}, {0, 3, 4}, {2, 3, 0, 4}, {2, 0, 0}}) {
      Tensor input = Tensor.zeros(DType.FLOAT32, shape);
      int[] rows = new int[shape.length - 1];
      rows[0] = shape[0];
      System.arraycopy(shape, 2, rows, 1, shape.length - 2);
      Tensor target = Tensor.zeros(DType.INT64, rows);
      assertArrayEquals(rows, NONE.forward(input, target).shape());
      assertValues(SUM.forward(input, target), DType.FLOAT32, 0);
      assertValues(MEAN.forward(input, target), DType.FLOAT32, NAN);
      assertArrayEquals(shape, MEAN.forwardBackward(input, target).inputGradient().shape());
    }
  }

  @Test
  void noClasses() {
    String expected = "IndexError: Target 0 is out of bounds.";
    assertError(expected, () -> MEAN.forward(Tensor.zeros(DType.FLOAT32, 2, 0), indices(0, 0)));
    assertError(expected, () -> MEAN.forward(Tensor.zeros(DType.FLOAT32, 0), Tensor.zeros(DType.INT64)));
    assertError(
        expected, () -> MEAN.forward(Tensor.zeros(DType.FLOAT32, 2, 0, 4, 5), Tensor.zeros(DType.INT64, 2, 4, 5)));
    Tensor input = Tensor.zeros(DType.FLOAT32, 2, 0);
    Tensor ignored = indices(-100, -100);
    assertValues(NONE.forward(input, ignored), DType.FLOAT32, 0, 0);
    assertValues(MEAN.forward(input, ignored), DType.FLOAT32, NAN);
    assertArrayEquals(new int[] {2, 0}, SUM.forwardBackward(input, ignored).inputGradient().shape());
    Tensor spatial = Tensor.zeros(DType.FLOAT32, 2, 0, 4, 5);
    assertArrayEquals(
        new int[] {2, 0, 4, 5}, SUM.forwardBackward(spatial, full(DType.INT64, -100, 2, 4, 5)).inputGradient().shape());
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16"})
  void resultHasDTypeOfInput(DType dtype) {
    Tensor input = full(dtype, -.5, 4, 3);
    Tensor target = Tensor.zeros(DType.UINT8, 4);
    NllLoss.Result result = MEAN.weight(full(dtype, 1, 3)).forwardBackward(input, target);
    assertValues(result.loss(), dtype, .5);
    assertEquals(dtype, result.inputGradient().dtype());
  }

  @Test
  void meanOf16BitLossesIsThatOfTheLosses() {
    // In PyTorch the running sum of 16-bit losses loses bits, then overflows.
    int n = 70_000;
    Tensor target = Tensor.zeros(DType.INT64, n);
    for (DType dtype : new DType[] {DType.FLOAT16, DType.BFLOAT16}) {
      Tensor input = full(dtype, -2.078125, n, 1);
      assertValues(MEAN.forward(input, target), dtype, 2.078125);
      assertValues(SUM.forward(input, target), dtype, 2.078125 * n);
      assertValues(
          MEAN.forwardBackward(input, target).inputGradient().reshape(n), dtype, values(n, -1. / n));
    }
  }

  private static double[] values(int n, double value) {
    double[] values = new double[n];
    Arrays.fill(values, value);
    return values;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "     |     |ValueError: Expected 1 or more dimensions (got 0)",
        "3    |3    |ValueError: For 1D input, 1D target must have size 1, but got target size: 3",
        "3    |0    |ValueError: For 1D input, 1D target must have size 1, but got target size: 0",
        "3    |1 1  |RuntimeError: 0D or 1D target tensor expected, multi-target not supported",
        "4 3  |5    |ValueError: Expected input batch_size (4) to match target batch_size (5).",
        "4 3  |5 1  |ValueError: Expected input batch_size (4) to match target batch_size (5).",
        "4 3  |     |ValueError: Expected input batch_size (4) to match target batch_size (0).",
        "4 3  |4 3  |RuntimeError: 0D or 1D target tensor expected, multi-target not supported",
        "4 3  |4 1  |RuntimeError: 0D or 1D target tensor expected, multi-target not supported",
        "2 3 4|2 5  |RuntimeError: Expected target size [2, 4], got [2, 5]",
        "2 3 4|2    |RuntimeError: Expected target size [2, 4], got [2]",
        "2 3 4|3 4  |ValueError: Expected input batch_size (2) to match target batch_size (3).",
        "0 3  |     |IndexError: Dimension specified as 0 but tensor has no dimensions",
        "0 3 4|     |'RuntimeError: ArrayRef: invalid slice, N = 1; size = 0'",
        "2 3 4|     |ValueError: Expected input batch_size (2) to match target batch_size (0).",
        "2 0 4|2 4  |'RuntimeError: size mismatch (got input: [2, 0, 0, 0] , target: [2, 1, 4]'",
        "2 0 4|2 5  |RuntimeError: Expected target size [2, 4], got [2, 5]",
        "2 3 4 5|2 5 4|'RuntimeError: size mismatch (got input: [2, 3, 4, 5] , target: [2, 5, 4]'",
        "2 3 4 0|2 4 1|'RuntimeError: size mismatch (got input: [2, 3, 4, 0] , target: [2, 4, 1]'",
        "2 3 4 5|2 4|RuntimeError: only batches of spatial targets supported (3D tensors) but got targets of dimension: 2",
        "2 3 4 5 6|2 4 5 7|RuntimeError: Expected target size [2, 4, 5, 6], got [2, 4, 5, 7]",
        "2 0 4 5 6|2 4 5 6|'RuntimeError: size mismatch (got input: [2, 0, 0, 0] , target: [2, 1, 120]'"
      })
  void checksShapes(String input, String target, String expected) {
    Tensor x = Tensor.zeros(DType.FLOAT32, sizes(input));
    Tensor y = Tensor.zeros(DType.INT64, sizes(target));
    for (NllLoss loss : new NllLoss[] {NONE, MEAN}) {
      assertError(expected, () -> loss.forward(x, y));
      assertError(expected, () -> loss.forwardBackward(x, y));
    }
  }

  private static int[] sizes(String text) {
    return text == null ? new int[0] : Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"INT64", "UINT8"})
  void checksDTypeOfTarget(DType dtype) {
    String expected = "RuntimeError: expected target dtype to be Long or Byte, but got " + dtype.torchName();
    Tensor four = full(DType.FLOAT64, 1, 4);
    assertError(expected, () -> MEAN.weight(four).forward(full(DType.INT64, 0, 4, 3), full(dtype, 9, 4)));
    assertError(expected, () -> MEAN.forward(Tensor.zeros(DType.FLOAT32, 0, 3), Tensor.zeros(dtype, 0)));
    assertError(expected, () -> MEAN.forward(Tensor.zeros(DType.FLOAT32, 3), Tensor.zeros(dtype, 2)));
    assertError(expected, () -> MEAN.weight(four).forward(Tensor.zeros(DType.INT64, 2, 3, 4), Tensor.zeros(dtype, 2, 4)));
    assertError(expected, () -> MEAN.forward(Tensor.zeros(DType.FLOAT32, 2, 3, 4, 5), Tensor.zeros(dtype, 2, 5, 4)));
    assertError(
        "RuntimeError: Expected target size [2, 4], got [2, 5]",
        () -> MEAN.forward(Tensor.zeros(DType.FLOAT32, 2, 3, 4), Tensor.zeros(dtype, 2, 5)));
  }

  @Test
  void spatialTargetIsInt64() {
    String expected = "RuntimeError: expected scalar type Long but found Byte";
    Tensor input = Tensor.zeros(DType.FLOAT32, 2, 3, 4);
    Tensor target = Tensor.zeros(DType.UINT8, 2, 4);
    assertError(expected, () -> MEAN.forward(input, target));
    assertError(
        "RuntimeError: weight tensor should be defined either for all or no classes",
        () -> MEAN.weight(full(DType.FLOAT32, 1, 4)).forward(input, target));
    assertError(
        "RuntimeError: expected scalar type Float but found Double",
        () -> MEAN.weight(full(DType.FLOAT64, 1, 3)).forward(input, target));
    Tensor empty = Tensor.zeros(DType.FLOAT32, 2, 3, 0);
    Tensor noTarget = Tensor.zeros(DType.UINT8, 2, 0);
    assertValues(MEAN.forward(empty, noTarget), DType.FLOAT32, NAN);
    assertError(expected, () -> NONE.forward(empty, noTarget));
    assertError(expected, () -> MEAN.forwardBackward(empty, noTarget));
  }

  @Test
  void checksShapeOfWeight() {
    Tensor input = full(DType.INT64, 0, 4, 3);
    for (int[] shape : new int[][] {{4}, {1, 3}, {}}) {
      assertError(
          "RuntimeError: weight tensor should be defined either for all 3 classes or no classes but got weight tensor of "
              + "shape: "
              + Arrays.toString(shape),
          () -> MEAN.weight(full(DType.FLOAT64, 1, shape)).forward(input, indices(9, 0, 0, 0)));
    }
    String spatial = "RuntimeError: weight tensor should be defined either for all or no classes";
    NllLoss four = MEAN.weight(full(DType.FLOAT64, 1, 4));
    assertError(spatial, () -> four.forward(Tensor.zeros(DType.FLOAT32, 2, 3, 4), Tensor.zeros(DType.INT64, 2, 4)));
    assertError(spatial, () -> four.forward(Tensor.zeros(DType.FLOAT32, 2, 0, 4), Tensor.zeros(DType.INT64, 2, 4)));
    assertError(spatial, () -> four.forward(Tensor.zeros(DType.FLOAT32, 2, 3, 4, 5), Tensor.zeros(DType.INT64, 2, 5, 4)));
    assertError(
        "ValueError: For 1D input, 1D target must have size 1, but got target size: 2",
        () -> four.forward(Tensor.zeros(DType.FLOAT32, 3), Tensor.zeros(DType.INT64, 2)));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16"})
  void acceptsFloatingPointAlone(DType dtype) {
    NllLoss weighted = MEAN.weight(full(DType.FLOAT32, 1, 3));
    String rows = "NotImplementedError: \"nll_loss_out_frame\" not implemented for '%s'".formatted(dtype.torchName());
    assertError(rows, () -> weighted.forward(Tensor.zeros(dtype, 1, 3), indices(9)));
    assertError(rows, () -> weighted.forward(Tensor.zeros(dtype, 3), indices(9)));
    assertError(rows, () -> NONE.forward(Tensor.zeros(dtype, 0, 3), indices()));
    String spatial =
        "NotImplementedError: \"nll_loss2d_forward_out_frame\" not implemented for '%s'".formatted(dtype.torchName());
    assertError(spatial, () -> weighted.forward(Tensor.zeros(dtype, 2, 3, 4), Tensor.zeros(DType.UINT8, 2, 4)));
    assertError(spatial, () -> MEAN.forward(Tensor.zeros(dtype, 2, 3, 0), Tensor.zeros(DType.UINT8, 2, 0)));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FLOAT16")
  void weightHasDTypeOfInput(DType dtype) {
    String expected = "RuntimeError: expected scalar type Half but found " + dtype.torchName();
    NllLoss loss = MEAN.weight(full(dtype, 1, 3));
    assertError(expected, () -> loss.forward(Tensor.zeros(DType.FLOAT16, 1, 3), indices(9)));
    assertError(expected, () -> loss.forward(Tensor.zeros(DType.FLOAT16, 0, 3), indices()));
    assertError(expected, () -> loss.forward(Tensor.zeros(DType.FLOAT16, 2, 3, 4), full(DType.INT64, 9, 2, 4)));
  }

  @Test
  void namesFirstIndexOutOfRange() {
    Tensor input = Tensor.zeros(DType.FLOAT32, 4, 3);
    assertError("IndexError: Target -1 is out of bounds.", () -> MEAN.forward(input, indices(0, -100, -1, 5)));
    assertError("IndexError: Target 1099511627776 is out of bounds.", () -> MEAN.forward(input, indices(0, 1L << 40, 0, 0)));
    assertError("IndexError: Target -100 is out of bounds.", () -> MEAN.ignoreIndex(2).forward(input, indices(0, 2, -100, 0)));
    // −100 is not 156, although uint8 wraps so.
    assertError(
        "IndexError: Target 156 is out of bounds.", () -> MEAN.forward(input, indices(156, 0, 0, 0).to(DType.UINT8)));
    assertValues(
        NONE.ignoreIndex(200).forward(input, indices(200, 0, 0, 0).to(DType.UINT8)), DType.FLOAT32, 0, 0, 0, 0);
    assertError(
        "IndexError: Target 5 is out of bounds.",
        () -> NONE.forward(Tensor.zeros(DType.FLOAT32, 2, 3, 4), full(DType.INT64, 5, 2, 4)));
  }

  @Test
  void upstreamGradientHasTheShapeOfTheResult() {
    assertError(
        "RuntimeError: Mismatch in shape: grad_output[0] has a shape of torch.Size([1]) and output[0] has a shape of "
            + "torch.Size([]).",
        () -> MEAN.forwardBackward(ROWS, indices(0, 1, 1), row(DType.FLOAT32, 1)));
    assertError(
        "RuntimeError: Mismatch in shape: grad_output[0] has a shape of torch.Size([]) and output[0] has a shape of "
            + "torch.Size([3]).",
        () -> NONE.forwardBackward(ROWS, indices(0, 1, 1), Tensor.scalar(1)));
  }
}
