package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** The rows of certificates, one a kernel and output; of two the last counts. */
final class Certificates {
  private final Map<String, JsonObject> rows = new TreeMap<>();

  void add(JsonObject row) {
    Fields.text(row, "verdict");
    rows.put(
        "%s %s %s %s"
            .formatted(
                Fields.text(row, "operation"),
                Fields.text(row, "kernel"),
                Fields.text(row, "dtype"),
                Fields.text(row, "output")),
        row);
  }

  Collection<JsonObject> rows() {
    return rows.values();
  }

  long count(String verdict) {
    return rows.values().stream().filter(row -> Fields.text(row, "verdict").equals(verdict)).count();
  }
}
