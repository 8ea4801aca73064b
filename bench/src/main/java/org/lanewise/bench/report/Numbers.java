package org.lanewise.bench.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
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
      return power("%.0e", value);
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

  /** Digits and a power of ten, without its plus and zeros: {@code 1.68e7}. */
  private static String power(String format, double value) {
    return String.format(Locale.ROOT, format, value).replaceAll("e([-+])0*", "e$1").replace("e+", "e");
  }

  static String ulp(double value) {
    return Double.isNaN(value)
        ? UNKNOWN
        : Double.isInfinite(value)
            ? "∞"
            : value < 1000 ? String.format(Locale.ROOT, "%.3f", value) : power("%.2e", value);
  }

  /** With two significant digits, for tables of many. */
  static String shortUlp(double value) {
    return Double.isInfinite(value) ? "∞" : value < 1000 ? Quantity.digits(value) : power("%.2e", value);
  }

  /** A share of a whole in percent, to two digits; what is not all is never rounded up to 100. */
  static String percent(double share) {
    if (Double.isNaN(share)) {
      return UNKNOWN;
    }
    if (share == 0 || share == 1) {
      return share == 0 ? "0 %" : "100 %";
    }
    if (share > 0.99 && share < 1) {
      int decimals = 1 - (int) Math.floor(Math.log10(100 * (1 - share)));
      BigDecimal percent = new BigDecimal(100 * share).setScale(Math.min(decimals, 10) + 2, RoundingMode.HALF_EVEN);
      return percent.setScale(Math.min(decimals, 10), RoundingMode.FLOOR).toPlainString() + " %";
    }
    return tick(new BigDecimal(100 * share).round(new MathContext(2)).doubleValue()) + " %";
  }

  /** A number as terminals show it, too; a dash where it is not known. */
  static String digits(double value) {
    return Double.isNaN(value) ? UNKNOWN : Quantity.digits(value);
  }

  /** A rate with an SI prefix. */
  static String si(double value) {
    return Double.isNaN(value) ? UNKNOWN : Quantity.si(value);
  }

  static String count(double value) {
    return String.format(Locale.ROOT, "%,.0f", value);
  }
}
