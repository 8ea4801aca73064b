package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow;

/** The samples of JMH's record, by fork. */
final class Samples {
  private Samples() {}

  /** One array a fork; none where JMH did not measure the row. */
  static JsonArray forks(MeasuredRow row) {
    return row.jmh() != null
            && row.jmh().get("primaryMetric") instanceof JsonObject metric
            && metric.get("rawData") instanceof JsonArray forks
        ? forks
        : new JsonArray();
  }

  /** The positive samples of a fork. */
  static List<Double> of(JsonElement fork) {
    List<Double> values = new ArrayList<>();
    if (fork instanceof JsonArray samples) {
      for (JsonElement sample : samples) {
        double value = Json.number(sample);
        if (Double.isFinite(value) && value > 0) {
          values.add(value);
        }
      }
    }
    return values;
  }
}
