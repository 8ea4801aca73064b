package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.ResultFile;

class HtmlReportTest {
  private static final String EVIL = "<script>alert('\"&')</script>";
  private static final List<String> NAMES =
      List.of(
          "read", "scalar", "vector", "plain-math", "plain-vector", "pytorch-eager", "pytorch-compile", "jax-jit",
          "onnxruntime");
  private static final Implementation SCALAR = Implementation.kernel("scalar");
  private static final Implementation VECTOR = Implementation.kernel("vector");
  private static final Implementation GPU = new Implementation("pytorch-eager", "A GPU", 1, "pinned");

  private static Work work(int batch) {
    return new Work("bce_with_logits", "float32", "binary", batch, 1, "mean", "forward", "normal");
  }

  private static MeasuredRow row(Work work, Implementation implementation, double median) {
    return MeasuredRow.measured(work, implementation, new Time(median, 0.9 * median, 1.5 * median, 10), null);
  }

  private static ResultFile file(String kind, MeasuredRow... rows) {
    return new ResultFile(kind, environment(), List.of(rows).stream().map(MeasuredRow::toJson).toList());
  }

  private static JsonObject environment() {
    JsonObject environment = new JsonObject();
    environment.addProperty("utc", "2026-01-01T00:00:00Z");
    environment.addProperty("cpu", EVIL);
    environment.add("git_commit", null);
    return environment;
  }

  private static JsonObject check(String kernel, String verdict, double ulp, String reason) {
    JsonObject row =
        JsonParser.parseString(
                """
                {"operation": "cross_entropy", "case": "cross_entropy/near_tie/1", "region": "NEAR_TIE",
                 "contract": "true", "worst": {"output": "loss", "index": 1, "input": "logits=0x1p0"},
                 "repeat": "./lanewise verify"}""")
            .getAsJsonObject();
    row.addProperty("kernel", kernel);
    row.addProperty("verdict", verdict);
    row.addProperty("max_ulp", ulp);
    row.addProperty("reason", reason);
    return row;
  }

  /** The errors of one output, as many as a benchmark writes. */
  private static JsonObject error(String implementation, String operation, String output) {
    JsonObject error = AccuracyTest.error(implementation, "0.9");
    error.addProperty("operation", operation);
    error.addProperty("output", output);
    JsonObject curve = new JsonObject();
    for (String key : List.of("logit", "largest", "median")) {
      JsonArray values = new JsonArray();
      for (int i = 0; i < 208; i++) {
        values.add(key.equals("logit") ? i - 103.5 : 0.1234 + i * 0.001);
      }
      curve.add(key, values);
    }
    error.add("curve", curve);
    return error;
  }

  private static String page(ResultFile... files) {
    return new HtmlReport(List.of(files)).html();
  }

