package org.lanewise.bench;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.OneLine;

/**
 * Ends a command with one sentence for its user and an exit code. The sentence names the thing, its value, what was
 * expected and what to do; whoever catches this prints it without a stack trace.
 */
public final class UserError extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final int exitCode;

  private UserError(int exitCode, String sentence, @Nullable Throwable cause) {
    super(OneLine.of(sentence), cause);
    this.exitCode = exitCode;
  }

  /** Something on the command line is wrong: exit code 2. */
  public static UserError usage(String sentence) {
    return new UserError(ExitCode.USAGE, sentence, null);
  }

  /** The machine, the JVM or a file is at fault: exit code 3. */
  public static UserError environment(String sentence) {
    return new UserError(ExitCode.ENVIRONMENT, sentence, null);
  }

  /** The file could not be read; the sentence says why in words rather than by the name of a Java class. */
  public static UserError unreadable(Path file, IOException cause) {
    return new UserError(
        ExitCode.ENVIRONMENT, "Cannot read %s: %s; check the path.".formatted(file, reason(cause)), cause);
  }

  /** The file could not be written. */
  public static UserError unwritable(Path file, IOException cause) {
    return new UserError(
        ExitCode.ENVIRONMENT,
        "Cannot write %s: %s; name a file in a folder that can be written to.".formatted(file, reason(cause)),
        cause);
  }

  /** What the process should exit with. */
  public int exitCode() {
    return exitCode;
  }

  private static String reason(IOException cause) {
    return switch (cause) {
      case NoSuchFileException _ -> "it does not exist";
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException e when e.getReason() != null -> e.getReason();
      default -> cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    };
  }
}
