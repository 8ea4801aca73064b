package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
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

  private static String page(ResultFile... files) {
    return new HtmlReport(List.of(files)).html();
  }

  private static JsonObject data(String page) {
    Matcher matcher =
        Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL).matcher(page);
    assertTrue(matcher.find());
    return JsonParser.parseString(matcher.group(1)).getAsJsonObject();
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
    assertFalse(Pattern.compile("(?i)https?:|src=|<link|@import|url\\(").matcher(page).find(), "needs no network");
    assertEquals(EVIL, data(page).getAsJsonArray("measured").get(1).getAsJsonArray().get(16).getAsString());
  }

  @Test
  void rowsOfSeveralFilesMeetInOnePlotByTheirWork() {
    String page =
        page(
            file("bench", row(work(16), SCALAR, 200), row(work(1), SCALAR, 20)),
            file("bench", row(work(1), VECTOR, 10), row(work(16), VECTOR, 50)),
            file("peers", row(work(16), GPU, 400)));

    assertEquals(1, page.split("<figure>", -1).length - 1);
    assertTrue(page.contains("<h3>vector against scalar</h3><b>2.83×</b>"));
    assertTrue(page.contains("geometric mean of 2 points; 2.00× to 4.00×"));
    assertTrue(page.contains("pytorch-eager, A GPU, pinned"));
    assertTrue(page.contains("<td>vector</td><td class=\"n\">50 ns</td><td class=\"n\">45 ns – 75 ns</td>"), page);
  }

  @Test
  void aRowThatOccursTwiceIsShownOnceAndThatIsSaid() {
    String page =
        page(
            file("bench", row(work(1), VECTOR, 10)),
            file("bench", row(work(1), VECTOR, 30)));

    assertTrue(page.contains("1 rows occur in more than one file"));
    assertEquals(1, data(page).getAsJsonArray("measured").size());
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
    assertTrue(page.contains("<td class=\"n\">0.750</td>"));
    assertTrue(page.contains("<code>cross_entropy/near_tie/1, loss: logits=0x1p0"));
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
      for (String name : List.of("scalar", "vector", "pytorch-eager", "pytorch-compile")) {
        rows.add(row(work, Implementation.kernel(name), 123456.789012345));
      }
    }
    List<JsonObject> checks = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      checks.add(check("mine", "FAILED", 9, "It is 9 ULP off, which is more than the four that it declares."));
    }
    String page =
        page(file("bench", rows.toArray(MeasuredRow[]::new)), new ResultFile("verify", environment(), checks));

    assertTrue(page.length() < 1_000_000, page.length() + " characters");
    assertTrue(page.contains("Failed or mistrusted: 5000, the first 100 are listed"));
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
            .contains("expected a positive number"));
  }
}
