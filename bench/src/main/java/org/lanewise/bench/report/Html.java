package org.lanewise.bench.report;

import java.util.Locale;

/** Text that is safe inside HTML and SVG, as content and as an attribute's value. */
final class Html {
  private Html() {}

  static String escape(String text) {
    StringBuilder safe = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> safe.append("&amp;");
        case '<' -> safe.append("&lt;");
        case '>' -> safe.append("&gt;");
        case '"' -> safe.append("&quot;");
        case '\'' -> safe.append("&#39;");
        default -> safe.append(c);
      }
    }
    return safe.toString();
  }

  /** A format whose arguments are escaped, numbers excepted: nothing from a file is ever read as HTML. */
  static String format(String format, Object... values) {
    Object[] safe = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      safe[i] = values[i] instanceof Number ? values[i] : escape(values[i].toString());
    }
    return String.format(Locale.ROOT, format, safe);
  }

  /** JSON that cannot end the script element it stands in. */
  static String escapeJson(String json) {
    return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026");
  }
}
