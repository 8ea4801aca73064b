package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.lanewise.bench.grid.Work;

/** Two builds: the ratio of their times with its interval, and each fork a dot below it. */
record GateSection(Results results) implements Section {
  /** What is flagged unless the policy says otherwise, and what must not go unnoticed. */
  private static final List<Plot.Guide> THRESHOLDS =
      List.of(new Plot.Guide(1, "1"), new Plot.Guide(1.02, "2 %"), new Plot.Guide(1.05, "5 %"));

  @Override
  public void render(Page page) {
    GateRows gate = results.gate();
    if (gate.isEmpty()) {
      return;
    }
    page.open("gate", "Two builds");
    if (!gate.compared().isEmpty()) {
      page.add("<p>The candidate's time over the base's: right of 1 is slower. The first line of a benchmark is the ")
          .add("ratio with its 95 % interval; each mark below it is one fork, a JVM that ran both builds. Vertical ")
          .add("lines mark 2 %, above which a benchmark is flagged unless the policy says otherwise, and 5\u00a0%, which ")
          .add("must not go unnoticed.</p>\n<div class=\"plots\">\n");
      Map<String, List<GateRows.Compared>> plots =
          gate.compared().stream()
              .collect(
                  Collectors.groupingBy(row -> Words.title(row.work()), LinkedHashMap::new, Collectors.toList()));
      plots.forEach((title, rows) -> plot(page, title, rows));
      page.add("</div>\n");
    }
    gate.notes().forEach(note -> page.add("<p>%s</p>\n", note));
    page.close();
  }

  private void plot(Page page, String title, List<GateRows.Compared> rows) {
    List<RowPlot.Row> drawn = new ArrayList<>();
    Table table =
        new Table("")
            .text("Kernel", "by")
            .text("Point", "point")
            .text("Verdict", "verdict")
            .number("Ratio", "ratio")
            .number("95 % interval", null)
            .hidden("low")
            .hidden("high")
            .number("Forks", "forks")
            .wide("Reason", null);
    for (GateRows.Compared row : rows) {
      String point = point(row.work());
      if (!Double.isNaN(row.ratio()) && !row.forks().isEmpty()) {
        drawn.add(
            new RowPlot.Row(
                "%s, %s: %s %s".formatted(row.kernel(), point, three(row.ratio()), row.verdict()),
                results.styles().of(row.kernel()),
                List.of(
                    Double.isNaN(row.low())
                        ? new RowPlot.Interval(row.ratio(), row.ratio(), row.ratio())
                        : new RowPlot.Interval(row.ratio(), row.low(), row.high()),
                    new RowPlot.Dots(row.forks()))));
      }
      table.row(
          Table.Cell.of(row.kernel()),
          Table.Cell.of(point),
          Table.Cell.of(row.verdict()),
          Table.Cell.of(three(row.ratio()), row.ratio()),
          Table.Cell.shown(Double.isNaN(row.low()) ? "" : "%s – %s".formatted(three(row.low()), three(row.high()))),
          Table.Cell.of("", row.low()),
          Table.Cell.of("", row.high()),
          Table.Cell.of(Integer.toString(row.forks().size()), row.forks().size()),
          Table.Cell.of(row.reason()));
    }
    Plot.Scale scale = Plot.Scale.linear("time of candidate / base");
    RowPlot plot = new RowPlot("Two builds: " + title, scale, drawn, THRESHOLDS);
    String svg = drawn.isEmpty() ? "<p>None of these could be measured.</p>" : plot.render();
    page.figure(title, Words.count(rows.size(), "benchmark"), svg, table);
  }

  private static String point(Work work) {
    String targets = work.target().equals("soft") || work.target().equals("probabilities") ? ", " + work.target() : "";
    return "%s %s%s, %s data".formatted(work.shape().replace("x", " × "), work.dtype(), targets, work.data());
  }

  private static String three(double ratio) {
    return Double.isNaN(ratio) ? Numbers.UNKNOWN : String.format(Locale.ROOT, "%.3f", ratio);
  }
}
