package org.lanewise.bench.errors;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.lanewise.bench.results.Json;
import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.conformance.validation.Accuracy;
import org.lanewise.kernels.tensor.DType;

/**
 * The errors of one output of one implementation, in ULP of the true value, over how wrong the model is.
 *
 * @param implementation a kernel id, or a peer such as {@code pytorch-eager}
 * @param operation what was computed
 * @param output {@code loss} or {@code logits_gradient}
 * @param maxUlp the largest; infinite where a result is no number and the truth is one
 * @param maxNormalUlp the largest where the truth is no subnormal float: some flush those to zero, which is another matter
 * @param at the input of it
 * @param inputs what was computed, in words
 * @param logit the middle of each bin, ascending
 * @param largest of each bin
 * @param median of each bin
 * @param histogram how many errors lie in each bin of {@link Accuracy#BINS}, and above them
 */
public record ErrorCurve(
    String implementation,
    String operation,
    String output,
    double maxUlp,
    double maxNormalUlp,
    String at,
    String inputs,
    double[] logit,
    double[] largest,
    double[] median,
    long[] histogram) {

  /** The losses of an implementation, one a row. */
  static ErrorCurve ofLosses(String implementation, ErrorInputs inputs, float[] losses) {
    return of(implementation, "loss", inputs, 1, losses, inputs::loss);
  }

  /** The gradients of an implementation, one a logit. */
  static ErrorCurve ofGradients(String implementation, ErrorInputs inputs, float[] gradients) {
    return of(implementation, "logits_gradient", inputs, inputs.work().classes(), gradients, inputs::gradient);
  }

  private static ErrorCurve of(
      String implementation, String output, ErrorInputs inputs, int columns, float[] got, IntToDoubleFunction truth) {
    double[][] byBin = new double[ErrorInputs.BINS][got.length / ErrorInputs.BINS + columns];
    int[] filled = new int[ErrorInputs.BINS];
    long[] histogram = new long[Accuracy.BINS.size() + 1];
    double most = -1;
    double mostNormal = 0;
    int where = 0;
    for (int i = 0; i < got.length; i++) {
      double exact = truth.applyAsDouble(i);
      double error = Math.abs(Ulp.error(got[i], exact, 0, DType.FLOAT32));
      mostNormal = Math.abs(exact) < Float.MIN_NORMAL ? mostNormal : Math.max(mostNormal, error);
      int bin = inputs.bin(i / columns);
      if (filled[bin] == byBin[bin].length) {
        byBin[bin] = Arrays.copyOf(byBin[bin], 2 * filled[bin]);
      }
      byBin[bin][filled[bin]++] = error;
      histogram[Accuracy.bin(error)]++;
      if (error > most) {
        most = error;
        where = i;
      }
    }
    double[] logit = new double[ErrorInputs.BINS];
    double[] largest = new double[ErrorInputs.BINS];
    double[] median = new double[ErrorInputs.BINS];
    for (int bin = 0; bin < ErrorInputs.BINS; bin++) {
      double[] sorted = Arrays.copyOf(byBin[bin], filled[bin]);
      Arrays.sort(sorted);
      logit[bin] = bin - ErrorInputs.FURTHEST + 0.5;
      largest[bin] = sorted[sorted.length - 1];
      median[bin] = sorted[sorted.length / 2];
    }
    return new ErrorCurve(
        implementation,
        inputs.work().operation(),
        output,
        most,
        mostNormal,
        inputs.describe(where / columns, where % columns),
        inputs.domain(),
        logit,
        largest,
        median,
        histogram);
  }

  /** The row of the file format. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.addProperty("implementation", implementation);
    json.addProperty("operation", operation);
    json.addProperty("dtype", "float32");
    json.addProperty("output", output);
    json.add("max_ulp", digits(maxUlp));
    json.add("max_normal_ulp", digits(maxNormalUlp));
    json.addProperty("at", at);
    json.addProperty("inputs", inputs);
    JsonArray bins = new JsonArray();
    IntStream.range(0, histogram.length)
        .forEach(
            i -> {
              JsonObject bin = new JsonObject();
              bin.add("to_ulp", Json.number(i < Accuracy.BINS.size() ? Accuracy.BINS.get(i) : Double.POSITIVE_INFINITY));
              bin.addProperty("count", histogram[i]);
              bins.add(bin);
            });
    json.add("histogram", bins);
    JsonObject curve = new JsonObject();
    curve.add("logit", numbers(logit));
    curve.add("largest", numbers(largest));
    curve.add("median", numbers(median));
    json.add("curve", curve);
    return json;
  }

  private static JsonArray numbers(double[] values) {
    JsonArray array = new JsonArray();
    DoubleStream.of(values).mapToObj(ErrorCurve::digits).forEach(array::add);
    return array;
  }

  /** Four digits: more is no news about an error, and the files stay small. */
  private static JsonPrimitive digits(double value) {
    return Double.isFinite(value) && value != 0
        ? new JsonPrimitive(new BigDecimal(value).round(new MathContext(4)))
        : Json.number(value);
  }
}
