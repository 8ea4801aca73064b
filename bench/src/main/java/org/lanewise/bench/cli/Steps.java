package org.lanewise.bench.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.Consumer;
import org.lanewise.conformance.validation.Validation;

/** Shows what a long command does next, and what is left where that is known: in one line on a terminal, else line by line. */
final class Steps implements Consumer<String>, Validation.Progress, AutoCloseable {
  /** Before this share is done, what is left would be guessed from a JVM that is still warming up. */
  private static final double LEAST_SHARE = 0.1;

  private final Progress progress;
  private final String name;
  private final long begin = System.nanoTime();

  Steps(PrintWriter err, String name) {
    this.progress = Progress.on(err);
    this.name = name;
  }

  @Override
  public void accept(String step) {
    show("", step);
  }

  @Override
  public void next(double done, String step) {
    show(done < LEAST_SHARE ? "" : String.format(Locale.ROOT, ", about %.0f s left", seconds() * (1 - done) / done), step);
  }

  private void show(String left, String step) {
    progress.step(String.format(Locale.ROOT, "%4.0f s%s  %s: %s", seconds(), left, name, step));
  }

  private double seconds() {
    return (System.nanoTime() - begin) * 1e-9;
  }

  /** A line that stays. */
  void note(String line) {
    progress.note(line);
  }

  @Override
  public void close() {
    progress.close();
  }
}
