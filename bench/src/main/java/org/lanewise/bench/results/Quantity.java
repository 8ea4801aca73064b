package org.lanewise.bench.results;

import java.util.Locale;

/** Numbers as people read them: three or four significant digits and a unit. */
public final class Quantity {
  private static final String[] LARGE = {"", " k", " M", " G", " T"};
  private static final String[] NANOS = {" ns", " µs", " ms", " s"};

  private Quantity() {}

  /** A count or a rate with an SI prefix: {@code 1.83 G}. */
  public static String si(double value) {
    return scaled(value, LARGE);
  }

  /** A round number with an SI prefix and no more digits than it has: {@code 500 M}, {@code 2 G}. */
  public static String round(double value) {
    int unit = (int) Math.clamp(Math.floor((Math.log10(value) + 1e-9) / 3), 0, LARGE.length - 1);
    String digits = String.format(Locale.ROOT, "%.3f", value / Math.pow(1000, unit)).replaceAll("\\.?0+$", "");
    return digits + LARGE[unit];
  }

  /** A duration given in nanoseconds: {@code 7.42 µs}. */
  public static String nanos(double value) {
    return scaled(value, NANOS);
  }

  /** A number with thousands separated, and one decimal below 1000: {@code 512.5}, {@code 1,873,912}. */
  public static String grouped(double value) {
    return String.format(Locale.ROOT, value < 999.95 ? "%.1f" : "%,.0f", value);
  }

  /** A number without a unit, three significant digits but no more than two decimals: {@code 1.52}, {@code 1234}. */
  public static String digits(double value) {
    if (Double.isNaN(value)) {
      return "";
    }
    int decimals = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  private static String scaled(double value, String[] units) {
    int unit = 0;
    while (unit < units.length - 1 && Math.abs(value) >= 999.5) {
      value /= 1000;
      unit++;
    }
    boolean whole = unit == 0 && value == Math.rint(value);
    return (whole ? String.format(Locale.ROOT, "%.0f", value) : digits(value)) + units[unit];
  }
}
