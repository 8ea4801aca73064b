package org.lanewise.bench.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/**
 * Shows how far a long command is: a bar that redraws itself on a terminal, a line a step elsewhere, so that a log
 * stays readable.
 */
final class Progress implements AutoCloseable {
  private static final int BAR = 20;

  /** The bar's line never reaches the edge of an 80-column terminal, where it would wrap and stay. */
  private static final int LINE = 79;

  private final PrintWriter err;
  private final boolean terminal;
  private boolean drawn;

  /**
   * Progress on the given writer.
   *
   * @param terminal whether the writer ends at a terminal
   */
  Progress(PrintWriter err, boolean terminal) {
    this.err = err;
    this.terminal = terminal;
  }

  /** Progress on standard error; a launcher that pipes it says in the environment whether a terminal is behind. */
  @SuppressWarnings("SystemConsoleNull") // with -Djdk.console=java.base it may be
  static Progress on(PrintWriter err) {
    String told = System.getenv("LANEWISE_STDERR_TTY");
    Console console = System.console();
    return new Progress(err, "1".equals(told) || (told == null && console != null && console.isTerminal()));
  }

  /**
   * Step {@code index} of {@code total} begins.
   *
   * @param index counted from 1
   * @param step what the step does
   * @param left the time that is left
   */
  void step(int index, int total, String step, Duration left) {
    if (!terminal) {
      err.printf(Locale.ROOT, "[%d/%d] %s, %s left%n", index, total, step, text(left));
      err.flush();
      return;
    }
    int full = (int) ((long) BAR * (index - 1) / Math.max(1, total));
    String line =
        "[%s%s] %d/%d, %s left: %s".formatted("#".repeat(full), ".".repeat(BAR - full), index, total, text(left), step);
    redraw(line);
  }

  /** A step of nobody knows how many begins. */
  void step(String step) {
    if (!terminal) {
      err.println(step);
      err.flush();
      return;
    }
    redraw(step);
  }

  private void redraw(String line) {
    err.print("\r" + line.substring(0, Math.min(LINE, line.length())) + " ".repeat(Math.max(0, LINE - line.length())));
    err.flush();
    drawn = true;
  }

  /** A line for the user, above the bar. */
  void note(String line) {
    close();
    err.println(line);
    err.flush();
  }

  /** Removes the bar. */
  @Override
  public void close() {
    if (drawn) {
      err.print("\r" + " ".repeat(LINE) + "\r");
      err.flush();
      drawn = false;
    }
  }

  private static String text(Duration left) {
    long seconds = left.toSeconds();
    if (seconds < 90) {
      return seconds + " s";
    }
    return seconds < 5400 ? (seconds + 30) / 60 + " min" : (seconds + 1800) / 3600 + " h";
  }
}
