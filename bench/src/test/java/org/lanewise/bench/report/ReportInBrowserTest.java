package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.ResultFile;

/** A page with every kind of plot in a real browser. */
class ReportInBrowserTest {
  private static final List<String> KINDS_OF_PLOTS =
      List.of(
          "Speed against error", "Throughput over batch size", "Against scalar", "Against the best peer",
          "Error against the logit", "Errors of", "Samples by fork");

  @TempDir Path folder;
  private Browser browser;

  @BeforeEach
  void start() {
    browser = new Browser(folder);
  }

  private static String page() {
    JsonObject environment =
        object(
            """
            {"cpu": "A CPU with a long name, of many cores", "cpu_caches": ["L1d 48K", "L2 1024K", "L3 32768K"],
             "read_bandwidth_bytes_per_s": 1.1e10, "dependent_add_hz": 3.4e9, "utc": "2026-01-01T00:00:00Z"}""");
    List<JsonObject> rows = new ArrayList<>();
    for (String operation : List.of("bce_with_logits", "cross_entropy")) {
      for (String direction : List.of("forward", "forward_backward")) {
        for (int batch = 1; batch <= 1 << 20; batch <<= 10) {
          for (String name : List.of("scalar", "vector", "read", "pytorch-compile")) {
            rows.add(row(operation, direction, batch, name));
          }
        }
      }
    }
    JsonArray errors = new JsonArray();
    for (String name : List.of("scalar", "vector", "pytorch-compile")) {
      errors.add(AccuracyTest.error(name, "0.9"));
    }
    JsonObject check =
        object(
            """
            {"kernel": "vector", "operation": "cross_entropy", "dtype": "float32", "region": "NEAR_TIE",
             "case": "cross_entropy/near_tie/a-name-that-is-so-long-that-no-telephone-is-wide-enough-for-it",
             "contract": "true", "verdict": "FAILED", "max_ulp": 9, "reason": "It is 9 ULP off.",
             "worst": {"output": "loss", "input": "logits=0x1.123456p0"}, "repeat": "./lanewise verify --case x"}""");
    JsonObject counts = object(
        """
        {"implementation": "mine", "output": "bce_with_logits float32 loss",
         "histogram": [{"to_ulp": 0.5, "count": 70}, {"to_ulp": "inf", "count": 1}]}""");
    JsonArray observed = new JsonArray();
    observed.add(counts);
    return new HtmlReport(
            List.of(
                new ResultFile("bench", environment, rows, null, errors),
                new ResultFile("verify", environment, List.of(check)),
                new ResultFile("validate", environment, List.of(), observed)))
        .html();
  }

  private static JsonObject object(String json) {
    return JsonParser.parseString(json).getAsJsonObject();
  }

  private static JsonObject row(String operation, String direction, int batch, String name) {
    Work work = new Work(operation, "float32", "binary", batch, 1, "mean", direction, "normal");
    double time = 10 + batch * (double) name.length();
    JsonObject jmh =
        object("{\"primaryMetric\": {\"rawData\": [[%s, %s], [%s]]}}".formatted(time, 1.1 * time, 1.3 * time));
    boolean peer = name.startsWith("py");
    JsonObject row =
        MeasuredRow.measured(
                work, Implementation.kernel(name), new Time(time, 0.9 * time, 1.4 * time, 5), peer ? null : jmh)
            .toJson();
    if (peer) {
      row.addProperty("check", "ok");
    }
    return row;
  }

  @Test
  void thePageAsksForNothingLogsNothingAndEveryPlotHasMarks() throws Exception {
    Browser.Shown shown = browser.show(page(), 1280);

    assertEquals(List.of(), shown.requests());
    assertFalse(shown.log().contains("CONSOLE"), shown.log());
    String[] plots = shown.dom().split("<svg class=\"plot\"", -1);
    for (String kind : KINDS_OF_PLOTS) {
      assertTrue(List.of(plots).stream().anyMatch(plot -> label(plot).startsWith(kind)), kind + " is missing");
    }
    for (int i = 1; i < plots.length; i++) {
      String plot = plots[i].substring(0, plots[i].indexOf("</svg>"));
      assertTrue(plot.contains("class=\"marker\"") || plot.contains("class=\"line\""), plot);
      assertFalse(plot.contains("NaN") || plot.contains("Infinity"), plot);
    }
  }

  private static String label(String plot) {
    Matcher matcher = Pattern.compile("aria-label=\"([^\"]*)\"").matcher(plot);
    return matcher.find() ? matcher.group(1) : "";
  }

  /** What the test above relies on. */
  @Test
  void aRequestAndAnErrorWouldBeSeen() throws Exception {
    String bad = page().replace("</body>", "<img src=\"http://example.invalid/x.png\"><script>f()</script></body>");
    Browser.Shown shown = browser.show(bad, 1280);

    assertEquals(List.of("http://example.invalid/x.png"), shown.requests());
    assertTrue(shown.log().contains("CONSOLE"), shown.log());
  }

  @Test
  void nothingIsWiderThanTheWindowWithEverythingOpen() throws Exception {
    for (int width : new int[] {390, 1280}) {
      assertEquals("%d %d".formatted(width, width), widths(page(), width));
    }
    String wide = page().replace("</body>", "<div style=\"width: 2000px\">wide</div></body>");
    assertEquals("390 2000", widths(wide, 390).replaceAll("20\\d\\d", "2000"), "what is wider would be seen");
  }

  /** The widths of the window and of what is in it, in a frame: windows themselves are at least 500 pixels wide. */
  private String widths(String page, int width) throws Exception {
    String frame =
        """
        <html><head><title></title></head><body>
        <iframe style="border: 0; width: %dpx; height: 900px" srcdoc="%s"></iframe>
        <script>
          const frame = document.querySelector("iframe");
          frame.onload = () => {
            const page = frame.contentDocument;
            page.querySelectorAll("details").forEach(details => details.open = true);
            page.documentElement.style.scrollbarWidth = "none";
            document.title = page.documentElement.clientWidth + " " + page.documentElement.scrollWidth;
          };
        </script></body></html>"""
            .formatted(width, page.replace("&", "&amp;").replace("\"", "&quot;"));
    Matcher title = Pattern.compile("<title>([^<]*)</title>").matcher(browser.show(frame, 1400).dom());
    assertTrue(title.find());
    return title.group(1);
  }
}
