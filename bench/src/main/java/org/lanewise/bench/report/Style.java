package org.lanewise.bench.report;

import java.util.Collection;

/**
 * How an implementation looks in every plot: a colour with its dash pattern, which are the CSS classes {@code s0} to
 * {@code s7} of the page so that light and dark differ, and a marker, so that nothing depends on telling colours apart.
 * No two of the first 64 slots share both. A hollow marker means several threads.
 *
 * @param slot from 0
 */
record Style(int slot, boolean hollow) {
  /** The number of colours, dash patterns and marker shapes. */
  static final int DISTINCT = 8;

  /** The value of the {@code class} attribute. */
  String css() {
    return "s%d%s".formatted(slot % DISTINCT, hollow ? " hollow" : "");
  }

  /** The shapes shift by one against the colours each time the colours begin again. */
  private int shape() {
    return (slot + slot / DISTINCT) % DISTINCT;
  }

  private String id() {
    return slot % (DISTINCT * DISTINCT) + (hollow ? "h" : "");
  }

  /** The marker as a path relative to its middle. */
  private static String marker(int shape) {
    return switch (shape) {
      case 0 -> "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0";
      case 1 -> "m-4-4h8v8h-8z";
      case 2 -> "m0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z";
      case 3 -> "m0-5l5 9h-10z";
      case 4 -> "m0 5l5-9h-10z";
      case 5 -> "m-5-1.6h3.4v-3.4h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4z";
      case 6 -> "m-6-2h12v4h-12z";
      default -> "m-2-6h4v12h-4z";
    };
  }

  /** An SVG element that puts the marker at a place. */
  String at(double x, double y) {
    return "<use class=\"marker\" href=\"#m%d\" x=\"%s\" y=\"%s\"/>"
        .formatted(shape(), Svg.number(x), Svg.number(y));
  }

  /** What draws the marker at each point of a path; an attribute that begins with a blank. */
  String markers() {
    return " style=\"marker:url(#k%s)\"".formatted(id());
  }

  /** A piece of line with the marker in its middle, for legends. */
  String swatch() {
    return "<svg class=\"swatch\"><use href=\"#w%s\"/></svg>".formatted(id());
  }

  /** The marker alone. */
  String dotSwatch() {
    return "<svg class=\"swatch\">%s</svg>".formatted(at(16, 7));
  }

  /** A piece of line alone, in the colour of its surroundings. */
  static String lineSwatch() {
    return "<svg class=\"swatch\"><use class=\"line\" href=\"#line\"/></svg>";
  }

  /**
   * What {@link #at} and the swatches refer to, once a page: each shape then costs a few bytes a point.
   *
   * @param used the styles of the page
   */
  static String definitions(Collection<Style> used) {
    StringBuilder svg = new StringBuilder("<svg class=\"defs\" aria-hidden=\"true\"><defs>");
    svg.append("<path id=\"line\" d=\"M0 7h32\"/>");
    for (int i = 0; i < DISTINCT; i++) {
      svg.append("<path id=\"m%d\" d=\"M0 0%s\"/>".formatted(i, marker(i)));
    }
    for (Style style : used) {
      String marker = marker(style.shape());
      svg.append("<marker id=\"k%s\" class=\"%s\" viewBox=\"-7 -7 14 14\" ".formatted(style.id(), style.css()))
          .append("markerWidth=\"14\" markerHeight=\"14\" markerUnits=\"userSpaceOnUse\">")
          .append("<path class=\"marker\" d=\"M0 0%s\"/></marker>".formatted(marker))
          .append("<g id=\"w%s\" class=\"%s\"><path class=\"line\" d=\"M0 7h32\"/>".formatted(style.id(), style.css()))
          .append("<path class=\"marker\" d=\"M16 7%s\"/></g>".formatted(marker));
    }
    return svg.append("</defs></svg>\n").toString();
  }
}
