package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;

/** The names beside dots, where they touch neither each other nor a dot. */
final class Labels {
  private static final double GAP = 9;
  private static final int RINGS = 12;

  private record Box(double left, double right, double top, double bottom) {
    boolean overlaps(Box other) {
      return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }

    boolean inside(Box other) {
      return left >= other.left && right <= other.right && top >= other.top && bottom <= other.bottom;
    }
  }

  private final Box area;
  private final List<Box> taken = new ArrayList<>();

  Labels(double left, double right, double top, double bottom) {
    area = new Box(left, right, top, bottom);
  }

  /** Draws the name of each series beside its points; one that has no room is named in the legend alone. */
  void draw(Svg svg, List<Plot.Series> dots, Axis across, Axis up) {
    for (Plot.Series series : dots) {
      for (Plot.Point point : series.points()) {
        double x = across.pixel(point.x());
        double y = up.pixel(point.y());
        taken.add(new Box(x - 6, x + 6, y - 6, y + 6));
      }
    }
    for (Plot.Series series : dots) {
      series.points().forEach(point -> place(svg, series, across.pixel(point.x()), up.pixel(point.y())));
    }
  }

  /** Right of the dot, left of it, or above or below in rings that grow, with a thread where that is further off. */
  private void place(Svg svg, Plot.Series series, double x, double y) {
    double width = series.name().length() * Svg.LETTER;
    for (int ring = 0; ring < RINGS; ring++) {
      for (double dy : ring == 0 ? new double[] {0} : new double[] {-ring * Svg.TEXT, ring * Svg.TEXT}) {
        for (int side : new int[] {1, -1}) {
          double edge = x + side * GAP;
          Box box =
              new Box(
                  side > 0 ? edge : edge - width,
                  side > 0 ? edge + width : edge,
                  y + dy - Svg.TEXT / 2,
                  y + dy + Svg.TEXT / 2);
          if (box.inside(area) && taken.stream().noneMatch(box::overlaps)) {
            taken.add(box);
            if (ring > 0) {
              svg.add("<path class=\"thread\" d=\"M%.1f %.1fL%.1f %.1f\"/>", x, y, edge, y + dy);
            }
            svg.label("label", side > 0 ? edge + 2 : edge - 2, y + dy + 4.5, side > 0 ? "start" : "end", series.name());
            return;
          }
        }
      }
    }
  }
}
