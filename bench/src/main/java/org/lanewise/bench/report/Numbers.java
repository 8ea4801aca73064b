package org.lanewise.bench.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;
import org.lanewise.bench.results.Quantity;

/** Numbers as the page shows them; a dash stands for what is unknown. */
final class Numbers {
  static final String UNKNOWN = "–";

  private Numbers() {}

  /** A round number on an axis. */
  static String tick(double value) {
    if (value == 0) {
      return "0";
    }
    double magnitude = Math.abs(value);
    if (magnitude >= 1e15 || magnitude < 1e-4) {
      return String.format(Locale.ROOT, "%.0e", value).replaceAll("e([-+])0*", "e$1").replace("e+", "e");
    }
    if (magnitude < 1) {
      return new BigDecimal(value).round(new MathContext(6)).stripTrailingZeros().toPlainString();
    }
    return (value < 0 ? "−" : "") + Quantity.round(magnitude);
  }

  static String ratio(double value) {
    return Double.isNaN(value)
        ? UNKNOWN
        : String.format(Locale.ROOT, value < 0.095 ? "%.2g×" : value < 9.95 ? "%.2f×" : "%.1f×", value);
  }

  static String ulp(double value) {
    return Double.isNaN(value)
        ? UNKNOWN
        : Double.isInfinite(value)
            ? "∞"
            : String.format(Locale.ROOT, value < 1000 ? "%.3f" : value < 1e9 ? "%,.0f" : "%.2e", value);
  }

  /** With two significant digits, for tables of many. */
  static String shortUlp(double value) {
    return Double.isInfinite(value) ? "∞" : value < 100 ? two(value) : Quantity.si(value);
  }

  static String percent(double share) {
    return Double.isNaN(share) ? UNKNOWN : String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }

  /** A rate with an SI prefix. */
  static String si(double value) {
    return Double.isNaN(value) ? UNKNOWN : Quantity.si(value);
  }

  static String count(double value) {
    return String.format(Locale.ROOT, "%,.0f", value);
  }

  /** With two decimals. */
  static String two(double value) {
    return Double.isNaN(value) ? UNKNOWN : String.format(Locale.ROOT, "%.2f", value);
  }
}
