package org.lanewise.bench.errors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanewise.conformance.oracle.TrueLoss;
import org.lanewise.kernels.spi.Operation;

/** Curves of results whose errors are known. */
class ErrorCurveTest {
  @ParameterizedTest
  @EnumSource
  void roundedTruthIsOffByAtMostHalfAUlp(Operation operation) {
    ErrorInputs inputs = ErrorInputs.of(operation);
    ErrorCurve losses = ErrorCurve.ofLosses("truth", inputs, losses(inputs));
    ErrorCurve gradients = ErrorCurve.ofGradients("truth", inputs, gradients(inputs));
    assertTrue(losses.maxUlp() <= 0.5 && losses.maxUlp() > 0.49, losses.toString());
    assertTrue(gradients.maxUlp() <= 0.5 && gradients.maxUlp() > 0.49, gradients.toString());
    assertEquals(ErrorInputs.BINS, losses.logit().length);
    assertEquals(inputs.work().batch(), LongStream.of(losses.histogram()).sum());
    assertEquals(inputs.logits().length, gradients.histogram()[0], "all within half a ULP");
  }

  /** The one wrong result is found, in the bin of its logit, and shown with its input. */
  @ParameterizedTest
  @EnumSource
  void oneWrongLossIsTheLargestOfItsBin(Operation operation) {
    ErrorInputs inputs = ErrorInputs.of(operation);
    float[] losses = losses(inputs);
    int row = 1000;
    losses[row] = Float.intBitsToFloat(Float.floatToRawIntBits(losses[row]) + 100);
    ErrorCurve curve = ErrorCurve.ofLosses("one", inputs, losses);
    assertEquals(100, curve.maxUlp(), 0.5);
    assertEquals(inputs.describe(row, 0), curve.at());
    int bin = inputs.bin(row);
    assertEquals(curve.maxUlp(), curve.largest()[bin]);
    assertTrue(curve.median()[bin] <= 0.5);
    assertEquals(1, Arrays.stream(curve.largest()).filter(error -> error > 0.5).count());
  }

  /** A wrong gradient of any class counts where its row lies. */
  @Test
  void aWrongGradientOfTheLastClassIsFound() {
    ErrorInputs inputs = ErrorInputs.of(Operation.CROSS_ENTROPY);
    float[] gradients = gradients(inputs);
    int row = 777;
    gradients[(row + 1) * inputs.work().classes() - 1] = Float.NaN;
    ErrorCurve curve = ErrorCurve.ofGradients("one", inputs, gradients);
    assertEquals(Double.POSITIVE_INFINITY, curve.maxUlp());
    assertEquals(Double.POSITIVE_INFINITY, curve.largest()[inputs.bin(row)]);
    JsonObject json = curve.toJson();
    assertEquals("inf", json.get("max_ulp").getAsString());
    assertEquals(1, curve.histogram()[curve.histogram().length - 1]);
  }

  /** The truth of the rows, which {@link ErrorInputs} takes from one oracle, is also that of the other. */
  @Test
  void bothOraclesAgree() {
    ErrorInputs inputs = ErrorInputs.of(Operation.CROSS_ENTROPY);
    int classes = inputs.work().classes();
    long[] targets = (long[]) inputs.target();
    for (int row = 0; row < inputs.work().batch(); row += 97) {
      double[] logits = new double[classes];
      double[] probabilities = new double[classes];
      for (int c = 0; c < classes; c++) {
        logits[c] = inputs.logits()[row * classes + c];
      }
      probabilities[(int) targets[row]] = 1;
      TrueLoss.Row truth = TrueLoss.crossEntropy(logits, probabilities, null, 0);
      assertEquals(truth.loss().hi(), inputs.loss(row), Math.scalb(truth.loss().hi(), -45), "row " + row);
      for (int c = 0; c < classes; c++) {
        double gradient = truth.logitGradients()[c].hi();
        assertEquals(gradient, inputs.gradient(row * classes + c), Math.scalb(Math.abs(gradient), -45), "row " + row);
      }
    }
  }

  /** A bin is named by its middle, and holds the logits that are nearest to it. */
  @Test
  void binsAreNamedByTheirMiddle() {
    ErrorInputs inputs = ErrorInputs.of(Operation.BCE_WITH_LOGITS);
    double[] middles = ErrorCurve.ofLosses("truth", inputs, losses(inputs)).logit();
    for (int row = 0; row < inputs.work().batch(); row++) {
      assertEquals(inputs.logits()[row], middles[inputs.bin(row)], 0.5 + 1e-5);
    }
  }

  /** Three of five results of a bin off by 8 ULP, the others right: so is the median. */
  @Test
  void theMedianIsTheMiddleOfItsBin() {
    ErrorInputs inputs = ErrorInputs.of(Operation.BCE_WITH_LOGITS);
    float[] losses = losses(inputs);
    int inBin = 0;
    for (int row = 0; row < losses.length; row++) {
      if (inputs.bin(row) == 100 && inBin++ % 5 >= 2) {
        losses[row] = Float.intBitsToFloat(Float.floatToRawIntBits(losses[row]) + 8);
      }
    }
    ErrorCurve curve = ErrorCurve.ofLosses("three of five", inputs, losses);
    assertEquals(8, curve.median()[100], 0.5);
    assertTrue(curve.median()[101] <= 0.5);
  }

  /** What flushes subnormal results to zero is told apart from what is wrong. */
  @Test
  void subnormalResultsAreCountedApart() {
    ErrorInputs inputs = ErrorInputs.of(Operation.BCE_WITH_LOGITS);
    float[] losses = losses(inputs);
    for (int row = 0; row < losses.length; row++) {
      losses[row] = losses[row] < Float.MIN_NORMAL ? 0 : losses[row];
    }
    ErrorCurve curve = ErrorCurve.ofLosses("flushing", inputs, losses);
    assertTrue(curve.maxUlp() > 1e6, "of the smallest subnormal");
    assertTrue(curve.maxNormalUlp() <= 0.5, curve.toString());
  }

  /** Two draws are the same, or errors of two runs could not be compared. */
  @Test
  void inputsAreTheSameEachTime() {
    ErrorInputs first = ErrorInputs.of(Operation.CROSS_ENTROPY);
    ErrorInputs second = ErrorInputs.of(Operation.CROSS_ENTROPY);
    assertTrue(Arrays.equals(first.logits(), second.logits()));
    assertTrue(Arrays.equals((long[]) first.target(), (long[]) second.target()));
  }

  private static float[] losses(ErrorInputs inputs) {
    float[] losses = new float[inputs.work().batch()];
    for (int row = 0; row < losses.length; row++) {
      losses[row] = (float) inputs.loss(row);
    }
    return losses;
  }

  private static float[] gradients(ErrorInputs inputs) {
    float[] gradients = new float[inputs.logits().length];
    for (int i = 0; i < gradients.length; i++) {
      gradients[i] = (float) inputs.gradient(i);
    }
    return gradients;
  }
}
