package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lanewise.bench.compare.CompareWords;
import org.lanewise.bench.compare.Comparison;
import org.lanewise.bench.compare.Comparison.Curve;
import org.lanewise.bench.compare.Crossover;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.Quantity;

/**
 * A kernel on the CPU, on one thread and on several, beside a GPU under each transfer: one plot a work and implementation on
 * the GPU.
 */
record CrossoverSection(Results results, List<Comparison> comparisons) implements Section {
  /** What is timed under each transfer, in a few words. */
  private static final Map<String, String> TRANSFERS = new LinkedHashMap<>();

  static {
    TRANSFERS.put("resident", "operands on the device, device time alone");
    TRANSFERS.put("resident-cold", "the same, out of its cache");
    TRANSFERS.put("launch", "operands there, the host waits for each call");
    TRANSFERS.put("pinned", "copied from page-locked host memory, results copied back");
    TRANSFERS.put("pageable", "the same with ordinary arrays");
  }

  @Override
  public void render(Page page) {
    Page plots = page.nested();
    comparisons.forEach(
        comparison ->
            comparison.curves().stream()
                .filter(curve -> curve.batches().size() > 1) // at one batch size nothing can cross
                .forEach(
                    curve -> curve.groups().forEach((name, others) -> plot(plots, comparison, curve, name, others))));
    if (plots.isEmpty()) {
      return;
    }
    page.open("crossover", "From which batch size on another one wins");
    page.add("<p>Logits computed per second by batch size. A ring stands where one overtakes the other, interpolated ")
        .add("between measured points; its bar shows how far the 5th and 95th percentiles of the times leave room for ")
        .add("it. Where it is not clear who is faster on both sides there is no ring, and nothing is said beyond the ")
        .add("measured points.</p>\n");
    transfers(page);
    page.add("<div class=\"plots\">\n").add(plots.toString()).add("</div>\n");
    for (Comparison comparison : comparisons) {
      if (!comparison.hasDevice()) {
        page.add("<p class=\"warn\">%s <code>%s</code></p>\n", CompareWords.NO_GPU, CompareWords.MEASURE_A_GPU);
      }
      String alone =
          comparison.unmatched().entrySet().stream()
              .map(entry -> "%s (%s)".formatted(entry.getKey().label(), Words.count(entry.getValue().size(), "point")))
              .collect(Collectors.joining(", "));
      if (!alone.isEmpty()) {
        page.add("<p class=\"note\">Without a partner, and not compared: %s.</p>\n", alone);
      }
    }
    page.close();
  }

  private void transfers(Page page) {
    List<String> drawn =
        comparisons.stream()
            .flatMap(comparison -> comparison.curves().stream())
            .flatMap(curve -> curve.others().keySet().stream())
            .map(Implementation::transfer)
            .distinct()
            .toList();
    String said =
        TRANSFERS.entrySet().stream()
            .filter(transfer -> drawn.contains(transfer.getKey()))
            .map(transfer -> Html.format("<b>%s</b>: %s", transfer.getKey(), transfer.getValue()))
            .collect(Collectors.joining("; "));
    if (!said.isEmpty()) {
      page.add("<p>What is timed: ").add(said).add(".</p>\n");
    }
  }

  private void plot(Page page, Comparison comparison, Curve curve, String group, List<Implementation> others) {
    List<Implementation> all = new ArrayList<>(curve.base().keySet());
    all.addAll(others);
    List<Plot.Series> series = new ArrayList<>();
    for (Implementation who : all) {
      List<Plot.Point> points = curve.rows(who).stream().map(row -> ThroughputPlot.point(row)).toList();
      Who where = Who.of(who, comparison.environment(who));
      Style style = where.onCpu() ? results.styles().of(where) : results.styles().ofTransfer(who.transfer());
      series.add(new Plot.Series(CompareWords.shortName(who), style, Plot.Form.LINE, points));
    }
    List<Plot.Crossing> crossings = new ArrayList<>();
    StringBuilder sentences = new StringBuilder("<ul class=\"outcomes\">");
    Table found =
        new Table("")
            .text("Kernel", "kernel")
            .text("Against", "against")
            .number("Batch", "batch")
            .number("Low", "low")
            .number("High", "high")
            .text("Faster from there on", "faster");
    for (Implementation base : curve.base().keySet()) {
      Map<Implementation, Crossover.Outcome> outcomes = new LinkedHashMap<>();
      for (Implementation other : others) {
        Crossover.Outcome outcome = Crossover.between(curve.rows(base), curve.rows(other));
        outcomes.put(other, outcome);
        for (Crossover crossover : outcome.crossovers()) {
          double y = at(crossover.batch(), curve.rows(base), curve.rows(other));
          crossings.add(new Plot.Crossing(crossover.batch(), y, crossover.low(), crossover.high()));
          found.row(
              Table.Cell.of(base.label()),
              Table.Cell.of(other.label()),
              Table.Cell.of("", crossover.batch()),
              Table.Cell.of("", crossover.low()),
              Table.Cell.of("", crossover.high()),
              Table.Cell.of((crossover.secondWins() ? other : base).label()));
        }
      }
      CompareWords.sentences(base, outcomes).forEach(sentence -> sentences.append(Html.format("<li>%s</li>", sentence)));
    }
    sentences.append("</ul>\n");
    String title = "%s: %s".formatted(group, Words.title(curve.work()));
    String cpu = comparisons.size() > 1 ? " on " + cpu(comparison, curve) : "";
    Plot plot =
        new Plot(
            "Crossover: " + title, ThroughputPlot.BATCH, ThroughputPlot.UNIT, series, List.of(), crossings);
    page.figure(
        title, Words.detail(curve.work()) + cpu, plot.render() + sentences, throughput(curve, all), found);
  }

  private static String cpu(Comparison comparison, Curve curve) {
    Implementation base = curve.base().keySet().iterator().next();
    return Words.cpu(Who.of(base, comparison.environment(base)).cpu());
  }

  /** The numbers of the plot, side by side as a terminal shows them. */
  private static Table throughput(Curve curve, List<Implementation> all) {
    Table table = new Table("logits per second").number("Batch", null);
    all.forEach(who -> table.number(CompareWords.shortName(who), null));
    for (int batch : curve.batches()) {
      List<Table.Cell> cells = new ArrayList<>(List.of(Table.Cell.shown(Numbers.count(batch))));
      for (Implementation who : all) {
        MeasuredRow row = curve.row(who, batch);
        cells.add(Table.Cell.shown(row == null ? Numbers.UNKNOWN : Quantity.si(row.elementsPerSecond())));
      }
      table.row(cells.toArray(Table.Cell[]::new));
    }
    return table;
  }

  /** The throughput of a curve between the points that it has in common with another, where {@link Crossover} looks. */
  static double at(double batch, List<MeasuredRow> rows, List<MeasuredRow> others) {
    List<MeasuredRow> common =
        rows.stream().filter(row -> others.stream().anyMatch(other -> other.work().equals(row.work()))).toList();
    MeasuredRow left = common.getFirst();
    MeasuredRow right = common.getLast();
    for (MeasuredRow row : common) {
      left = row.work().batch() <= batch ? row : left;
      right = row.work().batch() >= batch && row.work().batch() < right.work().batch() ? row : right;
    }
    double width = Math.log((double) right.work().batch() / left.work().batch());
    double share = width == 0 ? 0 : Math.log(batch / left.work().batch()) / width;
    return left.elementsPerSecond() * Math.pow(right.elementsPerSecond() / left.elementsPerSecond(), share);
  }
}
