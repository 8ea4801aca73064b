package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Quantity;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.results.SafeFile;

/**
 * Result files as one HTML page that loads nothing: it can be mailed, archived and read without a network.
 *
 * <p>Rows of different files are matched by their work alone. What is drawn is also there as a table under each plot,
 * and as JSON in the page for a program that wants the numbers.
 */
public final class HtmlReport {
  /** The kinds of result files that the report understands. */
  public static final List<String> KINDS = List.of("verify", "validate", "bench", "peers", "certificate");

  /** So many failures are listed in full; with more of them, the first tell what is wrong. */
  private static final int LISTED_FAILURES = 100;

  /** Speed-ups in the summary; the table of all of them stands above the plots. */
  private static final int MOST_CARDS = 2;

  private static final String[] MEASURED_COLUMNS = {
    "operation", "dtype", "target", "batch", "classes", "reduction", "direction", "data", "name", "device", "threads",
    "transfer", "median_ns", "low_ns", "high_ns", "samples", "error"
  };

  private final List<ResultFile> files;
  private final CheckedRows checked = new CheckedRows();
  private final Curves curves = new Curves();
  private final ConformanceMatrix matrix = new ConformanceMatrix();
  private final Accuracy accuracy = new Accuracy();

  /** The report on the given files; a later row replaces an earlier one of the same work and implementation. */
  public HtmlReport(List<ResultFile> files) {
    this.files = List.copyOf(files);
    for (ResultFile file : files) {
      accuracy.addCounts(file.counts());
      for (int i = 0; i < file.results().size(); i++) {
        JsonObject row = file.results().get(i);
        try {
          if (file.kind().equals("bench") || file.kind().equals("peers")) {
            curves.add(MeasuredRow.of(row));
          } else if (file.kind().equals("certificate")) {
            accuracy.addCertificate(row);
          } else {
            checked.add(file.kind().equals("validate") ? finding(row) : row);
            matrix.add(row);
          }
        } catch (IllegalArgumentException e) {
          throw UserError.environment(
              "Row %d of the %s results cannot be used: %s; make the file again."
                  .formatted(i, file.kind(), e.getMessage()));
        }
      }
    }
  }

  /** A finding of validate under the names of a checked row: its rule is what it was judged by. */
  private static JsonObject finding(JsonObject row) {
    JsonObject checked = row.deepCopy();
    checked.addProperty("kernel", CheckedRows.text(row, "implementation"));
    checked.addProperty("contract", CheckedRows.text(row, "rule"));
    if (row.get("worst") instanceof JsonObject worst && worst.has("ulp")) {
      checked.add("max_ulp", worst.get("ulp"));
    }
    return checked;
  }

  /** Writes the page beside its place and moves it there. */
  public void write(Path file) {
    SafeFile.write(file, html());
  }

  /** The whole page. */
  public String html() {
    StringBuilder page = new StringBuilder(1 << 16);
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.append("<title>Lanewise report</title>\n<style>\n").append(style()).append("</style>\n</head>\n<body>\n");
    header(page);
    summary(page);
    correctness(page);
    accuracy.render(page, curves);
    throughput(page);
    strips(page);
    environments(page);
    limits(page);
    page.append("<script type=\"application/json\" id=\"data\">")
        .append(Html.escapeJson(Json.line(data())))
        .append("</script>\n</body>\n</html>\n");
    return page.toString();
  }

  // ---- sections ----

  private void header(StringBuilder page) {
    String made =
        files.stream()
            .map(file -> "%s, %s".formatted(file.kind(), shown(file.environment().get("utc"))))
            .collect(Collectors.joining(" · "));
    append(page, "<header><h1>Lanewise report</h1><p class=\"sub\">%s</p></header>\n", made);
  }

