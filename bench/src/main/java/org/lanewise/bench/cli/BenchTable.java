package org.lanewise.bench.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Quantity;

/** Measured rows as a table of at most 80 columns: one heading an operation and direction, one line a kernel. */
final class BenchTable {
  private BenchTable() {}

  /** The table, ending in a line end. */
  static String of(List<MeasuredRow> rows) {
    TextTable table = new TextTable("llrrrrr", "shape", "kernel", "ns/call", "low", "high", "logits/s", "vs scalar");
    Map<String, List<MeasuredRow>> groups =
        rows.stream()
            .collect(Collectors.groupingBy(row -> heading(row.work()), LinkedHashMap::new, Collectors.toList()));
    groups.forEach(
        (heading, group) -> {
          table.heading("");
          table.heading(heading);
          group(table, group);
        });
    return table.toString();
  }

  private static String heading(Work work) {
    return "%s %s, %s, %s, %s data"
        .formatted(work.operation(), work.direction(), work.dtype(), work.reduction(), work.data());
  }

  private static void group(TextTable table, List<MeasuredRow> rows) {
    String shape = "";
    for (MeasuredRow row : rows) {
      Work work = row.work();
      Time time = row.time();
      String shown = work.shape().equals(shape) ? "" : work.shape();
      shape = work.shape();
      if (time == null) {
        table.row(shown, row.implementation().label(), "error", "", "", "", "");
      } else {
        table.row(
            shown,
            row.implementation().label(),
            Quantity.grouped(time.median()),
            Quantity.grouped(time.low()),
            Quantity.grouped(time.high()),
            Quantity.si(row.elementsPerSecond()),
            ratio(row, rows));
      }
    }
  }

  private static String ratio(MeasuredRow row, List<MeasuredRow> rows) {
    return rows.stream()
        .filter(other -> other.time() != null && other.work().equals(row.work()))
        .filter(other -> other.implementation().name().equals("scalar"))
        .findFirst()
        .map(scalar -> scalar == row ? "" : String.format(Locale.ROOT, "%.2f", speedUp(scalar, row)))
        .orElse("");
  }

  private static double speedUp(MeasuredRow scalar, MeasuredRow row) {
    return Objects.requireNonNull(scalar.time()).median() / Objects.requireNonNull(row.time()).median();
  }
}
