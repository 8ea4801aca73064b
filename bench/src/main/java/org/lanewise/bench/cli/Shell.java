package org.lanewise.bench.cli;

import java.nio.file.Path;

/** Commands that a user can copy into a shell. */
final class Shell {
  private Shell() {}

  /** A word as a shell takes it, quoted where it has to be. */
  static String quoted(String word) {
    return word.matches("[\\w./:=@%+,-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  /** The launcher, from the current folder. */
  static String launcher() {
    String home = System.getenv("LANEWISE_HOME");
    return home == null || Path.of("").toAbsolutePath().equals(Path.of(home).toAbsolutePath())
        ? "./lanewise"
        : quoted(Path.of(home, "lanewise").toString());
  }
}
