package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.report.Accuracy.Largest;

/** Speed and accuracy at once: one dot an implementation, one plot an operation and direction. */
record ScatterSection(Results results) implements Section {
  /** On a logarithmic axis, errors below stand here. */
  private static final double LEAST_ULP = 0.1;

  @Override
  public void render(Page page) {
    Page plots = page.nested();
    results.curves().statedPoints().forEach((work, rows) -> plot(plots, work, rows));
    if (plots.isEmpty()) {
      return;
    }
    page.open("scatter", "Speed and accuracy");
    page.add("<p>Time of a logit against the largest error of the result: left is faster, down is more accurate. ")
        .add("Each plot is of one point, named above it: of those that the most implementations computed, the one ")
        .add("nearest to 262,144 logits. Errors are in units in the last place (ULP).</p>\n")
        .add("<div class=\"plots\">\n")
        .add(plots.toString())
        .add("</div>\n");
    page.close();
  }

  private void plot(Page page, Work work, List<Measured> rows) {
    List<Plot.Series> series = new ArrayList<>();
    Table table =
        new Table("")
            .text("By", "by")
            .number("Time a logit", "ns_per_logit")
            .number("Max ULP", "max_ulp")
            .wide("Where it is largest", "at")
            .wide("Of", "over");
    double edge = rows.stream().mapToDouble(row -> finite(largest(row))).max().orElse(1) * 4;
    for (Measured row : rows) {
      Largest largest = largest(row);
      String label = results.curves().label(row.who());
      double nanos = 1e9 / row.elementsPerSecond();
      double ulp = largest == null ? Double.NaN : largest.ulp();
      if (!Double.isNaN(ulp)) {
        double drawn = Math.clamp(ulp, LEAST_ULP, Math.max(edge, 1));
        String name = Double.isInfinite(ulp) ? label + " (∞)" : label;
        Plot.Point point = Plot.Point.of(nanos, drawn);
        series.add(new Plot.Series(name, results.styles().of(row.who()), Plot.Form.DOTS, List.of(point)));
      }
      table.row(
          Table.Cell.of(label),
          Table.Cell.of(time(nanos) + " ns", nanos),
          Table.Cell.of(Numbers.ulp(ulp), ulp),
          Table.Cell.of(largest == null ? Numbers.UNKNOWN : largest.at()),
          Table.Cell.of(largest == null ? Numbers.UNKNOWN : largest.over()));
    }
    String title = Words.title(work);
    String y = "largest error of %s (ULP)".formatted(work.backward() ? "loss and gradient" : "the loss");
    Plot plot = new Plot("Speed against error: " + title, Plot.Scale.log("time (ns per logit)"), y, series, List.of());
    boolean infinite = series.stream().anyMatch(line -> line.name().endsWith("(∞)"));
    page.figure(
        title,
        "at %s%s".formatted(Words.point(work), infinite ? "; an infinite error stands at the upper edge" : ""),
        plot.render(),
        table);
  }

  private static String time(double nanos) {
    return String.format(Locale.ROOT, "%.3g", nanos);
  }

  private static double finite(@Nullable Largest largest) {
    return largest == null || !Double.isFinite(largest.ulp()) ? 0 : largest.ulp();
  }

  /** With a gradient, the larger of the errors of gradient and loss, where both are known. */
  private @Nullable Largest largest(Measured row) {
    Largest loss = largest(row, "loss");
    if (!row.work().backward()) {
      return loss;
    }
    Largest gradient = largest(row, "logits_gradient");
    return loss == null || gradient == null ? null : gradient.ulp() > loss.ulp() ? gradient : loss;
  }

  private @Nullable Largest largest(Measured row, String output) {
    Work work = row.work();
    Largest largest =
        results
            .accuracy()
            .largest(new Accuracy.Key(row.implementation().name(), work.operation(), work.dtype(), output));
    return largest == null
        ? null
        : new Largest(largest.ulp(), "%s: %s".formatted(output.replace('_', ' '), largest.at()), largest.over());
  }
}
