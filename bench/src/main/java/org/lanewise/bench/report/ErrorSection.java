package org.lanewise.bench.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The error of each result against how wrong the model is that predicts it. */
record ErrorSection(Results results) implements Section {
  /** What the error axis shows at least and at most: what lies beyond stands at its edge. */
  private static final double LEAST_ULP = 0.1;

  private static final double MOST_ULP = 1e8;

  /** So many neighbouring stretches make one row of the table. */
  private static final int MERGED = 4;

  private record Panel(String operation, String dtype, String output) {}

  @Override
  public void render(Page page) {
    Map<Panel, List<Accuracy.Curve>> panels =
        results.accuracy().curves().stream()
            .collect(
                Collectors.groupingBy(
                    curve -> new Panel(curve.key().operation(), curve.key().dtype(), curve.key().output()),
                    LinkedHashMap::new,
                    Collectors.toList()));
    if (panels.isEmpty()) {
      return;
    }
    page.open("errors", "Error against the logit");
    page.add("<p>The largest error of each stretch of logits; the thin line is the mean of the medians of four. Right ")
        .add("is wrong and confident: there the loss is large. Left is right and confident: the loss is tiny, and ")
        .add("where one takes the logarithm of a number near 1, nothing of it is left. A correctly rounded result is at most 0.5 ULP ")
        .add("off. Kernels that give the same bits lie on one line. Errors below 0.1 or above 10<sup>8</sup> ULP ")
        .add("stand at the edge.</p>\n<div class=\"plots\">\n");
    panels.forEach((panel, curves) -> plot(page, panel, curves));
    page.add("</div>\n");
    page.close();
  }

  private void plot(Page page, Panel panel, List<Accuracy.Curve> curves) {
    List<Plot.Series> series = new ArrayList<>();
    for (Accuracy.Curve curve : curves) {
      String name = curve.key().implementation();
      Style style = results.styles().of(name);
      series.add(new Plot.Series(name, style, Plot.Form.FAINT, medians(curve)));
      series.add(new Plot.Series(name, style, Plot.Form.CURVE, points(curve.logit(), curve.largest())));
    }
    String title = "%s, %s".formatted(panel.operation(), panel.output().replace('_', ' '));
    String x =
        panel.operation().equals("cross_entropy")
            ? "largest other logit − target's logit"
            : "logit, the target being 0";
    Plot plot =
        new Plot("Error against the logit: " + title, Plot.Scale.linear(x), "error (ULP)", series, List.of());
    String inputs = curves.stream().map(Accuracy.Curve::inputs).distinct().collect(Collectors.joining("; "));
    String detail = "%s, %s".formatted(panel.dtype(), inputs);
    page.figure(title, detail, plot.render(), table(curves, MERGED), table(curves, 1));
  }

  /** One row a stretch of logits, or several of them, and two columns an implementation. */
  private static Table table(List<Accuracy.Curve> curves, int merged) {
    boolean classes = curves.getFirst().key().operation().equals("cross_entropy");
    Table table =
        new Table("Largest error in ULP, and the mean of the medians of the stretches in a row")
            .number(classes ? "Largest other − target" : "Logit", "logit");
    Map<Double, String> names = new HashMap<>();
    Map<Double, List<Table.Cell>> rows = new TreeMap<>();
    for (int k = 0; k < curves.size(); k++) {
      Accuracy.Curve curve = curves.get(k);
      String name = curve.key().implementation();
      table.number(name + ", largest", name + " largest").number("median", name + " median");
      for (int i = 0; i < curve.logit().size(); i += merged) {
        int end = Math.min(i + merged, curve.logit().size());
        double middle = mean(curve.logit().subList(i, end));
        names.put(middle, stretch(curve.logit(), i, end));
        List<Table.Cell> row = rows.computeIfAbsent(middle, _ -> new ArrayList<>());
        fill(row, 2 * k);
        row.add(cell(Collections.max(curve.largest().subList(i, end))));
        row.add(cell(mean(curve.median().subList(i, end))));
      }
    }
    rows.forEach(
        (logit, cells) -> {
          fill(cells, 2 * curves.size());
          cells.addFirst(Table.Cell.of(names.getOrDefault(logit, ""), logit));
          table.row(cells.toArray(Table.Cell[]::new));
        });
    return table;
  }

  /** {@code −104 to −100}: stretches are named by their middles, and reach half way to the next. */
  private static String stretch(List<Double> middles, int from, int to) {
    double half = middles.size() < 2 ? 0 : (middles.get(1) - middles.get(0)) / 2;
    return "%s to %s".formatted(Numbers.tick(middles.get(from) - half), Numbers.tick(middles.get(to - 1) + half));
  }

  /** To three digits: more is no news about an error. */
  private static double rounded(double error) {
    return Double.isFinite(error) ? new BigDecimal(error).round(new MathContext(3)).doubleValue() : error;
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(value -> value).average().orElseThrow();
  }

  private static Table.Cell cell(double error) {
    return Table.Cell.of(Numbers.shortUlp(error), rounded(error));
  }

  /** Where an implementation was not tried, its cells are empty. */
  private static void fill(List<Table.Cell> row, int size) {
    while (row.size() < size) {
      row.add(Table.Cell.shown(""));
    }
  }

  /** The median of several stretches hardly differs from theirs, and a thin line is thin. */
  private static List<Plot.Point> medians(Accuracy.Curve curve) {
    List<Double> logits = new ArrayList<>();
    List<Double> medians = new ArrayList<>();
    for (int i = 0; i < curve.logit().size(); i += MERGED) {
      int end = Math.min(i + MERGED, curve.logit().size());
      logits.add(mean(curve.logit().subList(i, end)));
      medians.add(mean(curve.median().subList(i, end)));
    }
    return points(logits, medians);
  }

  private static List<Plot.Point> points(List<Double> logits, List<Double> errors) {
    List<Plot.Point> points = new ArrayList<>();
    for (int i = 0; i < logits.size(); i++) {
      points.add(Plot.Point.of(logits.get(i), Math.clamp(errors.get(i), LEAST_ULP, MOST_ULP)));
    }
    return points;
  }
}
