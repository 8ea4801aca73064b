package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;

/** The samples of JMH's record, by fork. */
final class Samples {
  private Samples() {}

  /**
   * One list of times a fork, in nanoseconds a call; none where JMH did not measure the row.
   *
   * @throws IllegalArgumentException if a sample is no positive number
   */
  static List<List<Double>> forks(MeasuredRow row) {
    List<List<Double>> forks = new ArrayList<>();
    if (row.jmh() != null
        && row.jmh().get("primaryMetric") instanceof JsonObject metric
        && metric.get("rawData") instanceof JsonArray rawData) {
      for (JsonElement fork : rawData) {
        List<Double> samples = new ArrayList<>();
        for (JsonElement sample : fork instanceof JsonArray array ? array : new JsonArray()) {
          double value = Json.number(sample);
          if (!Double.isFinite(value) || value <= 0) {
            throw new IllegalArgumentException(
                "a sample in its \"rawData\" is %s, expected a positive number".formatted(value));
          }
          samples.add(value);
        }
        if (!samples.isEmpty()) {
          forks.add(samples);
        }
      }
    }
    return forks;
  }

  static double median(List<Double> samples) {
    return Time.ofSamples(samples.stream().mapToDouble(sample -> sample).toArray()).median();
  }

  /** How many times longer the slowest fork takes than the fastest, by their medians; NaN of fewer than two forks. */
  static double disagreement(List<List<Double>> forks) {
    double[] medians = forks.stream().mapToDouble(Samples::median).sorted().toArray();
    return medians.length < 2 ? Double.NaN : medians[medians.length - 1] / medians[0];
  }
}