  private void summary(StringBuilder page) {
    page.append("<section><h2>Summary</h2><div class=\"cards\">\n");
    for (String kernel : checked.tallies().keySet().stream().map(CheckedRows.Key::kernel).distinct().toList()) {
      int passed = count(kernel, "PASSED");
      int failed = count(kernel, "FAILED");
      int mistrusted = count(kernel, "MISTRUSTED");
      String verdict =
          failed > 0 ? "fails" : mistrusted > 0 ? "not proven" : passed > 0 ? "conforms" : "nothing checked";
      append(
          page,
          "<div class=\"card\"><h3>%s</h3><b class=\"%s\">%s</b><span>%d checks passed, %d failed, %d mistrusted, "
              + "%d skipped</span></div>\n",
          kernel,
          failed > 0 ? "bad" : verdict.equals("conforms") ? "good" : "warn",
          verdict,
          passed,
          failed,
          mistrusted,
          count(kernel, "SKIPPED"));
    }
    if (checked.tallies().isEmpty()) {
      page.append("<div class=\"card\"><h3>Correctness</h3><b class=\"warn\">not checked</b>")
          .append("<span>these files hold no verify results</span></div>\n");
    }
    for (Curves.SpeedUp speedUp : curves.speedUps().stream().limit(MOST_CARDS).toList()) {
      append(
          page,
          "<div class=\"card\"><h3>%s against scalar</h3><b>%s×</b>"
              + "<span>geometric mean of %d points; %s× to %s×</span></div>\n",
          speedUp.implementation().label(),
          ratio(speedUp.mean()),
          speedUp.points(),
          ratio(speedUp.least()),
          ratio(speedUp.most()));
    }
    long unmeasured = curves.rows().stream().filter(row -> row.time() == null).count();
    if (!curves.rows().isEmpty()) {
      append(
          page,
          "<div class=\"card\"><h3>Measurements</h3><b>%d</b><span>%d could not be made</span></div>\n",
          curves.rows().size() - unmeasured,
          unmeasured);
    }
    page.append("</div></section>\n");
  }

  private int count(String kernel, String verdict) {
    return checked.tallies().entrySet().stream()
        .filter(entry -> entry.getKey().kernel().equals(kernel))
        .mapToInt(entry -> entry.getValue().count(verdict))
        .sum();
  }

  private void correctness(StringBuilder page) {
    if (checked.tallies().isEmpty()) {
      return;
    }
    page.append("<section><h2>Correctness</h2>\n<p>Each stored case is judged twice: <em>pytorch</em> asks whether the ")
        .append("result is as good as PyTorch's own, <em>true</em> whether its error against the true value stays ")
        .append("within what the kernel declares. Errors are in units in the last place (ULP); under <em>pytorch</em> a ")
        .append("large one is allowed only where PyTorch's own in the same tensor is, as where terms cancel.</p>\n")
        .append("<div class=\"scroll\"><table><caption>Checks by kernel, operation and contract</caption><thead><tr>")
        .append("<th>Kernel</th><th>Operation</th><th>Contract</th>");
    List<String> verdicts = CheckedRows.VERDICTS.stream().filter(this::hasColumn).toList();
    verdicts.forEach(verdict -> append(page, "<th class=\"n\">%s</th>", title(verdict)));
    page.append("<th class=\"n\">Max ULP</th><th>Where it is largest</th></tr></thead><tbody>\n");
    checked
        .tallies()
        .forEach(
            (key, tally) -> {
              append(page, "<tr><td>%s</td><td>%s</td><td>%s</td>", key.kernel(), key.operation(), key.contract());
              for (String verdict : verdicts) {
                int count = tally.count(verdict);
                boolean alarming = count > 0 && (verdict.equals("FAILED") || verdict.equals("MISTRUSTED"));
                append(page, "<td class=\"n%s\">%d</td>", alarming ? " bad" : "", count);
              }
              append(page, "<td class=\"n\">%s</td>", Double.isNaN(tally.maxUlp()) ? "–" : ulp(tally.maxUlp()));
              append(page, "<td class=\"wide\"><code>%s</code></td></tr>\n", tally.witness());
            });
    page.append("</tbody></table></div>\n");
    failures(page);
    matrix.render(page);
    page.append("</section>\n");
  }

  /** Rare verdicts take a column only where there are some. */
  private boolean hasColumn(String verdict) {
    return verdict.equals("PASSED") || verdict.equals("FAILED") || checked.count(verdict) > 0;
  }

