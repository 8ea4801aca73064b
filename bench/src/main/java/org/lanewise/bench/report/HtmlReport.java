package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lanewise.bench.compare.Comparison;
import org.lanewise.bench.results.Json;
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
  public static final List<String> KINDS = Results.KINDS;

  private static final Pattern TIME_OF_DAY = Pattern.compile("T\\d\\d:\\d\\d:\\d\\d(Z|[+-]\\d\\d:\\d\\d)$");

  /** The kernel that a GPU, where one was measured, is compared with. */
  private static final String KERNEL = "vector";

  private final Results results;
  private final List<Comparison> comparisons;

  /**
   * The report on the given files; of a measurement or a check made twice the last counts.
   *
   * @throws org.lanewise.bench.UserError if a row cannot be used
   */
  public HtmlReport(List<ResultFile> files) {
    results = new Results(files);
    comparisons = Comparison.withDevices(files, KERNEL);
  }

  /** The report on the given files with a comparison of one's own choice. */
  public HtmlReport(List<ResultFile> files, Comparison comparison) {
    results = new Results(files);
    comparisons = List.of(comparison);
  }

  /** Writes the page beside its place and moves it there. */
  public void write(Path file) {
    SafeFile.write(file, html());
  }

  /** The whole page. */
  public String html() {
    Page page = new Page();
    List<Section> sections =
        List.of(
            new SummarySection(results),
            new GateSection(results),
            new ScatterSection(results),
            new CrossoverSection(results, comparisons),
            new ThroughputSection(results),
            new SpeedUpSection(results),
            new ErrorSection(results),
            new HistogramSection(results),
            new CorrectnessSection(results),
            new CertificateSection(results),
            new ForkSection(results),
            new EnvironmentSection(results),
            new LimitsSection(results));
    sections.forEach(section -> section.render(page));

    StringBuilder html = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .append("<title>Lanewise report</title>\n<style>\n")
        .append(style())
        .append("</style>\n</head>\n<body>\n")
        .append(header(page.anchors()))
        .append(Style.definitions(results.styles().used()))
        .append("<main>\n")
        .append(page)
        .append("</main>\n<script type=\"application/json\" id=\"data\">")
        .append(Html.escapeJson(Json.line(data(page.plots()))))
        .append("</script>\n</body>\n</html>\n");
    return html.toString();
  }

  private String header(List<Page.Anchor> anchors) {
    StringBuilder html =
        new StringBuilder(
            Html.format(
                "<header><h1>Lanewise report</h1><p class=\"sub\">%s · JDK: %s · %s</p><nav>",
                distinct("cpu"),
                distinct("jdk"),
                distinct("utc")));
    for (Page.Anchor anchor : anchors) {
      html.append(Html.format("<a href=\"#%s\">%s</a> ", anchor.id(), anchor.title()));
    }
    return html.append("</nav></header>\n").toString();
  }

  /** What the environments tell, in the order of the files; at most three, so that the head of the page stays one. */
  private String distinct(String fact) {
    List<String> values =
        results.files().stream()
            .map(file -> file.environment().get(fact))
            .filter(Objects::nonNull)
            .map(value -> TIME_OF_DAY.matcher(Fields.shown(value)).replaceFirst(""))
            .distinct()
            .toList();
    return values.isEmpty()
        ? "unknown"
        : values.stream().limit(3).collect(Collectors.joining(", ")) + (values.size() > 3 ? ", …" : "");
  }

  /** The numbers of the page: small, since JMH's records and passed checks stay in the result files. */
  private JsonObject data(JsonArray plots) {
    JsonObject data = new JsonObject();
    data.addProperty("format", "lanewise/report");
    data.addProperty("version", 2);
    JsonArray environments = new JsonArray();
    results.files().forEach(file -> environments.add(file.environment()));
    data.add("environments", environments);
    JsonArray checks = new JsonArray();
    results
        .checked()
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
    data.add("plots", plots);
    return data;
  }

  private static String style() {
    try (InputStream css = Objects.requireNonNull(HtmlReport.class.getResourceAsStream("report.css"))) {
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
