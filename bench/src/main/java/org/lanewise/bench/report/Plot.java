package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Lines and dots over two axes, the vertical one logarithmic, written as SVG with its legend below it in HTML, where it
 * can wrap.
 *
 * @param title what the plot shows, for screen readers
 * @param x the horizontal axis
 * @param yName the vertical axis with its unit
 * @param series what is drawn; those without points are left out
 * @param guides vertical lines
 */
record Plot(String title, Scale x, String yName, List<Series> series, List<Guide> guides) {
  private static final double LEFT = 58;
  private static final double RIGHT = Svg.WIDTH - 14;
  private static final double HEIGHT = 260;
  private static final double MOST_SPREAD = 3;

  /** An axis' name with its unit, and its kind. */
  record Scale(String name, boolean logarithmic) {
    static Scale log(String name) {
      return new Scale(name, true);
    }

    static Scale linear(String name) {
      return new Scale(name, false);
    }
  }

  /** How a series is drawn. */
  enum Form {
    /** A line with a marker and a spread at each point. */
    LINE,
    /** A line alone, for many points. */
    CURVE,
    /** A thin line that says more about a curve; it stands in no legend. */
    FAINT,
    /** What the hardware allows: a dashed line in the colour of the text. */
    ROOF,
    /** Markers with their names beside them. */
    DOTS
  }

  /**
   * A line or dots.
   *
   * @param points from left to right
   */
  record Series(String name, Style style, Form form, List<Point> points) {}

  /**
   * A point with its spread; both coordinates are finite, and positive on a logarithmic axis.
   *
   * @param low at most y
   * @param high at least y
   * @param hover what is told when it is pointed at
   */
  record Point(double x, double y, double low, double high, String hover) {
    static Point of(double x, double y) {
      return new Point(x, y, y, y, "");
    }
  }

  /** A vertical line with a short name above it. */
  record Guide(double x, String name) {}

  /** The SVG element and its legend; empty where there is nothing to draw. */
  String render() {
    List<Series> drawn = series.stream().filter(line -> !line.points().isEmpty()).toList();
    if (drawn.isEmpty()) {
      return "";
    }
    List<Point> points = drawn.stream().flatMap(line -> line.points().stream()).toList();
    double least = least(points, Point::x);
    double most = most(points, Point::x);
    Axis across = x.logarithmic() ? new LogAxis(least, most, LEFT, RIGHT) : new LinearAxis(least, most, LEFT, RIGHT);
    double top = guides.isEmpty() ? 26 : 26 + Svg.TEXT;
    double bottom = top + HEIGHT;
    // A spread that dwarfs everything else is cut at the frame rather than pressing the medians together.
    double lowest = Math.max(least(points, Point::low), least(points, Point::y) / MOST_SPREAD);
    double highest = Math.min(most(points, Point::high), most(points, Point::y) * MOST_SPREAD);
    Axis up = new LogAxis(lowest, highest, bottom, top);

    Svg svg = new Svg(title, bottom + 2.8 * Svg.TEXT);
    svg.xAxis(across, x.name(), LEFT, RIGHT, top, bottom);
    svg.yAxis(up, yName, LEFT, RIGHT, top, bottom);
    guides(svg, across, top, bottom);
    drawn.forEach(line -> line(svg, line, across, up, top, bottom));
    List<Series> dots = drawn.stream().filter(line -> line.form() == Form.DOTS).toList();
    new Labels(LEFT, RIGHT, top, bottom).draw(svg, dots, across, up);
    return svg.end() + legend(drawn);
  }

  private void guides(Svg svg, Axis across, double top, double bottom) {
    double free = LEFT;
    for (Guide guide : guides) {
      double at = across.pixel(guide.x());
      if (at < LEFT || at > RIGHT) {
        continue;
      }
      double half = guide.name().length() * Svg.LETTER / 2;
      double middle = Math.max(at, free + half);
      svg.add("<path class=\"guide\" d=\"M%.1f %.1fV%.1f\"/>", at, top, bottom);
      svg.label("tick", middle, top - 5, "middle", guide.name());
      free = middle + half + 4;
    }
  }

  private static void line(Svg svg, Series line, Axis across, Axis up, double top, double bottom) {
    boolean marked = line.form() == Form.LINE || line.form() == Form.DOTS;
    String css = line.form() == Form.ROOF ? "roof" : line.style().css();
    svg.add("<g class=\"%s\"><title>%s</title>", css, line.name());
    if (line.form() != Form.DOTS) {
      String path =
          line.points().stream()
              .map(point -> position(point.x(), point.y(), across, up))
              .collect(Collectors.joining("L", "M", ""));
      svg.add("<path class=\"%s\" d=\"%s\"/>", line.form() == Form.FAINT ? "faint" : "line", path);
    }
    if (marked) {
      String spreads =
          line.points().stream()
              .filter(point -> point.high() > point.low())
              .map(
                  point ->
                      "M%s %sV%s"
                          .formatted(
                              Svg.number(across.pixel(point.x())),
                              Svg.number(Math.min(bottom, up.pixel(point.low()))),
                              Svg.number(Math.max(top, up.pixel(point.high())))))
              .collect(Collectors.joining());
      svg.add(spreads.isEmpty() ? "" : "<path class=\"spread\" d=\"%s\"/>", spreads);
      for (Point point : line.points()) {
        String marker = line.style().at(across.pixel(point.x()), up.pixel(point.y()));
        svg.add("\n<g><title>%s</title>", point.hover());
        svg.raw(marker + "</g>");
      }
    }
    svg.add("</g>\n");
  }

  private static String position(double x, double y, Axis across, Axis up) {
    return Svg.number(across.pixel(x)) + " " + Svg.number(up.pixel(y));
  }

  private static String legend(List<Series> drawn) {
    StringBuilder html = new StringBuilder("\n<ul class=\"legend\">");
    List<String> named = new ArrayList<>();
    for (Series line : drawn) {
      if (line.form() == Form.FAINT || named.contains(line.name())) {
        continue;
      }
      named.add(line.name());
      boolean roof = line.form() == Form.ROOF;
      html.append(Html.format("<li class=\"%s %s\">", roof ? "roof" : line.style().css(), form(line)))
          .append(roof ? Style.lineSwatch() : line.style().swatch())
          .append(Html.format("%s</li>", line.name()));
    }
    return html.append("</ul>\n").toString();
  }

  private static String form(Series line) {
    return line.form().name().toLowerCase(Locale.ROOT);
  }

  private static double least(List<Point> points, ToDoubleFunction<Point> value) {
    return points.stream().mapToDouble(value).min().orElseThrow();
  }

  private static double most(List<Point> points, ToDoubleFunction<Point> value) {
    return points.stream().mapToDouble(value).max().orElseThrow();
  }
}
