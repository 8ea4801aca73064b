package org.lanewise.bench.sweep;

import java.nio.file.Path;
import org.lanewise.bench.results.SafeFile;

/** Writes the worst and the hardest inputs of a sweep, which the tests replay from then on. */
final class HardCaseFile {
  /** Where they are stored. */
  static final String FOLDER = "reference-data/data/hard";

  private HardCaseFile() {}

  static void write(Path folder, Tally tally) {
    StringBuilder text = new StringBuilder("# lanewise/hard-cases 1 %s %s\n".formatted(tally.output.operation, tally.output.output));
    text.append("# kind, logit and correctly rounded result as bits of float32; written by ./lanewise verify --exhaustive\n");
    tally.worst.list().forEach(e -> line(text, "worst", e));
    tally.hardest.list().forEach(e -> line(text, "hardest", e));
    SafeFile.write(folder.resolve(tally.output.file() + ".txt"), text.toString());
  }

  private static void line(StringBuilder text, String kind, Extremes.Extreme e) {
    text.append("%s %08x %08x\n".formatted(kind, Float.floatToRawIntBits(e.input()), Float.floatToRawIntBits(e.rounded())));
  }
}
