package org.lanewise.bench.report;

import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;

/**
 * An SVG plot in the making: its frame, its ticks and what is drawn in it. One unit is about one pixel of a desktop,
 * and the page enlarges the text on a phone, so that labels need room for {@link #LETTER} a letter.
 */
final class Svg {
  static final double WIDTH = 480;

  /** The mean width of a letter on a phone; a browser's own measure is not to be had here. */
  static final double LETTER = 8.5;

  /** The height of a line of text on a phone. */
  static final double TEXT = 17;

  private final StringBuilder text = new StringBuilder();

  /**
   * An empty plot.
   *
   * @param title what it shows, for screen readers
   */
  Svg(String title, double height) {
    add("<svg class=\"plot\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">\n", WIDTH, height, title);
  }

  /** Adds an element; the values are escaped. */
  void add(String format, Object... values) {
    text.append(Html.format(format, values));
  }

  /** Adds an element that is safe. */
  void raw(String element) {
    text.append(element);
  }

  /** Text without a line break. */
  void label(String cssClass, double x, double y, String anchor, String content) {
    String format = "<text class=\"%s %s\" x=\"%s\" y=\"%s\">%s</text>";
    add(format, cssClass, anchor, number(x), number(y), content);
  }

  /** A horizontal axis below the plot: grid lines, ticks and its name. */
  void xAxis(Axis axis, String name, double left, double right, double top, double bottom) {
    grid(axis, at -> "M%s %sV%s".formatted(number(at), number(top), number(bottom)));
    axis.ticks().forEach(tick -> label("tick", axis.pixel(tick), bottom + TEXT, "middle", Numbers.tick(tick)));
    add("<path class=\"frame\" d=\"M%.1f %.1fH%.1f\"/>\n", left, bottom, right);
    label("axis", (left + right) / 2, bottom + 2.4 * TEXT, "middle", name);
  }

  /** A vertical axis left of the plot; its name stands above, where it is read without turning the head. */
  void yAxis(Axis axis, String name, double left, double right, double top, double bottom) {
    grid(axis, at -> "M%s %sH%s".formatted(number(left), number(at), number(right)));
    axis.ticks().forEach(tick -> label("tick", left - 6, axis.pixel(tick) + 4.5, "end", Numbers.tick(tick)));
    add("<path class=\"frame\" d=\"M%.1f %.1fV%.1f\"/>\n", left, top, bottom);
    label("axis", 2, 14, "start", name);
  }

  private void grid(Axis axis, DoubleFunction<String> line) {
    add(
        "<path class=\"grid\" d=\"%s\"/>",
        axis.ticks().stream().map(tick -> line.apply(axis.pixel(tick))).collect(Collectors.joining()));
  }

  /** A number of the {@code d} attribute of a path: as short as a tenth of a pixel allows. */
  static String number(double value) {
    String digits = String.format(Locale.ROOT, "%.1f", value);
    return digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits;
  }

  /** The element. */
  String end() {
    return text.append("</svg>").toString();
  }
}
