package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The names beside dots, where they touch neither each other nor a dot. */
final class Labels {
  private static final double GAP = 9;
  private static final int RINGS = 12;

  private record Box(double left, double right, double top, double bottom) {
    static Box of(double x1, double x2, double y1, double y2) {
      return new Box(Math.min(x1, x2), Math.max(x1, x2), Math.min(y1, y2), Math.max(y1, y2));
    }

    boolean overlaps(Box other) {
      return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }

    boolean inside(Box other) {
      return left >= other.left && right <= other.right && top >= other.top && bottom <= other.bottom;
    }
  }

  private final Box area;
  private final List<Box> dots = new ArrayList<>();

  /** Of names, and of the threads that lead to them. */
  private final List<Box> names = new ArrayList<>();

  Labels(double left, double right, double top, double bottom) {
    area = new Box(left, right, top, bottom);
  }

  /** Draws the name of each series beside its points; one that has no room is named in the legend alone. */
  void draw(Svg svg, List<Plot.Series> dotted, Axis across, Axis up) {
    for (Plot.Series series : dotted) {
      for (Plot.Point point : series.points()) {
        double x = across.pixel(point.x());
        double y = up.pixel(point.y());
        dots.add(new Box(x - 6, x + 6, y - 6, y + 6));
      }
    }
    for (Plot.Series series : dotted) {
      for (Plot.Point point : series.points()) {
        double x = across.pixel(point.x());
        double y = up.pixel(point.y());
        if (!place(svg, series.name(), x, y, false)) {
          place(svg, series.name(), x, y, true);
        }
      }
    }
  }

  /**
   * Right of the dot, left of it, or above or below in rings that grow, with a thread where that is further off.
   *
   * @param crossing whether the thread may cross names, where there is no other place
   */
  private boolean place(Svg svg, String name, double x, double y, boolean crossing) {
    for (int ring = 0; ring < RINGS; ring++) {
      for (double dy : ring == 0 ? new double[] {0} : new double[] {-ring * Svg.TEXT, ring * Svg.TEXT}) {
        for (int side : new int[] {1, -1}) {
          double edge = x + side * GAP;
          double end = edge + side * name.length() * Svg.LETTER;
          Box box = Box.of(edge, end, y + dy - Svg.TEXT / 2, y + dy + Svg.TEXT / 2);
          Box thread = Box.of(x, edge, y, y + dy);
          boolean free = box.inside(area) && Stream.concat(dots.stream(), names.stream()).noneMatch(box::overlaps);
          if (free && (ring == 0 || crossing || names.stream().noneMatch(thread::overlaps))) {
            names.add(box);
            if (ring > 0) {
              names.add(thread);
              svg.add("<path class=\"thread\" d=\"M%.1f %.1fL%.1f %.1f\"/>", x, y, edge, y + dy);
            }
            svg.label("label", edge + 2 * side, y + dy + 4.5, side > 0 ? "start" : "end", name);
            return true;
          }
        }
      }
    }
    return false;
  }
}
