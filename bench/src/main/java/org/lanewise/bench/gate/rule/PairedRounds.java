package org.lanewise.bench.gate.rule;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import org.lanewise.bench.gate.statistics.Median;
import org.lanewise.bench.results.Json;

/**
 * What one fork measured: in each round, how long a call of either build took. The times are rounded to the six digits
 * that are written to the gate file, so that a judgement made now and one made from the file are the same.
 *
 * @param base nanoseconds a call of the base, one a round; the array is not to be changed
 * @param candidate those of the candidate, in the same rounds
 */
public record PairedRounds(double[] base, double[] candidate) {
  private static final MathContext WRITTEN = new MathContext(6);

  /**
   * Checks and rounds.
   *
   * @throws IllegalArgumentException if there is no round, the lengths differ, or a time is no positive number
   */
  public PairedRounds {
    if (base.length == 0 || base.length != candidate.length) {
      throw new IllegalArgumentException(
          "a fork has %d rounds of the base and %d of the candidate, expected the same number, at least 1"
              .formatted(base.length, candidate.length));
    }
    base = written("base", base);
    candidate = written("candidate", candidate);
  }

  /** The fork's result: the median over its rounds of ln(candidate / base). */
  public double logRatio() {
    return Median.of(sortedLogRatios());
  }

  /** ln(candidate / base) of each round, ascending. */
  double[] sortedLogRatios() {
    double[] ratios = new double[base.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = StrictMath.log(candidate[i] / base[i]);
    }
    Arrays.sort(ratios);
    return ratios;
  }

  /** These rounds as a JSON object. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.add("base", array(base));
    json.add("candidate", array(candidate));
    return json;
  }

  /**
   * The rounds of a JSON object, which may hold more.
   *
   * @throws IllegalArgumentException if a time is no positive number
   * @throws RuntimeException if it has no such arrays
   */
  public static PairedRounds of(JsonObject json) {
    return new PairedRounds(times(json, "base"), times(json, "candidate"));
  }

  private static JsonArray array(double[] times) {
    JsonArray array = new JsonArray();
    for (double time : times) {
      array.add(Json.number(time));
    }
    return array;
  }

  private static double[] times(JsonObject json, String arm) {
    return json.getAsJsonArray(arm).asList().stream().mapToDouble(Json::number).toArray();
  }

  private static double[] written(String arm, double[] times) {
    double[] rounded = new double[times.length];
    for (int i = 0; i < times.length; i++) {
      if (!(times[i] > 0) || Double.isInfinite(times[i])) {
        throw new IllegalArgumentException(
            "round %d of the %s took %s ns, expected a positive number".formatted(i, arm, times[i]));
      }
      rounded[i] = new BigDecimal(times[i]).round(WRITTEN).doubleValue();
    }
    return rounded;
  }
}
