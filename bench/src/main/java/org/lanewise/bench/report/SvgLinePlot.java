package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.lanewise.bench.results.Quantity;

/**
 * A line plot with two logarithmic axes, written as SVG.
 *
 * <p>Colours come from the CSS classes {@code s0} to {@code s7} of the page, so that light and dark differ; every
 * series has a marker of its own too, so that nothing depends on telling colours apart. Lines are labelled where they
 * end, and each point says its values when it is pointed at.
 *
 * @param title what the plot shows, for screen readers
 * @param xLabel the x axis with its unit
 * @param yLabel the y axis with its unit
 * @param series the lines; those without points are left out
 */
record SvgLinePlot(String title, String xLabel, String yLabel, List<Series> series) {
  /** The number of styles; further series repeat them. */
  static final int STYLES = 8;

  private static final double WIDTH = 480;
  private static final double LEFT = 66;
  private static final double BOTTOM_SPACE = 46;
  private static final double PLOT_HEIGHT = 250;
  private static final double LEGEND_ROW = 20;
  private static final double TEXT_HEIGHT = 14;

  /** The mean width of a letter at the plot's font size; a browser's own measure is not to be had here. */
  private static final double LETTER = 7.0;

  private static final double LONGEST_LABEL = 110;

  /**
   * A line.
   *
   * @param name its label
   * @param style from 0; the same implementation has the same in every plot
   * @param points from left to right
   */
  record Series(String name, int style, List<Point> points) {}

  /**
   * A point with its spread.
   *
   * @param low at most y
   * @param high at least y
   * @param hover what is told when it is pointed at
   */
  record Point(double x, double y, double low, double high, String hover) {}

  /** The SVG element. */
  String render() {
    List<Series> drawn = series.stream().filter(line -> !line.points().isEmpty()).toList();
    if (drawn.isEmpty()) {
      return "";
    }
    double longestName = drawn.stream().mapToDouble(line -> line.name().length() * LETTER).max().orElse(0);
    double right = WIDTH - Math.min(LONGEST_LABEL, longestName) - 12;
    List<Legend> legend = legend(drawn);
    double top = legend.getLast().y + LEGEND_ROW - 4;
    double bottom = top + PLOT_HEIGHT;
    double height = bottom + BOTTOM_SPACE;

    List<Point> points = drawn.stream().flatMap(line -> line.points().stream()).toList();
    LogAxis x = new LogAxis(least(points, Point::x), most(points, Point::x), LEFT, right);
    LogAxis y = new LogAxis(least(points, Point::low), most(points, Point::high), bottom, top);

    StringBuilder svg = new StringBuilder();
    append(svg, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">", WIDTH, height, title);
    legend.forEach(entry -> entry.draw(svg));
    grid(svg, x, y, right, top, bottom);
    String label = "<text class=\"axis\" transform=\"translate(%.1f %.1f) rotate(%d)\" text-anchor=\"middle\">%s</text>";
    append(svg, label, (LEFT + right) / 2, height - 8, 0, xLabel);
    append(svg, label, 13.0, (top + bottom) / 2, -90, yLabel);
    drawn.forEach(line -> line(svg, line, x, y));
    labels(svg, drawn, y, right, top, bottom);
    return svg.append("</svg>").toString();
  }

  private static void grid(StringBuilder svg, LogAxis x, LogAxis y, double right, double top, double bottom) {
    String line = "<path class=\"grid\" d=\"M%.1f %.1fL%.1f %.1f\"/>";
    String text = "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>";
    for (double tick : x.ticks()) {
      double at = x.pixel(tick);
      append(svg, line, at, top, at, bottom);
      append(svg, text, at, bottom + 16, "middle", Quantity.round(tick));
    }
    for (double tick : y.ticks()) {
      double at = y.pixel(tick);
      append(svg, line, LEFT, at, right, at);
      append(svg, text, LEFT - 6, at + 4, "end", Quantity.round(tick));
    }
    append(svg, "<path class=\"frame\" d=\"M%.1f %.1fV%.1fH%.1f\"/>", LEFT, top, bottom, right);
  }

