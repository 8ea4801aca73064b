package org.lanewise.bench.sweep;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.Locale;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.ResultFile;

/** The page {@code docs/accuracy/README.md}, generated from the certificates. */
public final class AccuracyPage {
  /** Where the page lies in the project. */
  public static final String FILE = "docs/accuracy/README.md";

  private static final String INTRODUCTION =
      """
      # Accuracy certificates

      At the end of this page you know how accurate each float32 kernel is, over which inputs that was shown, and how to show it again. `./lanewise verify --exhaustive` writes this page, and the certificates in `%s` that it is made of; a test fails when a kernel's sources are no longer those that were swept.

      `max ULP` is the largest error in units in the last place of the true result (of the smallest subnormal, where the result is subnormal), known to 2^-24 ULP; `rounded right` the share of results that are the float nearest to the truth; `ULP 0, 1, 2…` counts results by their distance from that float, in floats. Targets 0 and 1 of binary cross-entropy are both covered: that loss(x, 1) = loss(−x, 0) and gradient(x, 1) = −gradient(−x, 0) was compared bit for bit.

      """
          .formatted(Certificate.FOLDER);

  private AccuracyPage() {}

  /** The page's text for the certificates in a project's folder. */
  public static String text(Path project) {
    StringBuilder table =
        new StringBuilder(
            """
            | operation | kernel | output | inputs | max ULP | declared | at | rounded right | ULP 0, 1, 2… |
            |---|---|---|---|---:|---:|---|---:|---|
            """);
    StringBuilder details = new StringBuilder();
    for (String pair : KernelSources.certified()) {
      String operation = pair.substring(0, pair.indexOf('/'));
      String kernel = pair.substring(pair.indexOf('/') + 1);
      ResultFile file = Certificate.read(project.resolve(Certificate.FOLDER), operation, kernel);
      if (file == null) {
        continue;
      }
      details.append("\n## %s, %s\n\n".formatted(operation, kernel));
      details.append(
          "%s, %s, %s bits wide, %s.\n\n"
              .formatted(
                  text(file.environment().get("cpu")),
                  text(file.environment().get("jdk")),
                  text(file.environment().get("vector_bits")),
                  text(file.environment().get("utc"))));
      details.append("Sources, SHA-256 `%s`: ".formatted(text(file.results().getFirst().get("sources_sha256"))));
      details.append(list(file.results().getFirst().getAsJsonArray("sources"))).append(".\n\n");
      for (JsonObject row : file.results()) {
        table.append(tableRow(row));
        details.append(detail(row));
      }
    }
    return INTRODUCTION + table + details;
  }

  private static String tableRow(JsonObject row) {
    boolean sampled = row.get("sampled").getAsBoolean();
    return "| `%s` | `%s` | %s | %s | %s | %s | `%s` | %s | %s |\n"
        .formatted(
            text(row.get("operation")),
            text(row.get("kernel")),
            text(row.get("output")),
            sampled ? String.format(Locale.ROOT, "sampled: %,d rows", row.get("rows").getAsLong()) : "all 2^32",
            number(row.get("max_ulp"), "%.4f"),
            text(row.get("declared_ulp")),
            text(row.getAsJsonObject("worst").get("input")),
            share(Json.number(row.get("correctly_rounded"))),
            histogram(row.getAsJsonArray("histogram")));
  }

  private static String detail(JsonObject row) {
    StringBuilder text = new StringBuilder("* **%s**: ".formatted(text(row.get("output"))));
    if (row.has("sums_sha256")) {
      text.append("SHA-256 over the 256 sums of outputs `%s`".formatted(text(row.get("sums_sha256"))));
      row.getAsJsonObject("identities")
          .asMap()
          .forEach(
              (name, found) -> {
                JsonObject violations = found.getAsJsonObject();
                long count = violations.get("violations").getAsLong();
                text.append("; %s: %d violations".formatted(name.replace('_', ' '), count));
                if (count > 0 && violations.has("largest_ulp")) {
                  text.append(" of at most %s ULP".formatted(text(violations.get("largest_ulp"))));
                }
              });
    } else {
      text.append(
          "sampled, no proof: %s rows of %s classes, %s values compared"
              .formatted(text(row.get("rows")), text(row.get("classes")), text(row.get("values"))));
    }
    return text.append("; %s s.\n".formatted(text(row.get("seconds")))).toString();
  }

  private static String histogram(JsonArray bins) {
    int last = bins.size() - 1;
    while (last > 0 && bins.get(last).getAsLong() == 0) {
      last--;
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i <= last; i++) {
      text.append(i == 0 ? "" : ", ").append(String.format(Locale.ROOT, "%,d", bins.get(i).getAsLong()));
    }
    return text.toString();
  }

  private static String list(JsonArray files) {
    StringBuilder text = new StringBuilder();
    for (JsonElement file : files) {
      String name = file.getAsString();
      text.append(text.isEmpty() ? "" : ", ").append('`').append(name.substring(name.lastIndexOf('/') + 1)).append('`');
    }
    return text.toString();
  }

  /** Rounded down: only all is 100 %. */
  private static String share(double share) {
    return String.format(Locale.ROOT, "%.4f %%", Math.floor(share * 1e6) / 1e4);
  }

  private static String number(JsonElement json, String format) {
    return String.format(Locale.ROOT, format, Json.number(json));
  }

  private static String text(JsonElement json) {
    return json == null || json.isJsonNull() ? "-" : json.getAsString();
  }
}
