package org.lanewise.bench.report;

import java.util.List;
import org.lanewise.bench.results.Quantity;

/**
 * One labelled row a value on a logarithmic axis, written as SVG: bars that start where the axis does, or dots.
 *
 * @param title what the plot shows, for screen readers
 * @param xLabel the axis with its unit
 * @param bars whether values are bars rather than dots
 * @param rows from top to bottom
 */
record SvgRows(String title, String xLabel, boolean bars, List<Row> rows) {
  private static final double WIDTH = 480;
  private static final double ROW = 34;
  private static final double TOP = 6;

  /**
   * A row.
   *
   * @param label stands above its values
   * @param style a colour of the page
   * @param values positive and finite
   */
  record Row(String label, int style, List<Double> values) {}

  /** The SVG element. */
  String render() {
    double low = rows.stream().flatMap(row -> row.values().stream()).mapToDouble(v -> v).min().orElse(1);
    double high = rows.stream().flatMap(row -> row.values().stream()).mapToDouble(v -> v).max().orElse(1);
    LogAxis x = new LogAxis(bars ? Math.min(low, 1) : low, Math.max(high, low), 12, WIDTH - 24);
    double bottom = TOP + rows.size() * ROW + 4;
    StringBuilder svg = new StringBuilder();
    append(svg, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">", WIDTH, bottom + 46, title);
    for (double tick : x.ticks()) {
      append(svg, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>", x.pixel(tick), TOP, bottom);
      append(
          svg,
          "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
          x.pixel(tick),
          bottom + 16,
          tick < 1 ? Double.toString(Math.round(tick * 1e6) / 1e6) : Quantity.round(tick));
    }
    append(svg, "<path class=\"frame\" d=\"M12 %.1fH%.1f\"/>", bottom, WIDTH - 24);
    append(
        svg,
        "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
        WIDTH / 2,
        bottom + 38,
        xLabel);
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      double y = TOP + i * ROW;
      append(svg, "<g class=\"s%d\">", row.style() % SvgLinePlot.STYLES);
      append(svg, "<text class=\"key\" x=\"14\" y=\"%.1f\">%s</text>", y + 12, row.label());
      for (double value : row.values()) {
        if (bars) {
          double from = x.pixel(1);
          append(
              svg,
              "<rect class=\"marker\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"10\"/>",
              Math.min(from, x.pixel(value)),
              y + 18,
              Math.max(2, Math.abs(x.pixel(value) - from)));
        } else {
          append(svg, "<circle class=\"marker\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", x.pixel(value), y + 23);
        }
      }
      svg.append("</g>");
    }
    return svg.append("</svg>").toString();
  }

  private static void append(StringBuilder svg, String format, Object... values) {
    svg.append(Html.format(format, values));
  }
}
