package org.lanewise.bench.gate.fork;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The folder of one fork: what it has to do, and what came of that. It is gone when the fork is.
 *
 * @param path where it lies
 */
record ForkFolder(Path path) implements AutoCloseable {
  static ForkFolder create() throws IOException {
    return new ForkFolder(Files.createTempDirectory("lanewise-gate"));
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.list(path)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // a leftover in the system's own folder for such
    }
  }
}
