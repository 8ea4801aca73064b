package org.lanewise.bench.report;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The rows of certificates, one a kernel and output; of two the last counts. */
final class Certificates {
  /**
   * A row as it is told.
   *
   * @param reason why the kernel failed; empty where it did not
   * @param declared the declared bound
   * @param inputs over which the certificate speaks
   * @param worst the input of the largest error
   */
  record Row(
      String operation,
      String kernel,
      String dtype,
      String output,
      String verdict,
      String reason,
      double maxUlp,
      String declared,
      String inputs,
      String worst) {}

  private final Map<String, Row> rows = new TreeMap<>();

  void add(JsonObject json) {
    Row row =
        new Row(
            Fields.text(json, "operation"),
            Fields.text(json, "kernel"),
            Fields.text(json, "dtype"),
            Fields.text(json, "output"),
            Fields.text(json, "verdict"),
            json.has("reason") ? Fields.text(json, "reason") : "",
            Fields.number(json, "max_ulp"),
            json.get("declared_ulp") instanceof JsonPrimitive bound ? bound.getAsString() : "none",
            inputs(json),
            json.get("worst") instanceof JsonObject worst ? Fields.shown(worst.get("input")) : "");
    rows.put("%s %s %s %s".formatted(row.operation, row.kernel, row.dtype, row.output), row);
  }

  private static String inputs(JsonObject row) {
    if (isTrue(row.get("sampled"))) {
      return "sampled: %s drawn rows of %s classes".formatted(count(row, "rows"), Fields.shown(row.get("classes")));
    }
    if (row.get("stride") instanceof JsonPrimitive && Fields.number(row, "stride") > 1) {
      return "thinned out: one of %s".formatted(count(row, "stride"));
    }
    return isTrue(row.get("complete"))
        ? "complete: all %s finite inputs".formatted(count(row, "finite_inputs"))
        : "cut short";
  }

  private static String count(JsonObject row, String key) {
    return row.get(key) instanceof JsonPrimitive ? Numbers.count(Fields.number(row, key)) : "unknown";
  }

  private static boolean isTrue(@Nullable JsonElement value) {
    return value instanceof JsonPrimitive told && told.getAsBoolean();
  }

  Collection<Row> rows() {
    return rows.values();
  }

  long count(String verdict) {
    return rows.values().stream().filter(row -> row.verdict.equals(verdict)).count();
  }
}
