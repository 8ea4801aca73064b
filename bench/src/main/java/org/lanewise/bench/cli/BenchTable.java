package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Quantity;
import org.lanewise.bench.results.Units;

/**
 * Measured rows as a table: one heading an operation and direction, one line a kernel, below it what the columns mean and
 * what went wrong.
 */
final class BenchTable {
  private static final String SCALAR = "scalar";

  /** The baseline that is no loss; that it is faster means nothing. */
  private static final String READ = "read";

  /** What a table that is too wide does without, in this order: the first two follow from other columns. */
  private static final List<String> SPARED = List.of("rows/s", "% read", "cyc est.");

  private interface Cell {
    String of(MeasuredRow row, Time time);
  }

  /**
   * A column of numbers.
   *
   * @param meaning one line below the table; empty where the name says it
   */
  private record Column(String name, String meaning, Cell cell) {}

  private final List<MeasuredRow> rows;
  private final JsonObject environment;

  private BenchTable(List<MeasuredRow> rows, JsonObject environment) {
    this.rows = rows;
    this.environment = environment;
  }

  /**
   * The table, ending in a line end.
   *
   * @param environment where the rows were measured; what it does not tell has no column
   */
  static String of(List<MeasuredRow> rows, JsonObject environment) {
    BenchTable table = new BenchTable(rows, environment);
    List<Column> columns = table.columns();
    List<String> spared = new ArrayList<>();
    TextTable lines = table.lines(columns);
    for (String name : SPARED) {
      if (lines.width() > Paragraph.WIDTH && columns.removeIf(column -> column.name().equals(name))) {
        spared.add(name);
        lines = table.lines(columns);
      }
    }
    return lines + meanings(columns) + left(spared) + table.reasons();
  }

  static String heading(Work work) {
    return "%s %s, %s, %s, %s data"
        .formatted(work.operation(), work.direction(), work.dtype(), work.reduction(), work.data());
  }

  private List<Column> columns() {
    List<Column> columns = new ArrayList<>();
    columns.add(
        new Column(
            "ns/call",
            "median; at batch 1 the latency of a single row",
            (_, time) -> Quantity.grouped(time.median())));
    columns.add(
        new Column(
            "±%",
            "half of what lies between the 5th and 95th percentile of the samples",
            (_, time) -> String.format(Locale.ROOT, "%.0f", 50 * (time.high() - time.low()) / time.median())));
    columns.add(new Column("logits/s", "", (row, _) -> Quantity.si(row.elementsPerSecond())));
    columns.add(new Column("rows/s", "", (row, _) -> Quantity.si(units(row).rowsPerSecond())));
    columns.add(
        new Column(
            "GB/s",
            "the bytes that a call must read and write at least, over its time",
            (row, _) -> Quantity.digits(units(row).bytesPerSecond() / 1e9)));
    if (isKnown(row -> units(row).bandwidthShare())) {
      columns.add(
          new Column(
              "% read",
              "of the %s GB/s that a thread reads from memory; over 100 in a cache"
                  .formatted(Quantity.digits(Environment.readBandwidth(environment) / 1e9)),
              (row, _) -> Quantity.digits(100 * units(row).bandwidthShare())));
    }
    if (isKnown(row -> units(row).cyclesPerElement())) {
      columns.add(
          new Column(
              "cyc est.",
              "cycles a logit, estimated from a clock of %s GHz"
                  .formatted(Quantity.digits(Environment.clock(environment) / 1e9)),
              (row, _) -> Quantity.digits(units(row).cyclesPerElement())));
    }
    if (rows.stream().anyMatch(BenchTable::isScalar)) {
      columns.add(new Column("x scalar", "times as fast as the kernel scalar", this::speedUp));
    }
    return columns;
  }

  private Units units(MeasuredRow row) {
    return Units.of(row, environment);
  }

  private boolean isKnown(ToDoubleFunction<MeasuredRow> value) {
    return rows.stream().mapToDouble(value).anyMatch(known -> !Double.isNaN(known));
  }

  private static boolean isScalar(MeasuredRow row) {
    return row.time() != null && row.implementation().name().equals(SCALAR);
  }

  private String speedUp(MeasuredRow row, Time time) {
    String name = row.implementation().name();
    return rows.stream()
        .filter(other -> isScalar(other) && other.work().equals(row.work()) && !name.equals(SCALAR) && !name.equals(READ))
        .map(MeasuredRow::time)
        .findFirst()
        .map(scalar -> Quantity.digits(scalar.median() / time.median()))
        .orElse("");
  }

  private TextTable lines(List<Column> columns) {
    List<String> header = new ArrayList<>(List.of("shape", "kernel"));
    columns.forEach(column -> header.add(column.name()));
    TextTable table = new TextTable("ll" + "r".repeat(columns.size()), header.toArray(String[]::new));
    Map<String, List<MeasuredRow>> groups =
        rows.stream()
            .collect(Collectors.groupingBy(row -> heading(row.work()), LinkedHashMap::new, Collectors.toList()));
    groups.forEach(
        (heading, group) -> {
          table.heading("");
          table.heading(heading);
          String shape = "";
          for (MeasuredRow row : group) {
            String shown = row.work().shape();
            List<String> cells = new ArrayList<>(List.of(shown.equals(shape) ? "" : shown, row.implementation().label()));
            shape = shown;
            Time time = row.time();
            columns.forEach(column -> cells.add(time == null ? "" : column.cell().of(row, time)));
            if (time == null) {
              cells.set(2, "error");
            }
            table.row(cells.toArray(String[]::new));
          }
        });
    return table;
  }

  private static String meanings(List<Column> columns) {
    return columns.stream()
        .filter(column -> !column.meaning().isEmpty())
        .map(column -> "%-8s  %s%n".formatted(column.name(), column.meaning()))
        .collect(Collectors.joining("", "\n", ""));
  }

  private static String left(List<String> out) {
    return out.isEmpty()
        ? ""
        : "Left out for lack of room: %s%n".formatted(String.join(", ", out));
  }

  /** Each reason once, with who it kept from being measured. */
  private String reasons() {
    Map<String, Set<String>> reasons = new LinkedHashMap<>();
    for (MeasuredRow row : rows) {
      if (row.error() != null) {
        reasons.computeIfAbsent(row.error(), _ -> new LinkedHashSet<>()).add(row.implementation().label());
      }
    }
    StringBuilder text = new StringBuilder();
    reasons.forEach((reason, who) -> text.append("%s: %s%n".formatted(String.join(", ", who), reason)));
    return text.isEmpty() ? "" : "\n" + text;
  }
}
