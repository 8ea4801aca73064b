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
import java.util.Set;
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
            file("bench", row(work(2048), SCALAR, 200), row(work(1024), SCALAR, 20)),
            file("bench", row(work(1024), VECTOR, 10), row(work(2048), VECTOR, 50)),
            file("peers", row(work(2048), GPU, 400)));

    assertEquals(2, data(page).getAsJsonArray("plots").size(), "throughput, and speed-ups against scalar");
    assertTrue(page.contains("<h3>vector against scalar</h3><b class=\"\">2.83×</b>"), page);
    assertTrue(page.contains("geometric mean of 2 points of at least 1,024 logits; 2.00× to 4.00×"));
    assertTrue(page.contains("pytorch-eager, A GPU, pinned"));
    assertTrue(page.contains("<td>2048<td>50 ns<td>45 – 75 ns<td>41.0 G"), page);
    assertEquals("[[1024,10,9,15],[2048,50,45,75]]", rows(page, 0).get("vector").toString());
  }

  @Test
  void aRowThatOccursTwiceIsShownOnceAndThatIsSaid() {
    String page =
        page(
            file("bench", row(work(1), VECTOR, 10)),
            file("bench", row(work(1), VECTOR, 30)));

    assertTrue(page.contains("In more than one file, the last of which is shown: 1 row."));
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

  private static ResultFile on(String cpu, String kind, MeasuredRow... rows) {
    JsonObject environment = new JsonObject();
    environment.addProperty("cpu", cpu);
    return new ResultFile(kind, environment, List.of(rows).stream().map(MeasuredRow::toJson).toList());
  }

  @Test
  void machinesAreNamedAndNeverMixedInARatio() {
    String page =
        page(
            on("One", "bench", row(work(2048), SCALAR, 200), row(work(2048), VECTOR, 100)),
            on("Two", "bench", row(work(2048), VECTOR, 10)));

    assertTrue(page.contains("Measured on 2 machines: One; Two. Plots show them together; ratios"), page);
    assertTrue(page.contains("<h3>vector (One) against scalar</h3><b class=\"\">2.00×</b>"), page);
    assertTrue(page.contains("1 point of at least 1,024 logits<"), "no range of one");
    assertEquals(Set.of("scalar (One)", "vector (One)", "vector (Two)"), rows(page, 0).keySet());
    assertFalse(page(on("One", "bench", row(work(2048), SCALAR, 200))).contains("Measured on"));
  }

  @Test
  void aMachineThatWasNotQuietIsToldAboutAndAQuietOneIsNot() {
    MeasuredRow quiet = MeasuredRow.measured(work(1), SCALAR, new Time(10, 8, 12.5, 5), null);
    JsonObject starved =
        MeasuredRow.measured(work(1), Implementation.kernel("jax-jit"), new Time(10, 9, 11, 5), null).toJson();
    starved.addProperty("cpus_busy", 0.5);
    JsonObject fed =
        MeasuredRow.measured(work(1), Implementation.kernel("pytorch-eager"), new Time(10, 9, 11, 5), null).toJson();
    fed.addProperty("cpus_busy", 0.97);

    String calm = page(new ResultFile("bench", environment(), List.of(quiet.toJson(), fed)));
    assertFalse(calm.contains("not quiet"), calm);
    String noisy =
        page(
            new ResultFile(
                "bench", environment(), List.of(quiet.toJson(), fed, starved, row(work(1), VECTOR, 1).toJson())));
    assertTrue(
        noisy.contains(
            "The machine was not quiet: of 4 rows, 1 have samples that spread over more than half their median, and"
                + " 1 are of peers that had less than 0.8 of a processor."),
        noisy);
  }

  @Test
  void theSameCheckInTwoFilesCountsOnceAndTheLastCounts() {
    ResultFile before = new ResultFile("verify", environment(), List.of(check("vector", "FAILED", 9, "It failed.")));
    ResultFile after = new ResultFile("verify", environment(), List.of(check("vector", "PASSED", 0.5, null)));

    String mended = page(before, after);
    assertTrue(mended.contains("<span>1 check passed, 0 failed, 0 mistrusted</span>"), mended);
    assertFalse(mended.contains("It failed."));
    assertTrue(mended.contains("In more than one file, the last of which counts: 1 check."));
    String broken = page(after, before);
    assertTrue(broken.contains("<span>0 checks passed, 1 failed, 0 mistrusted</span>"), broken);
  }

  @Test
  void aCaseThatOneContractJudgedIsNotSkipped() {
    JsonObject other = check("mine", "PASSED", 1, null);
    other.addProperty("contract", "pytorch");
    JsonObject undeclared = check("mine", "SKIPPED", 0, "The implementation declares no bound.");
    String judged = page(new ResultFile("verify", environment(), List.of(undeclared, other)));
    assertTrue(judged.contains("<span>1 check passed, 0 failed, 0 mistrusted</span>"), judged);
    String alone = page(new ResultFile("verify", environment(), List.of(undeclared)));
    assertTrue(alone.contains("<span>0 checks passed, 0 failed, 0 mistrusted, 1 case skipped</span>"), alone);
  }

  private static JsonObject certificate(String verdict, String inputs) {
    return JsonParser.parseString(
            """
            {"operation": "bce_with_logits", "kernel": "vector", "dtype": "float32", "output": "loss",
             "verdict": "%s", "reason": "Above the bound.", %s, "declared_ulp": 0.88, "max_ulp": 0.8782,
             "worst": {"input": "-0x1p0"}, "histogram": [9, 1]}"""
                .formatted(verdict, inputs))
        .getAsJsonObject();
  }

  @Test
  void certificatesHaveATableOfTheirOwn() {
    String all = "\"sampled\": false, \"stride\": 1, \"complete\": true, \"finite_inputs\": 4278190080";
    String page = page(new ResultFile("certificate", environment(), List.of(certificate("PASSED", all))));
    assertTrue(page.contains("<h3>Certificates</h3><b class=\"good\">hold</b>"), page);
    assertFalse(page.contains("not checked"), "they are checks");
    assertTrue(page.contains("passed<td>0.878<td>0.88<td class=wide>complete: all 4,278,190,080 finite inputs"), page);

    String drawn = "\"sampled\": true, \"complete\": true, \"rows\": 1000, \"classes\": \"2^0 to 2^18\"";
    JsonObject failed = certificate("FAILED", drawn);
    String bad = page(new ResultFile("certificate", environment(), List.of(certificate("PASSED", all), failed)));
    assertTrue(bad.contains("<h3>Certificates</h3><b class=\"bad\">fail</b>"), "the last counts");
    assertTrue(bad.contains("✗ FAILED: Above the bound."), bad);
    assertTrue(bad.contains("sampled: 1,000 drawn rows of 2^0 to 2^18 classes"), bad);
    String cut = "\"sampled\": false, \"stride\": 64, \"complete\": true";
    String thinned = page(new ResultFile("certificate", environment(), List.of(certificate("UNDECIDED", cut))));
    assertTrue(thinned.contains("<b class=\"warn\">not proven</b>"), thinned);
    assertTrue(thinned.contains("thinned out: one of 64"), thinned);
  }

  @Test
  void anEmptyFileSaysThatItIsAndNoHeadingStandsOverNothing() {
    String page = page(file("bench"));
    assertTrue(page.contains("The bench results hold no measurement."), page);
    assertFalse(page.contains("What the numbers do not show"), page);
    assertTrue(page(file("bench", row(work(1), VECTOR, 1))).contains("What the numbers do not show"));
  }

  @Test
  void whatNoPlotShowsIsNotExplained() {
    String single = page(file("bench", row(work(1), VECTOR, 1)));
    assertFalse(single.contains("Vertical lines") || single.contains("Dotted is"), single);
    assertFalse(single.contains("over batch size</h2>"), single);
    JsonObject environment = environment();
    JsonArray caches = new JsonArray();
    caches.add("L1d 48K");
    environment.add("cpu_caches", caches);
    environment.addProperty("read_bandwidth_bytes_per_s", 1e10);
    List<JsonObject> rows = List.of(row(work(1), VECTOR, 1).toJson(), row(work(1 << 20), VECTOR, 1e6).toJson());
    String lines = page(new ResultFile("bench", environment, rows));
    assertTrue(lines.contains("Vertical lines") && lines.contains("Dotted is") && !lines.contains("Dashed is"), lines);
    assertTrue(lines.contains("over batch size</h2>"), lines);
    assertTrue(lines.contains("<th>GB/s<th>% read<th>cyc est.<th>x scalar"), "as the terminal names them");
  }

  @Test
  void theTableOfErrorsNamesItsStretches() {
    JsonArray errors = new JsonArray();
    errors.add(error("vector", "cross_entropy", "loss"));
    String page = page(new ResultFile("bench", environment(), List.of(), null, errors));

    assertTrue(page.contains("<th class=first>Largest other − target<th>vector, largest<th>median"), page);
    assertTrue(page.contains("<td class=first>−104 to −100<td>"), page);
    assertTrue(page.contains("<td class=first>100 to 104<td>"), page);
    assertTrue(page.contains("[-103.5,"), "programs get each stretch by its middle");
  }

  private static JsonObject compared(String verdict, String waiver, double ratio) {
    JsonObject row = new JsonObject();
    row.add("work", work(1024).toJson());
    row.add("implementation", VECTOR.toJson());
    row.addProperty("waiver", waiver);
    String json =
        """
        {"judgement": {"verdict": "%s", "reason": "Slower in 2 of 2 forks.", "ratio": %s, "low": 1.01, "high": 1.08},
         "rounds": {"unit": "ns/call", "first": [{"base": [100, 100, 100], "candidate": [104, 103, 200]}],
                    "confirmation": [{"base": [100], "candidate": [106]}]}}"""
            .formatted(verdict, Double.isNaN(ratio) ? "\"NaN\"" : ratio);
    JsonParser.parseString(json).getAsJsonObject().asMap().forEach(row::add);
    return row;
  }

  @Test
  void aGateIsAForestOfRatiosWithItsForks() {
    JsonObject conformance =
        JsonParser.parseString("{\"kernel\": \"vector\", \"checked\": 2311, \"failures\": []}").getAsJsonObject();
    String page =
        page(new ResultFile("gate", environment(), List.of(compared("regressed", null, 1.045), conformance)));

    assertTrue(page.contains("<h3>Two builds</h3><b class=\"bad\">regressed</b>"), page);
    assertTrue(page.contains("<span>1 of 1 benchmark regressed, 0 improved"), page);
    Parsed plot = Parsed.of(page.substring(page.indexOf("<svg class=\"plot\""), page.indexOf("</svg></div>") + 6));
    assertEquals(3, plot.marks().size(), "the ratio and two forks");
    assertEquals(3, plot.elements("path", "guide").size(), "1, 2 and 5 %");
    assertEquals(List.of("vector, 1024 float32, normal data: 1.045 regressed"), plot.texts("text", "key"));
    double first = Parsed.number(plot.marks().get(1), "x");
    double ratio = Parsed.number(plot.marks().get(0), "x");
    double second = Parsed.number(plot.marks().get(2), "x");
    assertTrue(first < ratio && ratio < second, "1.04 by the median of its rounds, 1.045, 1.06");
    assertTrue(page.contains("Slower in 2 of 2 forks."));
    assertTrue(page.contains("2,311 cases checked, all conform"), page);
    assertFalse(page.contains("not checked"));
  }

  @Test
  void aWaivedRegressionPassesAndABenchmarkThatWasNotMeasuredDoesNot() {
    String waived = page(new ResultFile("gate", environment(), List.of(compared("regressed", "Known.", 1.045))));
    assertTrue(waived.contains("<b class=\"good\">pass</b>") && waived.contains("regressed, waived"), waived);
    String none = page(new ResultFile("gate", environment(), List.of(compared("unmeasured", null, Double.NaN))));
    assertTrue(none.contains("<b class=\"warn\">unmeasured</b>"), none);
    assertTrue(none.contains("None of these could be measured."), none);
    JsonObject only = compared("pass", null, 1);
    only.addProperty("only", "base");
    String removed = page(new ResultFile("gate", environment(), List.of(compared("pass", null, 1), only)));
    assertTrue(removed.contains("<b class=\"warn\">benchmarks removed</b>"), removed);
    JsonObject environment = environment();
    environment.addProperty("complete", false);
    String interrupted = page(new ResultFile("gate", environment, List.of(compared("pass", null, 1))));
    assertTrue(interrupted.contains("<b class=\"warn\">interrupted</b>"), interrupted);
  }
}
