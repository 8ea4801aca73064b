package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Quantity;

/** Each sample of each fork a dot: a loop that the JIT compiles in two ways shows two heaps. */
record ForkSection(Results results) implements Section {
  /** Forks whose medians differ by less are told nowhere: samples of one fork differ as much. */
  private static final double NOTABLE = 1.05;

  private static final int LISTED = 12;

  private record Apart(Measured row, List<List<Double>> forks, double ratio) {}

  @Override
  public void render(Page page) {
    Page plots = page.nested();
    results.curves().statedPoints().forEach((work, rows) -> plot(plots, work, rows));
    if (plots.isEmpty()) {
      return;
    }
    page.open("forks", "Samples by fork");
    page.add("<p>A fork is a JVM of its own, and a row of dots here; each dot is one iteration, as a multiple of the ")
        .add("median of all. The JIT compiler may compile the same loop in two ways: then forks stand apart.</p>\n")
        .add("<div class=\"plots\">\n")
        .add(plots.toString())
        .add("</div>\n");
    apart(page);
    page.close();
  }

  private void plot(Page page, Work work, List<Measured> rows) {
    List<RowPlot.Row> lines = new ArrayList<>();
    Table table =
        new Table("")
            .text("By", "by")
            .number("Fork", "fork")
            .number("Median", "median_ns")
            .number("Least", "least_ns")
            .number("Most", "most_ns")
            .number("Samples", "samples");
    for (Measured row : rows) {
      List<List<Double>> forks = Samples.forks(row.row());
      if (forks.isEmpty()) {
        continue;
      }
      double median = Samples.median(forks.stream().flatMap(List::stream).toList());
      String label = results.curves().label(row.who());
      List<RowPlot.Lane> lanes = new ArrayList<>();
      for (List<Double> fork : forks) {
        lanes.add(new RowPlot.Dots(fork.stream().map(sample -> sample / median).toList()));
        double middle = Samples.median(fork);
        double least = fork.stream().min(Comparator.naturalOrder()).orElseThrow();
        double most = fork.stream().max(Comparator.naturalOrder()).orElseThrow();
        table.row(
            Table.Cell.of(label),
            Table.Cell.of(Integer.toString(lanes.size()), lanes.size()),
            Table.Cell.of(Quantity.nanos(middle), middle),
            Table.Cell.of(Quantity.nanos(least), least),
            Table.Cell.of(Quantity.nanos(most), most),
            Table.Cell.of(Integer.toString(fork.size()), fork.size()));
      }
      lines.add(
          new RowPlot.Row("%s, median %s".formatted(label, Quantity.nanos(median)), results.styles().of(row.who()), lanes));
    }
    String title = Words.title(work);
    RowPlot plot = new RowPlot("Samples by fork: " + title, Plot.Scale.linear("time / median of all forks"), lines);
    page.figure(title, "at " + Words.point(work), plot.render(), table);
  }

  /** The rows whose forks disagree the most, wherever they are on the curves. */
  private void apart(Page page) {
    List<Apart> apart = new ArrayList<>();
    for (Measured row : results.curves().rows()) {
      List<List<Double>> forks = Samples.forks(row.row());
      double ratio = Samples.disagreement(forks);
      if (ratio >= NOTABLE) {
        apart.add(new Apart(row, forks, ratio));
      }
    }
    apart.sort(Comparator.comparingDouble(Apart::ratio).reversed());
    Table table =
        new Table("Where the medians of the forks are furthest apart")
            .text("By", null)
            .wide("Point", null)
            .number("Slowest / fastest fork", null)
            .wide("Medians of the forks", null);
    for (Apart one : apart.subList(0, Math.min(LISTED, apart.size()))) {
      table.row(
          Table.Cell.of(results.curves().label(one.row().who())),
          Table.Cell.of(one.row().work().toString()),
          Table.Cell.of(Numbers.ratio(one.ratio())),
          Table.Cell.of(
              String.join(" · ", one.forks().stream().map(fork -> Quantity.nanos(Samples.median(fork))).toList())));
    }
    if (!table.isEmpty()) {
      page.add(table.html());
    }
  }
}
