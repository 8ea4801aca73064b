package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Quantity;
import org.lanewise.bench.results.Units;

/**
 * One plot of throughput: lines over the batch size with the roofs of the hardware, or, where a single batch was
 * measured, one row an implementation.
 *
 * @param work at batch 1
 * @param rows those measured, by ascending batch
 */
record ThroughputPlot(Results results, Work work, List<Measured> rows) {
  static final String UNIT = "logits per second";

  static final Plot.Scale BATCH = Plot.Scale.log("batch size (rows per call)");

  /** Whether it is of a single batch. */
  boolean single() {
    return rows.getFirst().work().batch() == rows.getLast().work().batch();
  }

  /** What a plot of a single batch must say of it. */
  String batch() {
    return single() ? ", batch %,d".formatted(rows.getFirst().work().batch()) : "";
  }

  String render() {
    String title = "Throughput over batch size: %s, %s".formatted(Words.title(work), Words.detail(work));
    if (single()) {
      return new RowPlot(title, Plot.Scale.log(UNIT), bySpeed()).render();
    }
    List<Plot.Series> series = new ArrayList<>();
    for (Who who : results.curves().who()) {
      List<Plot.Point> points =
          rows.stream().filter(row -> row.who().equals(who)).map(row -> point(row)).toList();
      series.add(new Plot.Series(results.curves().label(who), results.styles().of(who), Plot.Form.LINE, points));
    }
    List<Plot.Guide> guides = roofs(series);
    return new Plot(title, BATCH, UNIT, series, guides).render();
  }

  private List<RowPlot.Row> bySpeed() {
    return rows.stream()
        .sorted((a, b) -> Double.compare(b.elementsPerSecond(), a.elementsPerSecond()))
        .map(
            row -> {
              Plot.Point point = point(row);
              String label = results.curves().label(row.who());
              return new RowPlot.Row(
                  "%s: %s/s".formatted(label, Quantity.si(point.y())),
                  results.styles().of(row.who()),
                  List.of(new RowPlot.Interval(point.y(), point.low(), point.high())));
            })
        .toList();
  }

  private static Plot.Point point(Measured row) {
    return point(row.row());
  }

  /** A row that was measured. */
  static Plot.Point point(MeasuredRow row) {
    Time time = Objects.requireNonNull(row.time());
    double elements = row.work().elements() * 1e9;
    return new Plot.Point(
        row.work().batch(), elements / time.median(), elements / time.high(), elements / time.low());
  }

  /** Adds the roofs to the series and gives the cache marks; of several machines, neither is of the plot. */
  private List<Plot.Guide> roofs(List<Plot.Series> series) {
    List<Measured> onCpu = rows.stream().filter(row -> row.who().onCpu()).toList();
    if (onCpu.stream().map(row -> row.who().cpu()).distinct().count() != 1) {
      return List.of();
    }
    String cpu = onCpu.getFirst().who().cpu();
    List<Measured> reads =
        results.curves().reads(work).stream().filter(read -> read.who().cpu().equals(cpu)).toList();
    addRoof(series, "read", 0, reads.stream().map(row -> point(row)).toList());
    Set<Hardware> machines =
        onCpu.stream()
            .map(row -> Hardware.of(row.environment()))
            .filter(machine -> !machine.caches().isEmpty())
            .collect(Collectors.toSet());
    if (machines.size() != 1) {
      return List.of();
    }
    Hardware machine = machines.iterator().next();
    double rowBytes = Units.bytes(work);
    if (!Double.isNaN(machine.readBandwidth())) {
      double rate = machine.readBandwidth() / rowBytes * work.classes();
      String name = "memory bandwidth, %sB/s".formatted(Quantity.si(machine.readBandwidth()));
      double first = rows.getFirst().work().batch();
      double last = rows.getLast().work().batch();
      addRoof(series, name, 1, List.of(Plot.Point.of(first, rate), Plot.Point.of(last, rate)));
    }
    return machine.caches().stream().map(cache -> new Plot.Guide(cache.bytes() / rowBytes, cache.name())).toList();
  }

  private static void addRoof(List<Plot.Series> series, String name, int dashes, List<Plot.Point> points) {
    series.add(new Plot.Series(name, new Style(dashes, false), Plot.Form.ROOF, points));
  }
}
