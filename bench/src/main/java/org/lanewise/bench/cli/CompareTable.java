package org.lanewise.bench.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.compare.CompareWords;
import org.lanewise.bench.compare.Comparison;
import org.lanewise.bench.compare.Comparison.Curve;
import org.lanewise.bench.compare.Crossover;
import org.lanewise.bench.compare.Crossover.Outcome;
import org.lanewise.bench.compare.Prices;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.Quantity;
import org.lanewise.bench.results.Units;

/** A comparison for a terminal: throughput by batch size, the kernel beside one other implementation, and crossovers. */
final class CompareTable {
  private final Comparison comparison;
  private final Prices prices;

  CompareTable(Comparison comparison, Prices prices) {
    this.comparison = comparison;
    this.prices = prices;
  }

  /** The text, ending in a line end. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Curve curve : comparison.curves()) {
      curve.groups().forEach((name, implementations) -> text.append(table(curve, name, implementations)));
    }
    comparison
        .unmatched()
        .forEach((who, points) -> text.append(Paragraph.of("%s: %s".formatted(who.label(), alone(points)))));
    if (!comparison.hasDevice()) {
      text.append(Paragraph.of(CompareWords.NO_GPU)).append(CompareWords.MEASURE_A_GPU).append('\n');
    }
    return text.toString();
  }

  private String table(Curve curve, String group, List<Implementation> implementations) {
    StringBuilder text = new StringBuilder();
    text.append("%s, %s%n".formatted(BenchTable.heading(curve.work()), classes(curve)));
    text.append("logits/s; %s%n".formatted(group));
    text.append(tables(curve, implementations).stream().map(TextTable::toString).collect(Collectors.joining("\n")));
    for (Map.Entry<Implementation, List<MeasuredRow>> base : curve.base().entrySet()) {
      Map<Implementation, Outcome> outcomes = new LinkedHashMap<>();
      implementations.forEach(who -> outcomes.put(who, Crossover.between(base.getValue(), curve.rows(who))));
      for (String sentence : CompareWords.sentences(base.getKey(), outcomes)) {
        text.append(Paragraph.of(sentence, "  ", "    "));
      }
    }
    return text.append('\n').toString();
  }

  /** As many beside the kernel as a terminal shows, at least one a table. */
  private List<TextTable> tables(Curve curve, List<Implementation> implementations) {
    List<TextTable> tables = new ArrayList<>();
    int first = 0;
    while (first < implementations.size()) {
      int end = first + 1;
      TextTable table = throughputs(curve, implementations.subList(first, end));
      while (end < implementations.size()) {
        TextTable wider = throughputs(curve, implementations.subList(first, end + 1));
        if (wider.width() > Paragraph.WIDTH) {
          break;
        }
        table = wider;
        end++;
      }
      tables.add(table);
      first = end;
    }
    return tables;
  }

  private TextTable throughputs(Curve curve, List<Implementation> implementations) {
    List<Implementation> columns = new ArrayList<>(curve.base().keySet());
    columns.addAll(implementations);
    List<String> header = new ArrayList<>(List.of("batch"));
    columns.forEach(who -> header.add(CompareWords.shortName(who).replace(", ", ",\n")));
    TextTable table = new TextTable("r".repeat(header.size()), header.toArray(String[]::new));
    for (int batch : curve.batches()) {
      List<String> cells = new ArrayList<>(List.of("%,d".formatted(batch)));
      columns.forEach(who -> cells.add(throughput(curve.row(who, batch))));
      table.row(cells.toArray(String[]::new));
    }
    share(curve, columns, table);
    cost(curve, columns, table);
    return table;
  }

  /** Which points: their shapes, by what was computed of them. */
  private static String alone(List<Work> points) {
    Map<String, Set<String>> shapes = new LinkedHashMap<>();
    for (Work point : points) {
      shapes
          .computeIfAbsent("%s %s".formatted(point.operation(), point.dtype()), _ -> new LinkedHashSet<>())
          .add(point.shape());
    }
    return "%d point%s without a partner, and not compared: %s."
        .formatted(
            points.size(),
            points.size() == 1 ? "" : "s",
            shapes.entrySet().stream()
                .map(kind -> "%s of %s".formatted(kind.getKey(), String.join(", ", kind.getValue())))
                .collect(Collectors.joining("; ")));
  }

  private static String classes(Curve curve) {
    int classes = curve.work().classes();
    return classes == 1 ? "1 logit a row" : "%,d logits a row".formatted(classes);
  }

  private static String throughput(@Nullable MeasuredRow row) {
    return row == null ? "-" : Quantity.si(row.elementsPerSecond());
  }

  /** At the largest batch: there the operands are furthest from any cache. */
  private void share(Curve curve, List<Implementation> columns, TextTable table) {
    List<String> cells = new ArrayList<>(List.of("of bandwidth"));
    for (Implementation who : columns) {
      MeasuredRow row = curve.row(who, curve.batches().getLast());
      double share = row == null ? Double.NaN : Units.of(row, comparison.environment(who)).bandwidthShare();
      cells.add(share > 0 && Double.isFinite(share) ? String.format(Locale.ROOT, "%.0f %%", 100 * share) : "-");
    }
    if (cells.stream().anyMatch(cell -> cell.endsWith("%"))) {
      table.row(cells.toArray(String[]::new));
    }
  }

  private void cost(Curve curve, List<Implementation> columns, TextTable table) {
    if (prices.isEmpty()) {
      return;
    }
    List<String> cells = new ArrayList<>(List.of("per 10^9"));
    for (Implementation who : columns) {
      MeasuredRow row = curve.row(who, curve.batches().getLast());
      Double cost = row == null ? null : prices.ofBillion(row);
      cells.add(cost == null ? "-" : String.format(Locale.ROOT, "%.3g", cost));
    }
    table.row(cells.toArray(String[]::new));
  }
}
