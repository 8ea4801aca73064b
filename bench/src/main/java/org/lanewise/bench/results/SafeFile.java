package org.lanewise.bench.results;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;

/** Writes a file beside its place and moves it there, so that a reader never sees half of one. */
public final class SafeFile {
  /** More than an operating system follows. */
  private static final int MOST_LINKS = 40;

  private SafeFile() {}

  /**
   * Replaces the file's content; makes the folders above it where they are missing. A link keeps pointing where it does.
   * What is no regular file (a device, a pipe) is written to, never replaced.
   */
  public static void write(Path file, String content) {
    try {
      if (Files.isDirectory(file)) {
        throw new IOException("it is a folder");
      }
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        Files.writeString(file, content, StandardOpenOption.WRITE);
        return;
      }
      Path target = target(file);
      Files.createDirectories(target.getParent());
      Path part = part(target);
      try {
        Files.writeString(part, content);
        move(part, target);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw UserError.unwritable(file, e);
    }
  }

  /** Where the links end, whether or not there is a file. */
  private static Path target(Path file) throws IOException {
    Path target = file.toAbsolutePath();
    for (int links = 0; Files.isSymbolicLink(target); links++) {
      if (links == MOST_LINKS) {
        throw new IOException("it is a link that leads to itself");
      }
      target = target.resolveSibling(Files.readSymbolicLink(target));
    }
    return target;
  }

  private static Path part(Path target) {
    return target.resolveSibling(target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
  }

  /** Fails at once where {@link #write} would fail after the work; null is a file that nobody asked for. */
  public static void requireWritable(@Nullable Path file) {
    if (file == null) {
      return;
    }
    Path folder = file.toAbsolutePath().getParent();
    while (folder != null && !Files.exists(folder)) {
      folder = folder.getParent();
    }
    if (Files.isDirectory(file)) {
      throw UserError.unwritable(file, new IOException("it is a folder"));
    }
    if (folder == null || !Files.isDirectory(folder)) {
      throw UserError.unwritable(file, new IOException("%s is no folder".formatted(folder)));
    }
    if (!Files.isWritable(Files.exists(file) ? file : folder)) {
      throw UserError.unwritable(file, new IOException("permission denied"));
    }
    try {
      if (file.endsWith("..") || file.endsWith(".")) {
        throw new IOException("it is a folder");
      }
      Path target = target(file);
      if (Files.isDirectory(target.resolveSibling("")) && (!Files.exists(target) || Files.isRegularFile(target))) {
        Files.deleteIfExists(Files.write(part(target), new byte[0])); // only this tells that the name can be had
      }
    } catch (IOException e) {
      throw UserError.unwritable(file, e);
    }
  }

  /**
   * Refuses to write over what the same command reads, or writes besides.
   *
   * @param option the option that names the file, for the sentence
   * @param file null is a file that nobody asked for
   * @param others those that must stay as they are, null among them
   */
  public static void requireOther(String option, @Nullable Path file, List<@Nullable Path> others) {
    for (Path other : others) {
      if (file != null && other != null && isSame(file, other)) {
        throw UserError.usage(
            "%s %s would overwrite %s, which this command also names; give it a name of its own."
                .formatted(option, file, other));
      }
    }
  }

  private static boolean isSame(Path a, Path b) {
    try {
      return Files.isSameFile(a, b);
    } catch (IOException oneDoesNotExist) {
      return a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
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
