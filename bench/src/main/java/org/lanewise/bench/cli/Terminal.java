package org.lanewise.bench.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Whether a person looks on. The launcher, which pipes standard error, says in the environment what is behind. */
final class Terminal {
  private static final String STDOUT = "LANEWISE_STDOUT_TTY";
  private static final String STDERR = "LANEWISE_STDERR_TTY";

  /** The part of a POSIX file mode that says what kind of file it is. */
  private static final int KIND = 0xf000;

  private static final int PIPE = 0x1000;
  private static final int SOCKET = 0xc000;

  private Terminal() {}

  /** Whether standard error ends at a terminal. */
  static boolean isOnStandardError() {
    return isOn(System.getenv(STDERR));
  }

  /** Whether what is printed may have colours: a terminal that knows them, and nobody who asks for none (no-color.org). */
  static boolean hasColours() {
    return isOn(System.getenv(STDOUT)) && wantsColours(System.getenv("NO_COLOR"), System.getenv("TERM"));
  }

  static boolean wantsColours(@Nullable String noColor, @Nullable String term) {
    return (noColor == null || noColor.isEmpty()) && term != null && !term.isEmpty() && !term.equals("dumb");
  }

  /** Tells a lanewise that this one starts that nobody looks at what it prints. */
  static void none(Map<String, String> environment) {
    environment.put(STDOUT, "0");
    environment.put(STDERR, "0");
  }

  /** Whether standard output is a pipe: writing to one fails where its reader is gone, and for no other reason. */
  static boolean outputIsPipe() {
    try {
      int kind = (int) Files.getAttribute(Path.of("/dev/stdout"), "unix:mode") & KIND;
      return kind == PIPE || kind == SOCKET;
    } catch (IOException | IllegalArgumentException | UnsupportedOperationException notTold) {
      return false;
    }
  }

  /** Without the launcher a console tells it, if both standard input and output are one. */
  @SuppressWarnings("SystemConsoleNull") // with -Djdk.console=java.base it may be
  private static boolean isOn(@Nullable String told) {
    Console console = System.console();
    return told != null ? told.equals("1") : console != null && console.isTerminal();
  }
}
