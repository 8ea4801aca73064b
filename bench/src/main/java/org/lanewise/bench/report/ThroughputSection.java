package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Quantity;
import org.lanewise.bench.results.Units;

/** Throughput over batch size, beside what caches and memory allow. */
record ThroughputSection(Results results) implements Section {
  private static final String UNITS =
      "In the tables GB/s is the bytes that a call must read and write at least, over its time; % read is that over "
          + "what one thread reads from memory, on a GPU over what it copies within its own, and above 100 in a cache.";

  @Override
  public void render(Page page) {
    Curves curves = results.curves();
    if (curves.rows().isEmpty()) {
      return;
    }
    Page plots = page.nested();
    curves.plots().forEach((work, rows) -> plot(plots, work, rows));
    boolean lines =
        curves.plots().entrySet().stream()
            .anyMatch(plot -> !new ThroughputPlot(results, plot.getKey(), plot.getValue()).single());
    page.open("throughput", lines ? "Throughput over batch size" : "Throughput");
    Noise noise = Noise.of(curves.rows());
    if (!noise.sentence().isEmpty()) {
      page.add("<p class=\"warn\">%s</p>\n", noise.sentence());
    }
    page.add("<p>Logits computed per second; higher is better. A point is the median of the samples, its bar reaches ")
        .add("from the 5th to the 95th percentile. %s %s</p>\n", legend(plots.toString()), UNITS);
    if (curves.replaced() > 0) {
      page.add(
          "<p class=\"note\">In more than one file, the last of which is shown: %s.</p>\n",
          Words.count(curves.replaced(), "row"));
    }
    page.add("<div class=\"plots\">\n").add(plots.toString()).add("</div>\n");
    unmeasured(page);
    page.close();
  }

  /** What lines without markers mean, where there are such: {@link ThroughputPlot} draws them. */
  private static String legend(String plots) {
    List<String> sentences = new ArrayList<>();
    if (plots.contains("class=\"guide\"")) {
      sentences.add("Vertical lines mark the batch whose operands fill a cache.");
    }
    if (plots.contains("class=\"roof s0")) {
      sentences.add(
          "Dashed is 'read', which reads the operands (and writes as many bytes as the gradient has) and computes"
              + " nothing.");
    }
    if (plots.contains("class=\"roof s1")) {
      sentences.add("Dotted is what one thread reads from memory, far beyond the caches.");
    }
    return String.join(" ", sentences);
  }

  private void plot(Page page, Work work, List<Measured> rows) {
    String title = Words.title(work);
    String detail = Words.detail(work);
    ThroughputPlot plot = new ThroughputPlot(results, work, rows);
    page.figure(title, detail + plot.batch(), plot.render(), table(rows, results.curves().reads(work)));
  }

  private Table table(List<Measured> rows, List<Measured> reads) {
    SpeedUps speedUps = new SpeedUps(results.curves());
    Table table =
        new Table("")
            .text("By", "by")
            .number("Batch", "batch")
            .number("Median", "median_ns")
            .number("5 % – 95 %", null)
            .hidden("low_ns")
            .hidden("high_ns")
            .number("logits/s", null)
            .number("GB/s", null)
            .number("% read", null)
            .number("cyc est.", null)
            .number("x scalar", null);
    if (rows.getFirst().work().classes() > 1) { // else they are the logits
      table.number("rows/s", null);
    }
    results.curves().who().stream()
        .flatMap(who -> rows.stream().filter(row -> row.who().equals(who)))
        .forEach(row -> table.row(cells(row, speedUps.againstBaseline(row))));
    reads.forEach(row -> table.row(cells(row, Double.NaN)));
    return table;
  }

  private Table.Cell[] cells(Measured row, double speedUp) {
    Time time = row.timed();
    Units units = row.units();
    List<Table.Cell> cells = new ArrayList<>();
    cells.add(Table.Cell.of(results.curves().label(row.who())));
    cells.add(Table.Cell.of(Integer.toString(row.work().batch()), row.work().batch()));
    cells.add(Table.Cell.of(Quantity.nanos(time.median()), time.median()));
    cells.add(Table.Cell.shown(range(Quantity.nanos(time.low()), Quantity.nanos(time.high()))));
    cells.add(Table.Cell.of("", time.low()));
    cells.add(Table.Cell.of("", time.high()));
    cells.add(Table.Cell.shown(Quantity.si(row.elementsPerSecond())));
    cells.add(Table.Cell.shown(Numbers.digits(units.bytesPerSecond() / 1e9)));
    cells.add(Table.Cell.shown(Numbers.digits(100 * units.bandwidthShare())));
    cells.add(Table.Cell.shown(Numbers.digits(units.cyclesPerElement())));
    cells.add(Table.Cell.shown(Numbers.digits(speedUp)));
    if (row.work().classes() > 1) {
      cells.add(Table.Cell.shown(Numbers.si(units.rowsPerSecond())));
    }
    return cells.toArray(Table.Cell[]::new);
  }

  /** {@code 508 – 530 ns}: the unit once where it is one. */
  private static String range(String low, String high) {
    int unit = low.indexOf(' ');
    return "%s – %s".formatted(high.endsWith(low.substring(unit)) ? low.substring(0, unit) : low, high);
  }

  private void unmeasured(Page page) {
    List<Measured> rows = results.curves().rows().stream().filter(row -> row.time() == null).toList();
    if (rows.isEmpty()) {
      return;
    }
    Table table = new Table("").text("Point", null).text("By", null).wide("Reason", null);
    for (Measured row : rows) {
      table.row(
          Table.Cell.of(row.work().toString()),
          Table.Cell.of(results.curves().label(row.who())),
          Table.Cell.of(Objects.requireNonNull(row.row().error())));
    }
    page.add("<details><summary>Points that could not be measured: %d</summary>", rows.size());
    page.add(table.html()).add("</details>\n");
  }
}
