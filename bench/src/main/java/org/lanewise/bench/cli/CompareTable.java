package org.lanewise.bench.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.compare.Comparison;
import org.lanewise.bench.compare.Comparison.Curve;
import org.lanewise.bench.compare.Crossover;
import org.lanewise.bench.compare.Crossover.Outcome;
import org.lanewise.bench.compare.Prices;
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
      Map<String, List<Implementation>> groups = new LinkedHashMap<>();
      for (Implementation who : curve.others().keySet()) {
        groups.computeIfAbsent(group(who), _ -> new ArrayList<>()).add(who);
      }
      groups.forEach((name, implementations) -> text.append(table(curve, name, implementations)));
    }
    comparison
        .unmatched()
        .forEach(
            (who, points) ->
                text.append(
                    "%s: %d points have no partner and are not compared.%n".formatted(who.label(), points)));
    if (!comparison.hasDevice()) {
      text.append(
          """
          No file holds measurements of a GPU, so nothing is said about one. On a machine that has one:
          python3 bench/gpu/pytorch_gpu.py
          """);
    }
    return text.toString();
  }

  /** GPU rows of one implementation that differ in what is transferred stand in one table; so does all on the CPU. */
  private static String group(Implementation who) {
    return who.device().equals("cpu") ? "all on the CPU" : "%s on %s".formatted(who.name(), who.device());
  }

  private String table(Curve curve, String group, List<Implementation> implementations) {
    List<Implementation> columns = new ArrayList<>(curve.base().keySet());
    columns.addAll(implementations);
    List<String> header = new ArrayList<>(List.of("batch"));
    columns.forEach(who -> header.add(column(who)));
    TextTable table = new TextTable("r".repeat(header.size()), header.toArray(String[]::new));
    for (int batch : curve.batches()) {
      List<String> cells = new ArrayList<>(List.of("%,d".formatted(batch)));
      columns.forEach(who -> cells.add(throughput(row(curve, who, batch))));
      table.row(cells.toArray(String[]::new));
    }
    share(curve, columns, table);
    cost(curve, columns, table);
    StringBuilder text = new StringBuilder();
    text.append("%s, %s%n".formatted(BenchTable.heading(curve.work()), classes(curve)));
    text.append("logits/s; %s%n".formatted(group));
    text.append(table);
    for (Map.Entry<Implementation, List<MeasuredRow>> base : curve.base().entrySet()) {
      for (Implementation who : implementations) {
        Outcome outcome = Crossover.between(base.getValue(), Objects.requireNonNull(curve.others().get(who)));
        text.append("  ").append(sentence(base.getKey(), who, outcome)).append('\n');
      }
    }
    return text.append('\n').toString();
  }

  private static String classes(Curve curve) {
    int classes = curve.work().classes();
    return classes == 1 ? "1 logit a row" : "%,d logits a row".formatted(classes);
  }

  /** What tells columns apart: the transfer on a GPU, the threads on a CPU. */
  private static String column(Implementation who) {
    return who.device().equals("cpu") ? who.label() : who.transfer();
  }

  private static @Nullable MeasuredRow row(Curve curve, Implementation who, int batch) {
    List<MeasuredRow> rows = curve.base().containsKey(who) ? curve.base().get(who) : curve.others().get(who);
    return Objects.requireNonNull(rows).stream().filter(row -> row.work().batch() == batch).findFirst().orElse(null);
  }

  private static String throughput(@Nullable MeasuredRow row) {
    return row == null ? "-" : Quantity.si(row.elementsPerSecond());
  }

  /** At the largest batch: there the operands are furthest from any cache. */
  private void share(Curve curve, List<Implementation> columns, TextTable table) {
    List<String> cells = new ArrayList<>(List.of("of bandwidth"));
    for (Implementation who : columns) {
      MeasuredRow row = row(curve, who, curve.batches().getLast());
      double share = row == null ? Double.NaN : Units.of(row, comparison.environment(who)).bandwidthShare();
      cells.add(Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.0f %%", 100 * share));
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
      MeasuredRow row = row(curve, who, curve.batches().getLast());
      Double cost = row == null ? null : prices.ofBillion(row);
      cells.add(cost == null ? "-" : String.format(Locale.ROOT, "%.3g", cost));
    }
    table.row(cells.toArray(String[]::new));
  }

  private static String sentence(Implementation base, Implementation other, Outcome outcome) {
    String who = column(other);
    String of = base.label();
    if (outcome.points() == 0) {
      return "%s and %s have no batch size in common.".formatted(who, of);
    }
    if (outcome.crossovers().isEmpty()) {
      String where = outcome.points() == 1 ? "at the one batch size measured" : "at the %d batch sizes measured".formatted(outcome.points());
      return switch (outcome.throughout()) {
        case -1 -> "%s does not overtake %s %s.".formatted(who, of, where);
        case 1 -> "%s is faster than %s %s.".formatted(who, of, where);
        default -> "%s and %s: neither is clearly faster %s.".formatted(who, of, where);
      };
    }
    List<String> crossings = new ArrayList<>();
    for (Crossover crossover : outcome.crossovers()) {
      crossings.add(
          "%s from batch %s on (%s to %s)"
              .formatted(
                  crossover.secondWins() ? who : of,
                  rounded(crossover.batch()), rounded(crossover.low()), rounded(crossover.high())));
    }
    return "%s against %s: faster is %s.".formatted(who, of, String.join(", then ", crossings));
  }

  /** Interpolation between points a factor of four apart has two digits at best. */
  private static String rounded(double batch) {
    double unit = Math.pow(10, Math.max(0, Math.floor(Math.log10(batch)) - 1));
    return String.format(Locale.ROOT, "%,.0f", Math.round(batch / unit) * unit);
  }
}
