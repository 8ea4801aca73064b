package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Quantity;
import org.lanewise.bench.results.Units;

/** Throughput over batch size, beside what caches and memory allow. */
record ThroughputSection(Results results) implements Section {
  @Override
  public void render(Page page) {
    Curves curves = results.curves();
    if (curves.rows().isEmpty()) {
      return;
    }
    page.open("throughput", "Throughput over batch size");
    page.add("<p>Logits computed per second; higher is better. A point is the median of the samples, its bar reaches ")
        .add("from the 5th to the 95th percentile. Vertical lines mark the batch whose operands fill a cache. Dashed ")
        .add("is what reading alone allows: <em>plain read</em> reads the operands (and writes as many bytes as the ")
        .add("gradient has) and computes nothing; <em>memory bandwidth</em> is measured far beyond the caches.</p>\n");
    if (curves.replaced() > 0) {
      page.add("<p class=\"note\">%d rows occur in more than one file; the last is shown.</p>\n", curves.replaced());
    }
    page.add("<div class=\"plots\">\n");
    curves.plots().forEach((work, rows) -> plot(page, work, rows));
    page.add("</div>\n");
    unmeasured(page);
    page.close();
  }

  private void plot(Page page, Work work, List<MeasuredRow> rows) {
    String title = Words.title(work);
    String detail = Words.detail(work);
    ThroughputPlot plot = new ThroughputPlot(results, work, rows);
    page.figure(title, detail + plot.batch(), plot.render(), table(rows, results.curves().reads(work)));
  }

  private Table table(List<MeasuredRow> rows, List<MeasuredRow> reads) {
    SpeedUps speedUps = new SpeedUps(results.curves());
    Table table =
        new Table("")
            .text("By", "by")
            .number("Batch", "batch")
            .number("Median", "median_ns")
            .number("5 % – 95 %", null)
            .hidden("low_ns")
            .hidden("high_ns")
            .number("Logits/s", null)
            .number("Bytes/s", null)
            .number("Of bandwidth", null)
            .number("Cycles/logit, est.", null)
            .number("vs scalar", null);
    if (rows.getFirst().work().classes() > 1) { // else they are the logits
      table.number("Rows/s", null);
    }
    results.curves().implementations().stream()
        .flatMap(who -> rows.stream().filter(row -> row.implementation().equals(who)))
        .forEach(row -> table.row(cells(row, row.implementation().label(), speedUps.againstBaseline(row))));
    reads.forEach(row -> table.row(cells(row, "plain read", Double.NaN)));
    return table;
  }

  private Table.Cell[] cells(MeasuredRow row, String by, double speedUp) {
    Time time = Objects.requireNonNull(row.time());
    Units units = Units.of(row, results.curves().environment(row));
    List<Table.Cell> cells = new ArrayList<>();
    cells.add(Table.Cell.of(by));
    cells.add(Table.Cell.of(Integer.toString(row.work().batch()), row.work().batch()));
    cells.add(Table.Cell.of(Quantity.nanos(time.median()), time.median()));
    cells.add(Table.Cell.shown(range(Quantity.nanos(time.low()), Quantity.nanos(time.high()))));
    cells.add(Table.Cell.of("", time.low()));
    cells.add(Table.Cell.of("", time.high()));
    cells.add(Table.Cell.shown(Quantity.si(row.elementsPerSecond())));
    cells.add(Table.Cell.shown(Numbers.si(units.bytesPerSecond())));
    cells.add(Table.Cell.shown(Numbers.percent(units.bandwidthShare())));
    cells.add(Table.Cell.shown(Numbers.two(units.cyclesPerElement())));
    cells.add(Table.Cell.shown(Numbers.ratio(speedUp)));
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
    List<MeasuredRow> rows = results.curves().rows().stream().filter(row -> row.time() == null).toList();
    if (rows.isEmpty()) {
      return;
    }
    Table table = new Table("").text("Point", null).text("By", null).wide("Reason", null);
    for (MeasuredRow row : rows) {
      table.row(
          Table.Cell.of(row.work().toString()),
          Table.Cell.of(row.implementation().label()),
          Table.Cell.of(Objects.requireNonNull(row.error())));
    }
    page.add("<details><summary>Points that could not be measured: %d</summary>", rows.size());
    page.add(table.html()).add("</details>\n");
  }
}
