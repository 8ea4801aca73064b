package org.lanewise.bench.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Quantity;

/** Measured rows as a table: one heading an operation and direction, one line a kernel, below it what went wrong. */
final class BenchTable {
  private static final String SCALAR = "scalar";

  private BenchTable() {}

  /** The table, ending in a line end. */
  static String of(List<MeasuredRow> rows) {
    boolean scalar = rows.stream().anyMatch(row -> row.time() != null && row.implementation().name().equals(SCALAR));
    List<String> header = new ArrayList<>(List.of("shape", "kernel", "ns/call", "low", "high", "logits/s"));
    if (scalar) {
      header.add("vs scalar");
    }
    TextTable table = new TextTable("llrrrrr".substring(0, header.size()), header.toArray(String[]::new));
    Map<String, List<MeasuredRow>> groups =
        rows.stream()
            .collect(Collectors.groupingBy(row -> heading(row.work()), LinkedHashMap::new, Collectors.toList()));
    groups.forEach(
        (heading, group) -> {
          table.heading("");
          table.heading(heading);
          group(table, group, header.size());
        });
    return table + reasons(rows);
  }

  /** Each reason once, with who it kept from being measured. */
  private static String reasons(List<MeasuredRow> rows) {
    Map<String, Set<String>> reasons = new LinkedHashMap<>();
    for (MeasuredRow row : rows) {
      if (row.error() != null) {
        reasons.computeIfAbsent(row.error(), _ -> new LinkedHashSet<>()).add(row.implementation().label());
      }
    }
    StringBuilder text = new StringBuilder();
    reasons.forEach((reason, who) -> text.append("\n%s: %s".formatted(String.join(", ", who), reason)));
    return text.isEmpty() ? "" : text.append('\n').toString();
  }

  static String heading(Work work) {
    return "%s %s, %s, %s, %s data"
        .formatted(work.operation(), work.direction(), work.dtype(), work.reduction(), work.data());
  }

  private static void group(TextTable table, List<MeasuredRow> rows, int columns) {
    String shape = "";
    for (MeasuredRow row : rows) {
      Work work = row.work();
      Time time = row.time();
      String shown = work.shape().equals(shape) ? "" : work.shape();
      shape = work.shape();
      List<String> cells = new ArrayList<>(List.of(shown, row.implementation().label()));
      cells.addAll(
          time == null
              ? List.of("error", "", "", "")
              : List.of(
                  Quantity.grouped(time.median()),
                  Quantity.grouped(time.low()),
                  Quantity.grouped(time.high()),
                  Quantity.si(row.elementsPerSecond())));
      if (cells.size() < columns) {
        cells.add(time == null ? "" : ratio(row, rows));
      }
      table.row(cells.toArray(String[]::new));
    }
  }

  private static String ratio(MeasuredRow row, List<MeasuredRow> rows) {
    return rows.stream()
        .filter(other -> other.time() != null && other.work().equals(row.work()))
        .filter(other -> other.implementation().name().equals(SCALAR))
        .findFirst()
        .map(scalar -> scalar == row ? "" : String.format(Locale.ROOT, "%.2f", speedUp(scalar, row)))
        .orElse("");
  }

  private static double speedUp(MeasuredRow scalar, MeasuredRow row) {
    return Objects.requireNonNull(scalar.time()).median() / Objects.requireNonNull(row.time()).median();
  }
}
