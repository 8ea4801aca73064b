package org.lanewise.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The stored inputs of a target: what was found once, and must never be again. */
final class Corpus {
  private static final Path FOLDER = Path.of("src", "test", "resources", "corpus");

  private Corpus() {}

  static List<byte[]> of(Targets target) {
    Path folder = FOLDER.resolve(target.id());
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<byte[]> inputs = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        inputs.add(Files.readAllBytes(file));
      }
      return inputs;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
