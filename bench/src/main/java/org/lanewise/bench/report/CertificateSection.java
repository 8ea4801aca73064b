package org.lanewise.bench.report;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What certificates prove: the largest error beside the declared bound, and over which inputs. */
record CertificateSection(Results results) implements Section {
  @Override
  public void render(Page page) {
    if (results.certificates().rows().isEmpty()) {
      return;
    }
    page.open("certificates", "Certificates");
    page.add("<p>A complete certificate bounds the error over every input; a sampled one tells the largest error of ")
        .add("the inputs that were drawn and proves nothing beyond them.</p>\n");
    Table table =
        new Table("")
            .text("Operation", null)
            .text("Kernel", null)
            .text("Output", null)
            .text("Verdict", null)
            .number("Max ULP", null)
            .number("Declared bound", null)
            .wide("Inputs", null)
            .wide("Where it is largest", null);
    for (JsonObject row : results.certificates().rows()) {
      String verdict = Fields.text(row, "verdict");
      String reason = row.has("reason") ? Fields.text(row, "reason") : "";
      table.row(
          Table.Cell.of(Fields.text(row, "operation")),
          Table.Cell.of(Fields.text(row, "kernel")),
          Table.Cell.of("%s, %s".formatted(Fields.text(row, "output").replace('_', ' '), Fields.text(row, "dtype"))),
          Table.Cell.of(verdict.equals("FAILED") ? "✗ FAILED: " + reason : verdict.toLowerCase(Locale.ROOT)),
          Table.Cell.of(Numbers.ulp(Fields.number(row, "max_ulp"))),
          Table.Cell.of(row.get("declared_ulp") instanceof JsonPrimitive bound ? bound.getAsString() : "none"),
          Table.Cell.of(inputs(row)),
          Table.Cell.of(row.get("worst") instanceof JsonObject worst ? Fields.shown(worst.get("input")) : ""));
    }
    page.add(table.html());
    page.close();
  }

  private static String inputs(JsonObject row) {
    if (isTrue(row.get("sampled"))) {
      return "sampled: %s drawn rows of %s classes".formatted(count(row, "rows"), Fields.shown(row.get("classes")));
    }
    if (row.get("stride") instanceof JsonPrimitive stride && stride.getAsLong() > 1) {
      return "thinned out: one of %s".formatted(count(row, "stride"));
    }
    return isTrue(row.get("complete"))
        ? "complete: all %s finite inputs".formatted(count(row, "finite_inputs"))
        : "cut short";
  }

  private static String count(JsonObject row, String key) {
    return row.get(key) instanceof JsonPrimitive count ? Numbers.count(count.getAsDouble()) : "unknown";
  }

  private static boolean isTrue(@Nullable JsonElement value) {
    return value instanceof JsonPrimitive told && told.getAsBoolean();
  }
}
