package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.lanewise.kernels.Tensors.assertValues;
import static org.lanewise.kernels.Tensors.assertWithin;
import static org.lanewise.kernels.Tensors.full;
import static org.lanewise.kernels.Tensors.row;
import static org.lanewise.kernels.Tensors.values;
import static org.lanewise.kernels.TorchErrors.assertError;

import java.math.BigDecimal;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

class ActivationsTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;

  /** A function of a tensor, a dimension and a dtype. */
  interface RowFunction {
    Tensor apply(Tensor input, int dim, DType dtype);
  }

  private static Stream<Arguments> rowFunctions() {
    return Stream.of(
        arguments("softmax", (RowFunction) Activations::softmax),
        arguments("log_softmax", (RowFunction) Activations::logSoftmax));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16"})
  void sigmoidOfSpecialValues(DType dtype) {
    assertValues(Activations.sigmoid(row(dtype, INF, -INF, NAN, 0, -0.0)), dtype, 1, 0, NAN, 0.5, 0.5);
    assertValues(Activations.sigmoidBackward(row(dtype, INF, -INF, NAN, 0), null), dtype, 0, 0, NAN, 0.25);
  }

  @Test
  void sigmoidKeepsBothTails() {
    // PyTorch gives 0 from -88.73 on: its e^-x has overflowed.
    assertValues(
        Activations.sigmoid(row(DType.FLOAT32, -20, -88.75, -89, -100, -103, -104)),
        DType.FLOAT32,
        2.0611536181902037e-09, 2.859991425549872e-39, 2.2273635617957438e-39, 3.720075976020836e-44, 1.8521167695179754e-45, 0);
    assertWithin(2, Activations.sigmoid(row(DType.FLOAT64, -20, 20)), 2.0611536181902037e-09, 0.9999999979388464);
    assertWithin(1, Activations.sigmoid(row(DType.FLOAT64, -710, -740, -745)), 4.47628622567513e-309, 4.2e-322, 5e-324);
  }

  @Test
  void sigmoidGradientSurvivesSaturation() {
    Tensor input = row(DType.FLOAT32, 20, -20, 100, 103);
    assertValues(
        Activations.sigmoidBackward(input, null),
        DType.FLOAT32,
        2.0611536097e-09, 2.0611536097e-09, 3.720075976020836e-44, 1.8521167695179754e-45);
    assertValues(Activations.sigmoidBackward(row(DType.FLOAT32, 0, 0), row(DType.FLOAT32, -2, 3)), DType.FLOAT32, -0.5, 0.75);
  }

  @ParameterizedTest
  @EnumSource(names = {"INT64", "INT32", "INT16", "INT8", "UINT8", "BOOL"})
  void sigmoidOfIntegersIsFloat32(DType dtype) {
    assertValues(
        Activations.sigmoid(row(DType.INT64, 0, 1).to(dtype)), DType.FLOAT32, 0.5, 0.7310585786300049);
    assertEquals(DType.FLOAT32, Activations.sigmoid(Tensor.zeros(dtype, 0)).dtype());
    assertError(
        "RuntimeError: only Tensors of floating point dtype can require gradients",
        () -> Activations.sigmoidBackward(Tensor.zeros(dtype, 2), null));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16"})
  void logSigmoidOfSpecialValues(DType dtype) {
    double ln2 = 0.6931471805599453;
    assertValues(
        Activations.logSigmoid(row(dtype, INF, -INF, NAN, 0, -0.0, 5000, -5000)), dtype, 0, -INF, NAN, -ln2, -ln2, 0, -5000);
    assertValues(Activations.logSigmoidBackward(row(dtype, INF, -INF, NAN, 0), null), dtype, 0, 1, NAN, 0.5);
  }

  @Test
  void logSigmoidKeepsTail() {
    assertValues(
        Activations.logSigmoid(row(DType.FLOAT32, 20, 100, 103, 104, -20, -89)),
        DType.FLOAT32,
        -2.0611536160660457e-09, -3.720075976020836e-44, -1.8521167695179754e-45, 0, -20.0000000020611536, -89);
    assertValues(
        Activations.logSigmoidBackward(row(DType.FLOAT32, 20, 100, 103, -89), row(DType.FLOAT32, 1, -1, 1, 2)),
        DType.FLOAT32,
        2.0611536181902037e-09, -3.720075976020836e-44, 1.8521167695179754e-45, 2);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16"})
  void logSigmoidRefusesIntegers(DType dtype) {
    for (int size : new int[] {0, 2}) {
      assertError(
          "NotImplementedError: \"log_sigmoid_cpu\" not implemented for '%s'".formatted(dtype.torchName()),
          () -> Activations.logSigmoid(Tensor.zeros(dtype, size)));
    }
    assertError(
        "RuntimeError: only Tensors of floating point dtype can require gradients",
        () -> Activations.logSigmoidBackward(Tensor.zeros(dtype, 2), null));
  }

  @Test
  void softmaxOfWorkedExample() {
    double[] logits = {2, 1, .1, 1, 3, .2};
    double[] expected = {
      .6590011388859679, .2424329707047139, .09856589040931817, .11314284146556013, .8360188027814407, .05083835575299916
    };
    assertWithin(4, Activations.softmax(Tensor.of(logits, 2, 3), 1), expected);
    Tensor narrow = Activations.softmax(Tensor.of(logits, 2, 3).to(DType.FLOAT32), 1);
    assertArrayEquals(new int[] {2, 3}, narrow.shape());
    assertArrayEquals(expected, values(narrow), 5e-8);
    assertWithin(
        4,
        Activations.logSoftmax(Tensor.of(logits, 2, 3), -1),
        -0.4170300162778335, -1.4170300162778335, -2.3170300162778337,
        -2.1791041747850026, -0.17910417478500268, -2.979104174785003);
  }

  @Test
  void classDimensionMayBeAnyDimension() {
    // The two rows of the worked example, as columns and as the middle dimension.
    Tensor columns = Tensor.of(new double[] {2, 1, 1, 3, .1, .2}, 3, 2);
    Tensor rows = Tensor.of(new double[] {2, 1, .1, 1, 3, .2}, 2, 3);
    double[] byRow = values(Activations.softmax(rows, 1));
    double[] transposed = {byRow[0], byRow[3], byRow[1], byRow[4], byRow[2], byRow[5]};
    assertArrayEquals(transposed, values(Activations.softmax(columns, 0)));
    assertArrayEquals(transposed, values(Activations.softmax(columns.reshape(1, 3, 2), -2)));
    Tensor upstream = Tensor.of(new double[] {1, 4, 2, 5, 3, 6}, 3, 2);
    double[] gradient = values(Activations.softmaxBackward(rows, 1, Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3)));
    assertArrayEquals(
        new double[] {gradient[0], gradient[3], gradient[1], gradient[4], gradient[2], gradient[5]},
        values(Activations.softmaxBackward(columns, 0, upstream)));
  }

  @Test
  void dominantLogitKeepsItsTail() {
    Tensor row = row(DType.FLOAT64, 20, 0, 0);
    assertWithin(4, Activations.softmax(row, 0), 0.9999999958776927, 2.061153613941849e-09, 2.061153613941849e-09);
    // PyTorch: 0 in float32, -4.1223073758387905e-09 in float64.
    assertWithin(4, Activations.logSoftmax(row, 0), -4.1223072363804075e-09, -20.000000004122306, -20.000000004122306);
    assertValues(Activations.logSoftmax(row.to(DType.FLOAT32), 0), DType.FLOAT32, -4.1223072363804075e-09, -20, -20);
    assertValues(
        Activations.logSoftmax(row(DType.FLOAT32, 100, 0, 0), 0), DType.FLOAT32, -7.440151952041672e-44, -100, -100);

    Tensor upstream = row(DType.FLOAT64, 1, -2, .5);
    assertWithin(
        8,
        Activations.softmaxBackward(row, 0, upstream),
        7.214037619057993e-09, -6.1834608269563085e-09, -1.030576792101685e-09);
    assertWithin(
        4, Activations.logSoftmaxBackward(row, 0, upstream), 1.4999999979388463, -1.9999999989694233, 0.5000000010305768);
    assertWithin(
        8,
        Activations.logSoftmaxBackward(row, 0, row(DType.FLOAT64, 1, 0, 0)),
        4.122307227883698e-09, -2.061153613941849e-09, -2.061153613941849e-09);
  }

  @Test
  void roundedDifferenceOfFloat64LogitsIsMadeUpFor() {
    // 0.1 - 700.3 is no float64: its rounding alone would cost the smaller probability about 100 units in the last place.
    double difference = 0.1 - 700.3;
    double rounded = new BigDecimal(0.1)
        .subtract(new BigDecimal(700.3))
        .subtract(new BigDecimal(difference))
        .doubleValue();
    double expected = StrictMath.exp(difference) * (1 + rounded);
    assertWithin(2, Activations.softmax(row(DType.FLOAT64, 700.3, 0.1), 0), 1, expected);
    assertTrue(Math.abs(expected - StrictMath.exp(difference)) > 20 * Math.ulp(expected));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16"})
  void rowsOfSpecialValues(DType dtype) {
    double ln2 = 0.6931471805599453;
    double ln3 = 1.0986122886681098;
    assertRow(dtype, new double[] {0, 0, 0}, new double[] {1. / 3, 1. / 3, 1. / 3}, new double[] {-ln3, -ln3, -ln3});
    assertRow(dtype, new double[] {-1e4, -1e4, -1e4}, new double[] {1. / 3, 1. / 3, 1. / 3}, new double[] {-ln3, -ln3, -ln3});
    assertRow(dtype, new double[] {8192, 0, -8192}, new double[] {1, 0, 0}, new double[] {0, -8192, -16384});
    assertRow(dtype, new double[] {-INF, 0, 0}, new double[] {0, .5, .5}, new double[] {-INF, -ln2, -ln2});
    assertRow(dtype, new double[] {-INF, -INF, 2}, new double[] {0, 0, 1}, new double[] {-INF, -INF, 0});
    double[] nan = {NAN, NAN, NAN};
    List<double[]> undefined =
        List.of(
            new double[] {-INF, -INF, -INF},
            new double[] {INF, 0, 0},
            new double[] {0, INF, INF},
            new double[] {NAN, 0, 0},
            new double[] {0, 0, NAN},
            new double[] {NAN, INF, -INF});
    for (double[] row : undefined) {
      assertRow(dtype, row, nan, nan);
      assertValues(Activations.softmaxBackward(row(dtype, row), 0, row(dtype, 1, -2, .5)), dtype, nan);
      assertValues(Activations.logSoftmaxBackward(row(dtype, row), 0, row(dtype, 1, -2, .5)), dtype, nan);
    }
    assertValues(Activations.softmaxBackward(row(dtype, -INF, 0, 0), 0, row(dtype, 1, -2, .5)), dtype, 0, -.625, .625);
    assertValues(Activations.logSoftmaxBackward(row(dtype, -INF, 0, 0), 0, row(dtype, 1, -2, .5)), dtype, 1, -1.75, .75);
  }

  private static void assertRow(DType dtype, double[] row, double[] softmax, double[] logSoftmax) {
    if (dtype == DType.FLOAT64) {
      assertWithin(4, Activations.softmax(row(dtype, row), 0), softmax);
      assertWithin(4, Activations.logSoftmax(row(dtype, row), 0), logSoftmax);
    } else {
      assertValues(Activations.softmax(row(dtype, row), 0), dtype, softmax);
      assertValues(Activations.logSoftmax(row(dtype, row), 0), dtype, logSoftmax);
    }
  }

  @Test
  void differenceBeyondTheRange() {
    assertRow(DType.FLOAT32, new double[] {-3e38, 3e38, 0}, new double[] {0, 1, 0}, new double[] {-INF, 0, -3e38f});
    assertRow(DType.FLOAT64, new double[] {-1e308, 1e308, 0}, new double[] {0, 1, 0}, new double[] {-INF, 0, -1e308});
  }

  @Test
  void infiniteUpstreamGradient() {
    double[][] upstreams = {{INF, 1, 0}, {1, INF, 0}, {NAN, 1, 0}, {-INF, INF, 0}};
    double[][] expected = {{NAN, -INF, -INF}, {-INF, NAN, -INF}, {NAN, NAN, NAN}, {NAN, NAN, NAN}};
    for (int i = 0; i < upstreams.length; i++) {
      Tensor upstream = row(DType.FLOAT32, upstreams[i]);
      // With a class above one half and without.
      for (Tensor input : List.of(row(DType.FLOAT32, 1, 0, -1), row(DType.FLOAT32, .1, 0, -.1))) {
        assertValues(Activations.softmaxBackward(input, 0, upstream), DType.FLOAT32, expected[i]);
        assertValues(Activations.logSoftmaxBackward(input, 0, upstream), DType.FLOAT32, expected[i]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rowFunctions")
  void zeroDimensionalInput(String name, RowFunction function) {
    double expected = name.equals("softmax") ? 1 : 0;
    assertValues(function.apply(Tensor.scalar(7), 0, null), DType.FLOAT32, expected);
    assertValues(function.apply(Tensor.scalar(7), -1, null), DType.FLOAT32, expected);
    assertEquals(0, function.apply(Tensor.scalar(7), 0, null).rank());
    assertValues(function.apply(Tensor.scalar(Float.NEGATIVE_INFINITY), 0, null), DType.FLOAT32, NAN);
    assertError(
        "IndexError: Dimension out of range (expected to be in range of [-1, 0], but got 1)",
        () -> function.apply(Tensor.scalar(7), 1, null));
  }

  @ParameterizedTest
  @MethodSource("rowFunctions")
  void checksDimensionBeforeDType(String name, RowFunction function) {
    for (DType dtype : List.of(DType.FLOAT32, DType.INT64)) {
      for (int dim : new int[] {2, -3}) {
        String expected =
            "IndexError: Dimension out of range (expected to be in range of [-2, 1], but got %d)".formatted(dim);
        assertError(expected, () -> function.apply(Tensor.zeros(dtype, 2, 3), dim, null));
        assertError(expected, () -> function.apply(Tensor.zeros(dtype, 0, 3), dim, null));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rowFunctions")
  void acceptsFloatingPointAlone(String name, RowFunction function) {
    String last = "NotImplementedError: \"%s_lastdim_kernel_impl\" not implemented for '%s'";
    assertError(last.formatted(name, "Long"), () -> function.apply(Tensor.zeros(DType.INT64, 2, 3), 1, null));
    assertError(last.formatted(name, "Bool"), () -> function.apply(Tensor.zeros(DType.BOOL, 2, 3), -1, null));
    assertError(last.formatted(name, "Long"), () -> function.apply(Tensor.zeros(DType.INT64), 0, null));
    assertError(last.formatted(name, "Long"), () -> function.apply(Tensor.zeros(DType.FLOAT32, 2, 3), 1, DType.INT64));
    assertError(
        "NotImplementedError: \"%s_kernel_impl\" not implemented for 'Long'".formatted(name),
        () -> function.apply(Tensor.zeros(DType.INT64, 2, 3), 0, null));
    Tensor empty = function.apply(Tensor.zeros(DType.INT64, 0, 3), 1, null);
    assertEquals(DType.INT64, empty.dtype());
    assertArrayEquals(new int[] {0, 3}, empty.shape());
    assertArrayEquals(new int[] {2, 0}, function.apply(Tensor.zeros(DType.FLOAT32, 2, 0), 1, null).shape());
  }

  @Test
  void convertsToDTypeFirst() {
    assertValues(Activations.softmax(Tensor.zeros(DType.INT64, 4), 0, DType.FLOAT64), DType.FLOAT64, .25, .25, .25, .25);
    // As float16 the first logit is infinite.
    assertValues(Activations.softmax(row(DType.FLOAT64, 1e6, 0), 0, DType.FLOAT16), DType.FLOAT16, NAN, NAN);
    Tensor input = row(DType.FLOAT16, 0, 0);
    Tensor gradient = Activations.softmaxBackward(input, 0, DType.FLOAT32, row(DType.FLOAT32, 1, 0));
    assertValues(gradient, DType.FLOAT16, .25, -.25);
    Tensor logGradient = Activations.logSoftmaxBackward(input, 0, DType.FLOAT32, row(DType.FLOAT32, 1, 0));
    assertValues(logGradient, DType.FLOAT16, .5, -.5);
    assertError(
        "RuntimeError: only Tensors of floating point dtype can require gradients",
        () -> Activations.softmaxBackward(Tensor.zeros(DType.INT64, 2), 0, DType.FLOAT32, null));
    String noGradient = "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn";
    Tensor empty = Tensor.zeros(DType.FLOAT32, 0);
    assertError(noGradient, () -> Activations.softmaxBackward(empty, 0, DType.INT64, null));
    assertError(noGradient, () -> Activations.logSoftmaxBackward(empty, 0, DType.INT64, null));
  }

  @Test
  void gradientOfOnesIsZero() {
    assertValues(Activations.softmaxBackward(full(DType.FLOAT32, 3, 4), 0, null), DType.FLOAT32, 0, 0, 0, 0);
    assertValues(Activations.logSoftmaxBackward(full(DType.FLOAT32, 3, 4), 0, null), DType.FLOAT32, 0, 0, 0, 0);
  }

  @Test
  void upstreamGradientHasTheShapeOfTheResult() {
    Tensor input = full(DType.FLOAT32, 1, 2, 3);
    Tensor upstream = full(DType.FLOAT32, 1, 3);
    String expected =
        "RuntimeError: Mismatch in shape: grad_output[0] has a shape of torch.Size([3]) and output[0] has a shape of "
            + "torch.Size([2, 3]).";
    assertError(expected, () -> Activations.sigmoidBackward(input, upstream));
    assertError(expected, () -> Activations.logSigmoidBackward(input, upstream));
    assertError(expected, () -> Activations.softmaxBackward(input, 1, upstream));
    assertError(expected, () -> Activations.logSoftmaxBackward(input, 1, upstream));
  }
}
