package org.lanewise.bench.report;

/**
 * The {@code d} attribute of a path, in tenths of a pixel and relative to the point before: a few characters a point.
 * What is relative is the rounded positions, so that errors do not add up.
 */
final class Trace {
  private final StringBuilder d = new StringBuilder();
  private long x;
  private long y;

  /** Lifts the pen. */
  Trace move(double toX, double toY) {
    return step(d.isEmpty() ? 'M' : 'm', toX, toY);
  }

  Trace line(double toX, double toY) {
    return step('l', toX, toY);
  }

  private Trace step(char command, double toX, double toY) {
    long nextX = Math.round(toX * 10);
    long nextY = Math.round(toY * 10);
    String down = pixels(nextY - y);
    if (command == 'l' && nextX == x) {
      d.append('v').append(down);
    } else {
      d.append(command).append(pixels(nextX - x)).append(down.startsWith("-") ? "" : " ").append(down);
    }
    x = nextX;
    y = nextY;
    return this;
  }

  private static String pixels(long tenths) {
    long whole = Math.abs(tenths) / 10;
    long tenth = Math.abs(tenths) % 10;
    return (tenths < 0 ? "-" : "") + (whole > 0 || tenth == 0 ? whole : "") + (tenth > 0 ? "." + tenth : "");
  }

  @Override
  public String toString() {
    return d.toString();
  }
}
