package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Lines and dots over two axes, the vertical one logarithmic, written as SVG with its legend below it in HTML, where it
 * can wrap.
 *
 * @param title what the plot shows, for screen readers
 * @param x the horizontal axis
 * @param yName the vertical axis with its unit
 * @param series what is drawn; those without points are left out
 * @param guides vertical lines
 * @param crossings where two of the lines cross
 */
record Plot(
    String title, Scale x, String yName, List<Series> series, List<Guide> guides, List<Crossing> crossings) {
  private static final double LEFT = 58;
  private static final double RIGHT = Svg.WIDTH - 14;
  private static final double HEIGHT = 260;
  private static final double MOST_SPREAD = 3;
  private static final double RING = 6;

  /** A plot whose crossings, if lines cross, mean nothing. */
  Plot(String title, Scale x, String yName, List<Series> series, List<Guide> guides) {
    this(title, x, yName, series, guides, List.of());
  }

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
   */
  record Point(double x, double y, double low, double high) {
    static Point of(double x, double y) {
      return new Point(x, y, y, y);
    }
  }

  /** A vertical line with a short name above it. */
  record Guide(double x, String name) {}

  /**
   * A ring where two lines cross, with a bar along the horizontal axis: how far the crossing is uncertain.
   *
   * @param low at most x
   * @param high at least x
   */
  record Crossing(double x, double y, double low, double high) {}

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
    guides(svg, guides, across, LEFT, RIGHT, top, bottom);
    drawn.forEach(line -> line(svg, line, across, up, top, bottom));
    crossings.forEach(crossing -> crossing(svg, crossing, across, up, bottom));
    List<Series> dots = drawn.stream().filter(line -> line.form() == Form.DOTS).toList();
    new Labels(LEFT, RIGHT, top, bottom).draw(svg, dots, across, up);
    return svg.end() + legend(drawn, !crossings.isEmpty());
  }

  /** Draws vertical lines between the two edges, their names where they do not touch. */
  static void guides(
      Svg svg, List<Guide> guides, Axis across, double left, double right, double top, double bottom) {
    double free = left;
    for (Guide guide : guides) {
      double at = across.pixel(guide.x());
      if (at < left || at > right) {
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
    svg.add("<g class=\"%s\">", css(line));
    if (line.form() == Form.DOTS) {
      line.points().forEach(point -> svg.raw(line.style().at(across.pixel(point.x()), up.pixel(point.y()))));
    } else {
      boolean marked = line.form() == Form.LINE;
      Trace trace = trace(line.points(), across, up);
      svg.add("<path class=\"%s\" d=\"%s\"", line.form() == Form.FAINT ? "faint" : "line", trace);
      svg.raw((marked ? line.style().markers() : "") + "/>");
      if (marked) {
        spreads(svg, line.points(), across, up, top, bottom);
      }
    }
    svg.raw("</g>\n");
  }

  /** The dotted line leads down to the axis. */
  private static void crossing(Svg svg, Crossing crossing, Axis across, Axis up, double bottom) {
    double x = across.pixel(crossing.x());
    double y = up.pixel(crossing.y());
    svg.add("<path class=\"guide\" d=\"M%.1f %.1fV%.1f\"/>", x, y + RING, bottom);
    svg.add("<path class=\"range\" d=\"M%.1f %.1fH%.1f\"/>", across.pixel(crossing.low()), y, across.pixel(crossing.high()));
    svg.add("<circle class=\"ring\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n", x, y, RING);
  }

  private static String css(Series line) {
    return (line.form() == Form.ROOF ? "roof " : "") + line.style().css();
  }

  private static Trace trace(List<Point> points, Axis across, Axis up) {
    Trace trace = new Trace().move(across.pixel(points.getFirst().x()), up.pixel(points.getFirst().y()));
    // A line of one point is a line to itself: only then its marker is drawn.
    for (Point point : points.size() == 1 ? points : points.subList(1, points.size())) {
      trace.line(across.pixel(point.x()), up.pixel(point.y()));
    }
    return trace;
  }

  private static void spreads(Svg svg, List<Point> points, Axis across, Axis up, double top, double bottom) {
    Trace trace = new Trace();
    for (Point point : points) {
      if (point.high() > point.low()) {
        double x = across.pixel(point.x());
        trace.move(x, Math.min(bottom, up.pixel(point.low()))).line(x, Math.max(top, up.pixel(point.high())));
      }
    }
    svg.add("<path class=\"spread\" d=\"%s\"/>", trace);
  }

  private static String legend(List<Series> drawn, boolean crossings) {
    StringBuilder html = new StringBuilder("\n<ul class=\"legend\">");
    List<String> named = new ArrayList<>();
    for (Series line : drawn) {
      if (line.form() == Form.FAINT || named.contains(line.name())) {
        continue;
      }
      named.add(line.name());
      html.append(Html.format("<li class=\"%s\">", css(line)))
          .append(
              switch (line.form()) {
                case LINE -> line.style().swatch();
                case DOTS -> line.style().dotSwatch();
                default -> Style.lineSwatch();
              })
          .append(Html.format("%s</li>", line.name()));
    }
    if (crossings) {
      html.append("<li><svg class=\"swatch\"><path class=\"range\" d=\"M4 7H28\"/><circle class=\"ring\" cx=\"16\" cy=\"7\" r=\"%.1f\"/></svg>crossover</li>".formatted(RING));
    }
    return html.append("</ul>\n").toString();
  }

  private static double least(List<Point> points, ToDoubleFunction<Point> value) {
    return points.stream().mapToDouble(value).min().orElseThrow();
  }

  private static double most(List<Point> points, ToDoubleFunction<Point> value) {
    return points.stream().mapToDouble(value).max().orElseThrow();
  }
}
