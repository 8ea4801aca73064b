package org.lanewise.bench.report;

/**
 * How an implementation looks in every plot: a colour and a dash pattern, which are the CSS classes {@code s0} to
 * {@code s7} of the page so that light and dark differ, and a marker of its own, so that nothing depends on telling
 * colours apart. The ninth and later have the same again with hollow markers.
 *
 * @param index from 0
 */
record Style(int index) {
  /** The number of colours, dash patterns and marker shapes. */
  static final int DISTINCT = 8;

  /** The value of the {@code class} attribute. */
  String css() {
    return "s%d%s".formatted(index % DISTINCT, index / DISTINCT % 2 == 1 ? " hollow" : "");
  }

  /** The marker as a path relative to its middle. */
  private String marker() {
    return switch (index % DISTINCT) {
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
        .formatted(index % DISTINCT, Svg.number(x), Svg.number(y));
  }

  /** What draws the marker at each point of a path; an attribute that begins with a blank. */
  String markers() {
    return " style=\"marker:url(#k%d)\"".formatted(index % (2 * DISTINCT));
  }

  /** A piece of line with the marker in its middle, for legends. */
  String swatch() {
    return "<svg class=\"swatch\"><use href=\"#w%d\"/></svg>".formatted(index % (2 * DISTINCT));
  }

  /** The marker alone. */
  String dotSwatch() {
    return "<svg class=\"swatch\">%s</svg>".formatted(at(16, 7));
  }

  /** A piece of line alone, in the colour of its surroundings. */
  static String lineSwatch() {
    return "<svg class=\"swatch\"><use class=\"line\" href=\"#line\"/></svg>";
  }

  /** What {@link #at} and the swatches refer to, once a page: each shape then costs a few bytes a point. */
  static String definitions() {
    StringBuilder svg = new StringBuilder("<svg class=\"defs\" aria-hidden=\"true\"><defs>");
    svg.append("<path id=\"line\" d=\"M0 7h32\"/>");
    for (int i = 0; i < DISTINCT; i++) {
      svg.append("<path id=\"m%d\" d=\"M0 0%s\"/>".formatted(i, new Style(i).marker()));
    }
    for (int i = 0; i < 2 * DISTINCT; i++) {
      Style style = new Style(i);
      svg.append("<marker id=\"k%d\" class=\"%s\" viewBox=\"-7 -7 14 14\" ".formatted(i, style.css()))
          .append("markerWidth=\"14\" markerHeight=\"14\" markerUnits=\"userSpaceOnUse\">")
          .append("<path class=\"marker\" d=\"M0 0%s\"/></marker>".formatted(style.marker()))
          .append("<g id=\"w%d\" class=\"%s\"><path class=\"line\" d=\"M0 7h32\"/>".formatted(i, style.css()))
          .append("<path class=\"marker\" d=\"M16 7%s\"/></g>".formatted(style.marker()));
    }
    return svg.append("</defs></svg>\n").toString();
  }
}
