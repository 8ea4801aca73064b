package org.lanewise.bench.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Shows on standard error how far a long command is, and how long it will still take: a bar that redraws itself on a
 * terminal, a few lines elsewhere, so that a log stays readable.
 */
final class Progress implements AutoCloseable {
  private static final int BAR = 20;

  /** The bar's line never reaches the edge of an 80-column terminal, where it would wrap and stay. */
  private static final int LINE = 79;

  /** Outside a terminal so many steps are told at most, evenly spread. */
  private static final int MOST_STEPS = 40;

  /** Outside a terminal a share of the work is told so often. */
  private static final int SHARES = 10;

  /** Before this share is done, what is left would be guessed from a JVM that is still warming up. */
  private static final double LEAST_SHARE = 0.005;

  /** A bar need not move more often than an eye sees. */
  private static final long REDRAW_NANOS = 100_000_000;

  /** What takes less time than this needs no line in a log. */
  private static final long LINE_NANOS = 5_000_000_000L;

  private final PrintWriter err;
  private final boolean terminal;
  private final LongSupplier nanoTime;
  private final long begin;
  private boolean drawn;
  private long shownAt;
  private int told;

  /**
   * Progress on the given writer.
   *
   * @param terminal whether the writer ends at a terminal
   * @param nanoTime the clock
   */
  Progress(PrintWriter err, boolean terminal, LongSupplier nanoTime) {
    this.err = err;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
    begin = nanoTime.getAsLong();
    shownAt = begin;
  }

  /** Progress on standard error. */
  static Progress on(PrintWriter err) {
    return new Progress(err, Terminal.isOnStandardError(), System::nanoTime);
  }

  /**
   * Step {@code index} of {@code total} begins.
   *
   * @param index counted from 1
   * @param step what the step does
   * @param left the time that is left
   */
  void step(int index, int total, String step, Duration left) {
    if (terminal) {
      bar((double) (index - 1) / Math.max(1, total), "%d/%d, %s left: %s".formatted(index, total, text(left), step));
    } else if (total <= MOST_STEPS || index == 1 || part(index, total) != part(index - 1, total)) {
      line("[%d/%d] %s, %s left".formatted(index, total, step, text(left)));
    }
  }

  private static long part(int index, int total) {
    return (long) MOST_STEPS * index / total;
  }

  /**
   * A share of work in many small pieces is done; the time that is left follows from the pace.
   *
   * @param done from 0 to 1
   * @param work what is done
   */
  void share(double done, String work) {
    long now = nanoTime.getAsLong();
    int part = 1 + (int) (SHARES * done);
    if (done < LEAST_SHARE || now - shownAt < (terminal ? REDRAW_NANOS : LINE_NANOS) || !terminal && part == told) {
      return;
    }
    shownAt = now;
    told = part;
    int percent = (int) (100 * done);
    String left = text(Duration.ofNanos((long) ((now - begin) * (1 - done) / done)));
    if (terminal) {
      bar(done, "%d %%, %s left: %s".formatted(percent, left, work));
    } else {
      line("[%d %%] %s, %s left".formatted(percent, work, left));
    }
  }

  /** A step of nobody knows how many begins. */
  void step(String step) {
    if (terminal) {
      redraw(step);
    } else {
      line(step);
    }
  }

  private void line(String line) {
    err.println(line);
    err.flush();
  }

  private void bar(double done, String text) {
    int full = (int) (BAR * done);
    redraw("[%s%s] %s".formatted("#".repeat(full), ".".repeat(BAR - full), text));
  }

  private void redraw(String line) {
    err.print("\r" + line.substring(0, Math.min(LINE, line.length())) + " ".repeat(Math.max(0, LINE - line.length())));
    err.flush();
    drawn = true;
  }

  /** A line for the user, above the bar. */
  void note(String line) {
    close();
    line(line);
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
    long seconds = (left.toMillis() + 500) / 1000;
    if (seconds < 90) {
      return seconds + " s";
    }
    return seconds < 5400 ? (seconds + 30) / 60 + " min" : (seconds + 1800) / 3600 + " h";
  }
}