  private static JsonObject data(String page) {
    Matcher matcher =
        Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL).matcher(page);
    assertTrue(matcher.find());
    return JsonParser.parseString(matcher.group(1)).getAsJsonObject();
  }

  /** The rows of a plot. */
  private static JsonObject rows(String page, int plot) {
    return data(page).getAsJsonArray("plots").get(plot).getAsJsonObject().getAsJsonObject("rows");
  }

  @Test
  void nothingFromAFileIsReadAsHtmlAndNothingIsLoaded() {
    String page =
        page(
            file("bench", row(work(1), Implementation.kernel(EVIL), 10)),
            file("peers", MeasuredRow.failed(work(1), GPU, EVIL)),
            new ResultFile("verify", environment(), List.of(check(EVIL, "FAILED", 9, EVIL))));

    assertFalse(page.contains("<script>"), "no script but the data");
    assertEquals(1, page.split("</script>", -1).length - 1);
    assertTrue(page.contains("&lt;script&gt;"));
    assertFalse(Pattern.compile("(?i)https?:|src=|<link|@import|url\\((?!#)").matcher(page).find(), "needs no network");
    assertFalse(Pattern.compile("(?i)href=(?!\"#\\w+\")").matcher(page).find(), "links to nothing but itself");
    assertEquals(EVIL, rows(page, 0).keySet().iterator().next());
  }

  @Test
  void rowsOfSeveralFilesMeetInOnePlotByTheirWork() {
    String page =
        page(
            file("bench", row(work(16), SCALAR, 200), row(work(1), SCALAR, 20)),
            file("bench", row(work(1), VECTOR, 10), row(work(16), VECTOR, 50)),
            file("peers", row(work(16), GPU, 400)));

    assertEquals(2, data(page).getAsJsonArray("plots").size(), "throughput, and speed-ups against scalar");
    assertTrue(page.contains("<h3>vector against scalar</h3><b class=\"\">2.83×</b>"), page);
    assertTrue(page.contains("geometric mean of 2 points; 2.00× to 4.00×"));
    assertTrue(page.contains("pytorch-eager, A GPU, pinned"));
    assertTrue(page.contains("<td>16<td>50 ns<td>45 – 75 ns<td>320 M"), page);
    assertEquals("[[1,10,9,15],[16,50,45,75]]", rows(page, 0).get("vector").toString());
  }

  @Test
  void aRowThatOccursTwiceIsShownOnceAndThatIsSaid() {
    String page =
        page(
            file("bench", row(work(1), VECTOR, 10)),
            file("bench", row(work(1), VECTOR, 30)));

    assertTrue(page.contains("1 rows occur in more than one file"));
    assertEquals("{\"vector\":[[1,30,27,45]]}", rows(page, 0).toString());
    assertTrue(page.contains("30 ns"));
  }

  @Test
  void checksAreCountedAndTheWorstInputIsTold() {
    String page =
        page(
            new ResultFile(
                "verify",
                environment(),
                List.of(
                    check("vector", "PASSED", 0.5, null),
                    check("vector", "PASSED", -0.75, null),
                    check("mine", "PASSED", 0.1, null),
                    check("mine", "FAILED", 9.25, "It is 9.25 ULP off."))));

    assertTrue(page.contains("<h3>vector</h3><b class=\"good\">conforms</b>"));
    assertTrue(page.contains("<h3>mine</h3><b class=\"bad\">fails</b>"));
    assertTrue(page.contains("<td>0.750"));
    assertTrue(page.contains("<td class=wide>cross_entropy/near_tie/1, loss: logits=0x1p0"));
    assertTrue(page.contains("It is 9.25 ULP off."));
    assertTrue(page.contains("./lanewise verify"));
  }

  @Test
  void nothingCheckedIsNeverGood() {
    assertTrue(page(file("bench")).contains("not checked"));
    String skipped = page(new ResultFile("verify", environment(), List.of(check("mine", "SKIPPED", 0, "no"))));
    assertTrue(skipped.contains("nothing checked"));
    assertFalse(skipped.contains("conforms</b>"));
    String mistrusted = page(new ResultFile("verify", environment(), List.of(check("mine", "MISTRUSTED", 0, "no"))));
    assertTrue(mistrusted.contains("not proven"));
  }

  @Test
  void theLargestPresetWithManyImplementationsStaysBelowOneMegabyte() {
    List<MeasuredRow> rows = new ArrayList<>();
    for (Work work : Grid.load().preset("full").points()) {
      for (String name : NAMES) {
        rows.add(row(work, Implementation.kernel(name), 123456.789012345));
      }
    }
    JsonArray errors = new JsonArray();
    for (String name : NAMES.subList(1, NAMES.size())) {
      for (String output : List.of("loss", "logits_gradient")) {
        errors.add(error(name, "bce_with_logits", output));
        errors.add(error(name, "cross_entropy", output));
      }
    }
    List<JsonObject> checks = new ArrayList<>();
    for (int i = 0; i < 15_000; i++) {
      JsonObject check = check("mine", "FAILED", 9, "It is 9 ULP off, which is more than the four that it declares.");
      check.addProperty("case", "cross_entropy/region_%d/the-name-of-a-case-%d".formatted(i % 60, i));
      check.addProperty("region", "REGION_" + i % 60);
      checks.add(check);
    }
    JsonObject machine = environment();
    machine.addProperty("read_bandwidth_bytes_per_s", 1.1e10);
    machine.addProperty("dependent_add_hz", 3.4e9);
    ResultFile measured =
        new ResultFile("bench", machine, rows.stream().map(MeasuredRow::toJson).toList(), null, errors);
    String page = page(measured, new ResultFile("verify", environment(), checks));

    int bytes = page.getBytes(StandardCharsets.UTF_8).length;
    assertTrue(bytes < 1_000_000, bytes + " bytes");
    assertTrue(page.contains("Failed or mistrusted: 15000, the first 50 are listed"));
  }

  @Test
  void aRowThatCannotBeUsedIsNamed() {
    UserError error =
        assertThrows(
            UserError.class, () -> page(new ResultFile("bench", environment(), List.of(new JsonObject()))));

    assertEquals(
        "Row 0 of the bench results cannot be used: it lacks \"work\" or \"implementation\"; make the file again.",
        error.getMessage());
    JsonObject unknown = check("mine", "MAYBE", 0, null);
    assertTrue(
        assertThrows(UserError.class, () -> page(new ResultFile("verify", environment(), List.of(unknown))))
            .getMessage()
            .contains("its verdict 'MAYBE' is none of"));
  }

  @Test
  void aTimeThatIsNoNumberIsRefused() {
    assertTrue(
        assertThrows(UserError.class, () -> page(file("bench", row(work(1), VECTOR, Double.NaN))))
            .getMessage()
            .contains("expected a number from 0.001"));
  }
}
