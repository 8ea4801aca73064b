package org.lanewise.bench.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.Consumer;

/** Shows what a long command does next: in one line on a terminal, line by line elsewhere. */
final class Steps implements Consumer<String>, AutoCloseable {
  private final Progress progress;
  private final String name;
  private final long begin = System.nanoTime();

  Steps(PrintWriter err, String name) {
    this.progress = Progress.on(err);
    this.name = name;
  }

  @Override
  public void accept(String step) {
    progress.step(String.format(Locale.ROOT, "%4.0f s  %s: %s", (System.nanoTime() - begin) * 1e-9, name, step));
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
