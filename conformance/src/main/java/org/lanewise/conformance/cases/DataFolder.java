package org.lanewise.conformance.cases;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Where the files of the reference data lie: a folder, or the resources of the packaged jar. */
final class DataFolder {
  private static final String RESOURCES = "lanewise/reference-data/";

  /** No file of the reference data is larger; a larger one is not read at all. */
  private static final long LARGEST_FILE = 32L << 20;

  private final @Nullable Path directory;

  /** @param directory the folder, or null for the packaged resources */
  DataFolder(@Nullable Path directory) {
    this.directory = directory;
    if (directory != null && !Files.isDirectory(directory)) {
      throw new DataException(
          "The folder of reference data '%s' does not exist; name a folder that generate.py wrote.".formatted(directory));
    }
  }

  /** The name of a file for messages. */
  String describe(String name) {
    return directory == null ? "the packaged " + name : directory.resolve(name).toString();
  }

  byte[] read(String name) {
    try {
      if (directory == null) {
        try (InputStream in = DataFolder.class.getClassLoader().getResourceAsStream(RESOURCES + name)) {
          if (in == null) {
            throw new DataException(
                "The reference data has no file '%s'; put lanewise-reference-data on the class path.".formatted(name));
          }
          return in.readNBytes((int) LARGEST_FILE);
        }
      }
      Path file = path(directory, name);
      // Absolute, for a path of no names, which "." is, begins nothing.
      if (!file.toAbsolutePath().startsWith(directory.toAbsolutePath().normalize())) {
        throw new DataException("The file name '%s' leads out of '%s'; write the data anew.".formatted(name, directory));
      }
      if (!Files.isRegularFile(file)) {
        throw new DataException("'%s' is missing; write the folder anew with generate.py.".formatted(file));
      }
      if (Files.size(file) > LARGEST_FILE) {
        throw new DataException(
            "'%s' has %d bytes, more than any file of the reference data (%d); write the folder anew with generate.py."
                .formatted(file, Files.size(file), LARGEST_FILE));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new DataException("%s cannot be read (%s); check its permissions.".formatted(describe(name), e));
    }
  }

  private static Path path(Path directory, String name) {
    try {
      return directory.resolve(name).normalize();
    } catch (InvalidPathException e) {
      throw new DataException("The file name '%s' cannot be one; write the data anew.".formatted(name.replace('\0', '?')));
    }
  }

  /** Reads a file and compares its size and SHA-256 with what the index says. */
  byte[] readChecked(String name, long bytes, String sha256) {
    byte[] content = read(name);
    if (content.length != bytes) {
      throw new DataException(
          "%s has %d bytes, but the index says %d; write the data anew with generate.py."
              .formatted(describe(name), content.length, bytes));
    }
    String actual = sha256(content);
    if (!actual.equals(sha256)) {
      throw new DataException(
          "%s is damaged: its SHA-256 is %s…, but the index says %s…; write the data anew with generate.py."
              .formatted(describe(name), actual.substring(0, 12), sha256.substring(0, Math.min(12, sha256.length()))));
    }
    return content;
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }
}
