package org.lanewise.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Inputs that something undocumented came of, one a kind, each in a file that the corpus can take. */
final class Findings {
  private static final Path FOLDER = Path.of("target", "findings");

  private final Targets target;
  private final Map<String, Path> files = new LinkedHashMap<>();

  Findings(Targets target) {
    this.target = target;
  }

  /** Keeps an input, unless there is one of its kind. */
  void add(Throwable thrown, byte[] input) {
    files.computeIfAbsent(kind(thrown), _ -> store(input));
  }

  int size() {
    return files.size();
  }

  boolean isEmpty() {
    return files.isEmpty();
  }

  /** What was thrown, and where: two inputs that agree in both are one finding. */
  private static String kind(Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null && cause instanceof AssertionError) {
      cause = cause.getCause();
    }
    String where =
        Arrays.stream(cause.getStackTrace())
            .filter(frame -> frame.getClassName().startsWith("org.lanewise."))
            .limit(3)
            .map(frame -> "%s:%d".formatted(frame.getFileName(), frame.getLineNumber()))
            .collect(Collectors.joining(" < "));
    String message = String.valueOf(thrown.getMessage()).lines().findFirst().orElse("");
    return "%s at %s".formatted(thrown instanceof AssertionError ? message.replaceAll("\\d+", "N") : cause.getClass().getName(), where);
  }

  private Path store(byte[] input) {
    Path file = FOLDER.resolve(target.id()).resolve(HexFormat.of().toHexDigits(Arrays.hashCode(input)));
    try {
      Files.createDirectories(file.getParent());
      return Files.write(file, input);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A line a finding. */
  @Override
  public String toString() {
    return files.entrySet().stream()
        .map(found -> "%s: %s; the input is in fuzz/%s".formatted(target.id(), found.getKey(), found.getValue()))
        .collect(Collectors.joining("\n"));
  }
}