  private static String title(String verdict) {
    return verdict.charAt(0) + verdict.substring(1).toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private void failures(StringBuilder page) {
    List<JsonObject> rows = checked.notGood();
    if (rows.isEmpty()) {
      return;
    }
    List<JsonObject> listed = rows.subList(0, Math.min(rows.size(), LISTED_FAILURES));
    append(
        page,
        "<details open><summary>Failed or mistrusted: %d%s</summary><div class=\"scroll\"><table><thead><tr>"
            + "<th>Kernel</th><th>Case</th><th>Contract</th><th>Verdict</th><th>Reason</th><th>Repeat with</th>"
            + "</tr></thead><tbody>\n",
        rows.size(),
        listed.size() < rows.size() ? ", the first %d are listed".formatted(listed.size()) : "");
    for (JsonObject row : listed) {
      append(
          page,
          "<tr><td>%s</td><td class=\"wide\"><code>%s</code></td><td>%s</td><td class=\"bad\">%s</td>"
              + "<td class=\"wide\">%s</td><td class=\"wide\"><code>%s</code></td></tr>\n",
          shown(row.get("kernel")),
          shown(row.get("case")),
          shown(row.get("contract")),
          shown(row.get("verdict")),
          shown(row.get("reason")),
          shown(row.get("repeat")));
    }
    page.append("</tbody></table></div></details>\n");
  }

  private void throughput(StringBuilder page) {
    if (curves.rows().isEmpty()) {
      return;
    }
    page.append("<section><h2>Throughput over batch size</h2>\n")
        .append("<p>Logits computed per second; higher is better. Both axes are logarithmic. A point is the ")
        .append("median of the samples, its bar reaches from the 5th to the 95th ")
        .append("percentile.</p>\n");
    if (curves.replaced() > 0) {
      append(
          page,
          "<p class=\"note\">%d rows occur in more than one file; the last is shown.</p>\n",
          curves.replaced());
    }
    speedUps(page);
    List<Implementation> implementations = curves.implementations();
    page.append("<div class=\"plots\">\n");
    curves.plots().forEach((work, rows) -> plot(page, work, rows, implementations));
    page.append("</div>\n");
    unmeasured(page);
    page.append("</section>\n");
  }

  private void speedUps(StringBuilder page) {
    List<Curves.SpeedUp> speedUps = curves.speedUps();
    if (speedUps.size() <= MOST_CARDS) {
      return;
    }
    page.append("<div class=\"scroll\"><table>")
        .append("<caption>Times faster than scalar, over the points that both measured</caption>")
        .append("<thead><tr><th>Implementation</th><th class=\"n\">Points</th><th class=\"n\">Geometric mean</th>")
        .append("<th class=\"n\">Least</th><th class=\"n\">Most</th></tr></thead><tbody>\n");
    for (Curves.SpeedUp speedUp : speedUps) {
      append(
          page,
          "<tr><td>%s</td><td class=\"n\">%d</td><td class=\"n\">%s</td><td class=\"n\">%s</td>"
              + "<td class=\"n\">%s</td></tr>\n",
          speedUp.implementation().label(),
          speedUp.points(),
          ratio(speedUp.mean()),
          ratio(speedUp.least()),
          ratio(speedUp.most()));
    }
    page.append("</tbody></table></div><br>\n");
    List<SvgRows.Row> bars = new ArrayList<>();
    for (Curves.SpeedUp speedUp : speedUps) {
      Implementation who = speedUp.implementation();
      String label = "%s: %s×".formatted(who.label(), ratio(speedUp.mean()));
      bars.add(new SvgRows.Row(label, curves.implementations().indexOf(who), List.of(speedUp.mean())));
    }
    page.append("<div class=\"plots\"><figure>")
        .append(new SvgRows("Speed-up over scalar", "times faster than scalar (geometric mean)", true, bars).render())
        .append("</figure></div><br>\n");
  }

  private void plot(StringBuilder page, Work work, List<MeasuredRow> rows, List<Implementation> implementations) {
    String title = "%s, %s".formatted(work.operation(), work.backward() ? "forward and backward" : "forward");
    String detail =
        "%s, %s, %s targets, reduction %s, %s data"
            .formatted(
                work.classes() == 1 ? "1 logit a row" : work.classes() + " logits a row",
                work.dtype(),
                work.target(),
                work.reduction(),
                work.data());
    List<SvgLinePlot.Series> series = new ArrayList<>();
    for (int i = 0; i < implementations.size(); i++) {
      Implementation implementation = implementations.get(i);
      List<SvgLinePlot.Point> points =
          rows.stream().filter(row -> row.implementation().equals(implementation)).map(HtmlReport::point).toList();
      series.add(new SvgLinePlot.Series(implementation.label(), i, points));
    }
    append(page, "<figure><figcaption><h3>%s</h3><small>%s</small></figcaption>\n", title, detail);
    page.append(
        new SvgLinePlot(
                "Throughput over batch size: %s, %s".formatted(title, detail),
                "batch size (rows per call)",
                "logits per second",
                series)
            .render());
    append(
        page,
        "\n<details><summary>Table</summary><div class=\"scroll\"><table><caption>Time per call of %s, %s</caption>",
        title,
        detail);
    page.append("<thead><tr><th class=\"n\">Batch</th><th>By</th><th class=\"n\">Median</th>")
        .append("<th class=\"n\">5 % – 95 %</th><th class=\"n\">Logits/s</th><th class=\"n\">vs scalar</th>")
        .append("</tr></thead><tbody>\n");
    for (MeasuredRow row : rows) {
      Time time = Objects.requireNonNull(row.time());
      double speedUp = curves.speedUp(row);
      append(
          page,
          "<tr><td class=\"n\">%d</td><td>%s</td><td class=\"n\">%s</td><td class=\"n\">%s – %s</td>"
              + "<td class=\"n\">%s</td><td class=\"n\">%s</td></tr>\n",
          row.work().batch(),
          row.implementation().label(),
          Quantity.nanos(time.median()),
          Quantity.nanos(time.low()),
          Quantity.nanos(time.high()),
          Quantity.si(row.elementsPerSecond()),
          Double.isNaN(speedUp) ? "–" : ratio(speedUp) + "×");
    }
    page.append("</tbody></table></div></details></figure>\n");
  }

  private static SvgLinePlot.Point point(MeasuredRow row) {
    Time time = Objects.requireNonNull(row.time());
    double elements = row.work().elements() * 1e9;
    return new SvgLinePlot.Point(
        row.work().batch(),
        elements / time.median(),
        elements / time.high(),
        elements / time.low(),
        "%s, batch %d: %s logits/s; %s a call (%s to %s)"
            .formatted(
                row.implementation().label(),
                row.work().batch(),
                Quantity.si(row.elementsPerSecond()),
                Quantity.nanos(time.median()),
                Quantity.nanos(time.low()),
                Quantity.nanos(time.high())));
  }

  private void unmeasured(StringBuilder page) {
    List<MeasuredRow> rows = curves.rows().stream().filter(row -> row.time() == null).toList();
    if (rows.isEmpty()) {
      return;
    }
    append(
        page,
        "<details><summary>Points that could not be measured: %d</summary><div class=\"scroll\"><table><thead><tr>"
            + "<th>Point</th><th>Implementation</th><th>Reason</th></tr></thead><tbody>\n",
        rows.size());
    for (MeasuredRow row : rows) {
      append(
          page,
          "<tr><td>%s</td><td>%s</td><td class=\"wide\">%s</td></tr>\n",
          row.work(),
          row.implementation().label(),
          Objects.requireNonNull(row.error()));
    }
    page.append("</tbody></table></div></details>\n");
  }

  /** Each sample of each fork a dot: a kernel that the JIT compiles in two ways shows two heaps. */
  private void strips(StringBuilder page) {
    StringBuilder plots = new StringBuilder();
    Curves.Largest.of(curves.rows())
        .forEach(
            (work, rows) -> {
              List<SvgRows.Row> lines = new ArrayList<>();
              StringBuilder table = new StringBuilder();
              for (MeasuredRow row : rows) {
                JsonArray forks = Samples.forks(row);
                for (int fork = 0; fork < forks.size(); fork++) {
                  List<Double> values = Samples.of(forks.get(fork));
                  String label = row.implementation().label() + ", fork " + (fork + 1);
                  lines.add(new SvgRows.Row(label, curves.implementations().indexOf(row.implementation()), values));
                  append(
                      table,
                      "<tr><td>%s</td><td class=\"wide\">%s</td></tr>\n",
                      label,
                      values.stream().map(Quantity::nanos).collect(Collectors.joining(" · ")));
                }
              }
              if (!lines.isEmpty()) {
                append(plots, "<figure><figcaption><h3>%s</h3></figcaption>", work);
                plots
                    .append(new SvgRows("Samples of each fork", "time of a call (ns)", false, lines).render())
                    .append("<details><summary>Table</summary><div class=\"scroll\"><table><tbody>")
                    .append(table)
                    .append("</tbody></table></div></details></figure>\n");
              }
            });
    if (!plots.isEmpty()) {
      page.append("<section><h2>Samples by fork</h2><p>Each dot is one iteration, at the largest batch.</p>")
          .append("<div class=\"plots\">")
          .append(plots)
          .append("</div></section>\n");
    }
  }

  private void environments(StringBuilder page) {
    page.append("<section><h2>Environment</h2>\n");
    for (ResultFile file : files) {
      append(
          page,
          "<details%s><summary>%s: %s</summary><div class=\"scroll\"><table><tbody>\n",
          files.size() == 1 ? " open" : "",
          file.kind(),
          shown(file.environment().get("cpu")));
      for (Map.Entry<String, JsonElement> fact : file.environment().entrySet()) {
        append(
            page,
            "<tr><th scope=\"row\">%s</th><td class=\"wide\">%s</td></tr>\n",
            fact.getKey().replace('_', ' '),
            shown(fact.getValue()));
      }
      page.append("</tbody></table></div></details>\n");
    }
    page.append("</section>\n");
  }

  private void limits(StringBuilder page) {
    page.append("<section><h2>What the numbers do not show</h2><ul>\n");
    if (!checked.tallies().isEmpty()) {
      page.append("<li>A kernel that conforms gives right results on the stored cases. Inputs that no case resembles ")
          .append("have not been tried.</li>\n");
    }
    if (!curves.rows().isEmpty()) {
      page.append("<li>One thread calls the same operands again and again: batches that fit a cache are read from it, ")
          .append("and the branch predictor has seen them. In a training loop they may come from memory.</li>\n")
          .append("<li>Calls are timed after the JIT compiler has done its work; the first calls of a JVM are ")
          .append("far slower.")
          .append("</li>\n")
          .append("<li>The bars show the spread between samples of this session, not between machines, boots or days. A ")
          .append("difference smaller than the bars is no difference.</li>\n")
          .append("<li>A ratio holds for this CPU at the clock it ran at; wider vectors can lower the clock of other ")
          .append("work on the same core.</li>\n");
    }
    if (files.stream().anyMatch(file -> file.kind().equals("peers"))) {
      page.append("<li>Peers are timed by a program of their own. That includes what a call from Python costs, which ")
          .append("dominates small batches, and on a GPU only the transfers that the name of the line says.</li>\n");
    }
    page.append("</ul></section>\n");
  }

  // ---- data ----

  /** The numbers of the page: small, since JMH's records and passed checks stay in the result files. */
  private JsonObject data() {
    JsonObject data = new JsonObject();
    data.addProperty("format", "lanewise/report");
    data.addProperty("version", 1);
    JsonArray environments = new JsonArray();
    files.forEach(file -> environments.add(file.environment()));
    data.add("environments", environments);
    JsonArray checks = new JsonArray();
    checked
        .tallies()
        .forEach(
            (key, tally) -> {
              JsonObject line = new JsonObject();
              line.addProperty("kernel", key.kernel());
              line.addProperty("operation", key.operation());
              line.addProperty("contract", key.contract());
              CheckedRows.VERDICTS.forEach(verdict -> line.addProperty(verdict, tally.count(verdict)));
              line.add("max_ulp", Json.number(tally.maxUlp()));
              checks.add(line);
            });
    data.add("checks", checks);
    JsonArray measured = new JsonArray();
    curves.rows().forEach(row -> measured.add(line(row)));
    data.add("measured_columns", array((Object[]) MEASURED_COLUMNS));
    data.add("measured", measured);
    return data;
  }

  /** A measured row under {@link #MEASURED_COLUMNS}: with the names once, a thousand rows stay small. */
  private static JsonArray line(MeasuredRow row) {
    Work work = row.work();
    Implementation who = row.implementation();
    Time time = row.time();
    JsonArray line =
        array(
            work.operation(), work.dtype(), work.target(), work.batch(), work.classes(), work.reduction(),
            work.direction(), work.data(), who.name(), who.device(), who.threads(), who.transfer());
    if (time == null) {
      line.asList().addAll(array(null, null, null, 0, row.error()).asList());
    } else {
      line.asList()
          .addAll(array(digits(time.median()), digits(time.low()), digits(time.high()), time.samples(), null).asList());
    }
    return line;
  }

  private static JsonArray array(@Nullable Object... values) {
    JsonArray array = new JsonArray();
    for (Object value : values) {
      array.add(
          value == null
              ? JsonNull.INSTANCE
              : value instanceof Number number ? new JsonPrimitive(number) : new JsonPrimitive(value.toString()));
    }
    return array;
  }

  /** As many digits as any measurement is good for. */
  private static BigDecimal digits(double value) {
    return new BigDecimal(value).round(new MathContext(6));
  }

  // ---- text ----

  private static void append(StringBuilder page, String format, Object... values) {
    page.append(Html.format(format, values));
  }

  /** A JSON value as people read it. */
  private static String shown(JsonElement value) {
    return switch (value) {
      case null -> "unknown";
      case JsonPrimitive primitive -> primitive.getAsString();
      case JsonArray array ->
          StreamSupport.stream(array.spliterator(), false).map(HtmlReport::shown).collect(Collectors.joining(" · "));
      case JsonObject object ->
          object.entrySet().stream()
              .map(entry -> "%s: %s".formatted(entry.getKey().replace('_', ' '), shown(entry.getValue())))
              .collect(Collectors.joining(" · "));
      default -> "–";
    };
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, value < 9.95 ? "%.2f" : "%.1f", value);
  }

  private static String ulp(double value) {
    return Double.isInfinite(value) ? "∞" : String.format(Locale.ROOT, value < 1000 ? "%.3f" : "%.3g", value);
  }

  private static String style() {
    try (InputStream css = Objects.requireNonNull(HtmlReport.class.getResourceAsStream("report.css"))) {
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
