package org.lanewise.bench.sweep;

import java.nio.file.Path;
import org.lanewise.bench.results.SafeFile;

/** Writes the worst and the hardest inputs of a sweep, which the tests replay from then on. */
final class HardCaseFile {
  /** Where they are stored: apart from data/, which its generator replaces as a whole. */
  static final String FOLDER = "reference-data/hard";

  private HardCaseFile() {}

  static void write(Path folder, Tally tally) {
    StringBuilder text = new StringBuilder();
    text.append("# lanewise/hard-cases 1 %s %s\n".formatted(tally.output.operation, tally.output.output));
    text.append("# kind, logit and correctly rounded result as bits of float32; written by ./lanewise verify --exhaustive\n");
    tally.worst.list().forEach(e -> line(text, "worst", e));
    tally.hardest.list().forEach(e -> line(text, "hardest", e));
    SafeFile.write(folder.resolve(tally.output.file() + ".txt"), text.toString());
  }

  private static void line(StringBuilder text, String kind, Extremes.Extreme e) {
    int input = Float.floatToRawIntBits(e.input());
    int rounded = Float.floatToRawIntBits(e.rounded());
    text.append("%s %08x %08x\n".formatted(kind, input, rounded));
  }
}
