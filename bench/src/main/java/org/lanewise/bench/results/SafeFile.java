package org.lanewise.bench.results;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.lanewise.bench.UserError;

/** Writes a file beside its place and moves it there, so that a reader never sees half of one. */
public final class SafeFile {
  private SafeFile() {}

  /** Replaces the file's content; makes the folders above it where they are missing. */
  public static void write(Path file, String content) {
    Path absolute = file.toAbsolutePath();
    Path part = absolute.resolveSibling(absolute.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    try {
      if (Files.isDirectory(absolute)) {
        throw new IOException("it is a folder");
      }
      Files.createDirectories(absolute.getParent());
      try {
        Files.writeString(part, content);
        move(part, absolute);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw UserError.unwritable(file, e);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
