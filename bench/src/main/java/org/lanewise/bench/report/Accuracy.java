package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.Quantity;

/** Errors in ULP of certificates and validations: their histograms, and the largest beside the speed. */
final class Accuracy {
  private record Key(String kernel, String operation, String dtype) {}

  private final Map<String, Map<String, Double>> histograms = new TreeMap<>();
  private final Map<Key, Double> largest = new java.util.LinkedHashMap<>();

  void addCertificate(JsonObject row) {
    String kernel = CheckedRows.text(row, "kernel");
    String operation = CheckedRows.text(row, "operation");
    String dtype = CheckedRows.text(row, "dtype");
    String output = CheckedRows.text(row, "output");
    Map<String, Double> bins = new java.util.LinkedHashMap<>();
    if (row.get("histogram") instanceof JsonArray array) {
      for (int i = 0; i < array.size(); i++) {
        bins.put("%d floats away".formatted(i) + (i == array.size() - 1 ? " or more" : ""), Json.number(array.get(i)));
      }
    }
    histograms.put("%s: %s %s %s, certificate".formatted(kernel, operation, dtype, output), bins);
    if (output.equals("loss")) {
      note(kernel, operation, dtype, Json.number(row.get("max_ulp")));
    }
  }

  void addCounts(@Nullable JsonArray counts) {
    if (counts == null) {
      return;
    }
    for (JsonElement element : counts) {
      if (!(element instanceof JsonObject row) || !(row.get("histogram") instanceof JsonArray array)) {
        continue;
      }
      String kernel = CheckedRows.text(row, "implementation");
      String output = CheckedRows.text(row, "output");
      Map<String, Double> bins = new java.util.LinkedHashMap<>();
      for (JsonElement bin : array) {
        JsonObject object = bin.getAsJsonObject();
        bins.put("≤ " + object.get("to_ulp").getAsString() + " ULP", Json.number(object.get("count")));
      }
      histograms.put("%s: %s, validate".formatted(kernel, output), bins);
      String[] words = output.split(" ");
      if (words.length == 3 && words[2].equals("loss") && row.get("worst") instanceof JsonObject worst && worst.has("ulp")) {
        note(kernel, words[0], words[1], Math.abs(Json.number(worst.get("ulp"))));
      }
    }
  }

  private void note(String kernel, String operation, String dtype, double ulp) {
    largest.merge(new Key(kernel, operation, dtype), ulp, Math::max);
  }

  void render(StringBuilder page, Curves curves) {
    if (histograms.isEmpty()) {
      return;
    }
    page.append("<section><h2>Accuracy</h2>\n<div class=\"plots\">");
    scatter(page, curves);
    page.append("</div><h3>Histograms of the error</h3><div class=\"plots\">\n");
    histograms.forEach(
        (title, bins) -> {
          List<SvgRows.Row> rows = new ArrayList<>();
          StringBuilder table = new StringBuilder();
          bins.forEach(
              (bin, count) -> {
                if (count > 0) {
                  String label = "%s: %s".formatted(bin, String.format(Locale.ROOT, "%,.0f", count));
                  rows.add(new SvgRows.Row(label, 1, List.of(count)));
                }
                table.append(Html.format("<tr><td>%s</td><td class=\"n\">%.0f</td></tr>", bin, count));
              });
          page.append(Html.format("<figure><figcaption><h3>%s</h3></figcaption>", title))
              .append(new SvgRows(title, "results (count)", true, rows).render())
              .append("<details><summary>Table</summary><table><tbody>")
              .append(table)
              .append("</tbody></table></details></figure>\n");
        });
    page.append("</div></section>\n");
  }

  private void scatter(StringBuilder page, Curves curves) {
    Curves.Largest.of(curves.rows())
        .forEach(
            (work, measured) -> {
              List<SvgLinePlot.Series> series = new ArrayList<>();
              StringBuilder table = new StringBuilder();
              for (MeasuredRow row : measured) {
                String name = row.implementation().name();
                Double ulp = largest.get(new Key(name, work.operation(), work.dtype()));
                double nanos = 1e9 / row.elementsPerSecond();
                if (ulp != null && Double.isFinite(ulp) && ulp > 0) {
                  String label = row.implementation().label();
                  SvgLinePlot.Point point = new SvgLinePlot.Point(nanos, ulp, ulp, ulp, label);
                  series.add(
                      new SvgLinePlot.Series(
                          label, curves.implementations().indexOf(row.implementation()), List.of(point)));
                }
                table.append(
                    Html.format(
                        "<tr><td>%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td></tr>",
                        row.implementation().label(),
                        Quantity.nanos(nanos),
                        ulp == null ? "unknown" : ulp.toString()));
              }
              if (!series.isEmpty()) {
                page.append(Html.format("<figure><figcaption><h3>%s</h3></figcaption>", work))
                    .append(
                        new SvgLinePlot("Speed against error", "time (ns per logit)", "largest error (ULP)", series)
                            .render())
                    .append("<details><summary>Table</summary><table><thead><tr><th>By</th><th class=\"n\">A logit</th>")
                    .append("<th class=\"n\">Max ULP</th></tr></thead><tbody>")
                    .append(table)
                    .append("</tbody></table></details></figure>\n");
              }
            });
  }
}