  private static void line(StringBuilder svg, Series line, LogAxis x, LogAxis y) {
    append(svg, "<g class=\"s%d\"><path class=\"line\" d=\"", line.style() % STYLES);
    String command = "M";
    for (Point point : line.points()) {
      append(svg, "%s%.1f %.1f", command, x.pixel(point.x()), y.pixel(point.y()));
      command = "L";
    }
    svg.append("\"/>");
    for (Point point : line.points()) {
      double at = x.pixel(point.x());
      double low = y.pixel(point.low());
      double high = y.pixel(point.high());
      append(svg, "<g><title>%s</title>", point.hover());
      append(svg, "<path class=\"spread\" d=\"M%.1f %.1fh8m-4 0V%.1fm-4 0h8\"/>", at - 4, low, high);
      marker(svg, line.style(), at, y.pixel(point.y()));
      svg.append("</g>");
    }
    svg.append("</g>");
  }

  /** The names of the lines beside their last points, moved apart where they would overlap. */
  private static void labels(
      StringBuilder svg, List<Series> drawn, LogAxis y, double right, double top, double bottom) {
    ToDoubleFunction<Series> end = line -> y.pixel(line.points().getLast().y());
    List<Series> downwards = drawn.stream().sorted(Comparator.comparingDouble(end)).toList();
    double[] at = downwards.stream().mapToDouble(end).toArray();
    for (int i = 1; i < at.length; i++) {
      at[i] = Math.max(at[i], at[i - 1] + TEXT_HEIGHT);
    }
    double limit = bottom;
    for (int i = at.length - 1; i >= 0; i--) {
      at[i] = Math.max(top, Math.min(at[i], limit));
      limit = at[i] - TEXT_HEIGHT;
    }
    // Of a long name the end is shown: there it says which transfer it is about.
    int letters = (int) (LONGEST_LABEL / LETTER);
    for (int i = 0; i < at.length; i++) {
      String name = downwards.get(i).name();
      String shown = name.length() <= letters ? name : "…" + name.substring(name.length() - letters + 1);
      int style = downwards.get(i).style() % STYLES;
      append(svg, "<text class=\"label s%d\" x=\"%.1f\" y=\"%.1f\">%s</text>", style, right + 6, at[i] + 4, shown);
    }
  }

  private record Legend(Series line, double x, double y) {
    void draw(StringBuilder svg) {
      append(svg, "<g class=\"s%d\">", line.style() % STYLES);
      marker(svg, line.style(), x, y);
      append(svg, "<text class=\"key\" x=\"%.1f\" y=\"%.1f\">%s</text></g>", x + 10, y + 4.5, line.name());
    }
  }

  private static List<Legend> legend(List<Series> drawn) {
    List<Legend> legend = new ArrayList<>();
    double x = LEFT + 6;
    double y = 12;
    for (Series line : drawn) {
      double width = 30 + line.name().length() * LETTER;
      if (x + width > WIDTH && x > LEFT + 6) {
        x = LEFT + 6;
        y += LEGEND_ROW;
      }
      legend.add(new Legend(line, x, y));
      x += width;
    }
    return legend;
  }

  private static void marker(StringBuilder svg, int style, double x, double y) {
    String shape =
        switch (style % STYLES) {
          case 0 -> "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0";
          case 1 -> "m-3.6 -3.6h7.2v7.2h-7.2z";
          case 2 -> "m0 -5l5 5l-5 5l-5 -5z";
          case 3 -> "m0 -4.8l4.8 8.4h-9.6z";
          case 4 -> "m0 4.8l4.8 -8.4h-9.6z";
          case 5 -> "m-5 -1.5h3.5v-3.5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5z";
          case 6 -> "m-5 -2h10v4h-10z";
          default -> "m-2 -5h4v10h-4z";
        };
    append(svg, "<path class=\"marker\" d=\"M%.1f %.1f%s\"/>", x, y, shape);
  }

  private static double least(List<Point> points, ToDoubleFunction<Point> value) {
    return points.stream().mapToDouble(value).min().orElseThrow();
  }

  private static double most(List<Point> points, ToDoubleFunction<Point> value) {
    return points.stream().mapToDouble(value).max().orElseThrow();
  }

  private static void append(StringBuilder svg, String format, Object... values) {
    svg.append(Html.format(format, values));
  }
}
