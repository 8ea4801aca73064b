package org.lanewise.bench.report;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * Labelled rows over one axis, written as SVG: bars that start at 1, or dots.
 *
 * @param title what the plot shows, for screen readers
 * @param x the axis; bars need a logarithmic one
 * @param rows from top to bottom
 * @param guides vertical lines; the axis reaches to all of them
 */
record RowPlot(String title, Plot.Scale x, List<Row> rows, List<Plot.Guide> guides) {
  private static final double LEFT = 12;
  private static final double RIGHT = Svg.WIDTH - 20;
  private static final double TOP = 6;
  private static final double LANE = 12;

  RowPlot(String title, Plot.Scale x, List<Row> rows) {
    this(title, x, rows, List.of());
  }

  /** A row: its label stands above its lanes. */
  record Row(String label, Style style, List<Lane> lanes) {
    double height() {
      return Svg.TEXT + 9 + lanes.size() * LANE;
    }
  }

  /** What is drawn in a lane; values are finite, and positive on a logarithmic axis. */
  sealed interface Lane {
    /** The values that the axis must show. */
    DoubleStream values();
  }

  /** A bar from 1 to the value, with a thin line from low to high. */
  record Bar(double value, double low, double high) implements Lane {
    static Bar of(double value) {
      return new Bar(value, value, value);
    }

    @Override
    public DoubleStream values() {
      return DoubleStream.of(1, value, low, high);
    }
  }

  /** A dot at the value, with a line from low to high. */
  record Interval(double value, double low, double high) implements Lane {
    @Override
    public DoubleStream values() {
      return DoubleStream.of(value, low, high);
    }
  }

  /** A dot a value. */
  record Dots(List<Double> dots) implements Lane {
    @Override
    public DoubleStream values() {
      return dots.stream().mapToDouble(value -> value);
    }
  }

  /** The SVG element; empty where there is nothing to draw. */
  String render() {
    if (all().findAny().isEmpty()) {
      return "";
    }
    double top = guides.isEmpty() ? TOP : TOP + Svg.TEXT;
    double bottom = top + sum(Row::height);
    double low = all().min().orElseThrow();
    double high = all().max().orElseThrow();
    Axis axis = x.logarithmic() ? new LogAxis(low, high, LEFT, RIGHT) : new LinearAxis(low, high, LEFT, RIGHT);
    Svg svg = new Svg(title, bottom + 2.8 * Svg.TEXT);
    svg.xAxis(axis, x.name(), LEFT, RIGHT, top, bottom);
    Plot.guides(svg, guides, axis, LEFT, RIGHT, top, bottom);
    double y = top;
    for (Row row : rows) {
      svg.add("<g class=\"%s\">", row.style().css());
      svg.label("key", LEFT + 2, y + 14, "start", row.label());
      double middle = y + Svg.TEXT + LANE / 2 + 4; // no mark touches the letters, which are larger on a phone
      for (Lane lane : row.lanes()) {
        switch (lane) {
          case Bar bar -> bar(svg, axis, bar, middle);
          case Interval interval -> {
            String path = "<path class=\"spread\" d=\"M%.1f %.1fH%.1f\"/>";
            svg.add(path, axis.pixel(interval.low()), middle, axis.pixel(interval.high()));
            svg.raw(row.style().at(axis.pixel(interval.value()), middle));
          }
          case Dots dots -> dots(svg, axis, dots, row.style(), middle);
        }
        middle += LANE;
      }
      svg.add("</g>\n");
      y += row.height();
    }
    return svg.end();
  }

  private static void bar(Svg svg, Axis axis, Bar bar, double middle) {
    double from = axis.pixel(1);
    double to = axis.pixel(bar.value());
    svg.add(
        "<rect class=\"marker\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"10\"/>",
        Math.min(from, to),
        middle - 5,
        Math.max(2, Math.abs(to - from)));
    if (bar.high() > bar.low()) {
      svg.add(
          "<path class=\"range\" d=\"M%.1f %.1fv8m0-4H%.1fm0-4v8\"/>",
          axis.pixel(bar.low()),
          middle - 4,
          axis.pixel(bar.high()));
    }
  }

  private static void dots(Svg svg, Axis axis, Dots dots, Style style, double middle) {
    dots.dots().forEach(value -> svg.raw(style.at(axis.pixel(value), middle)));
  }

  private DoubleStream all() {
    return rows.stream()
        .flatMapToDouble(
            row ->
                DoubleStream.concat(
                    guides.stream().mapToDouble(Plot.Guide::x),
                    row.lanes().stream().flatMapToDouble(Lane::values)));
  }

  private double sum(ToDoubleFunction<Row> value) {
    return rows.stream().mapToDouble(value).sum();
  }
}
