package org.lanewise.bench.report;

import java.util.regex.Pattern;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Quantity;

/** A work in words. */
final class Words {
  /** How CPUs name themselves beside what tells them apart. */
  private static final Pattern CPU_NOISE = Pattern.compile("\\((R|TM)\\)|( \\d+-Core)? Processor\\b| CPU\\b");

  private Words() {}

  /** {@code 1 row}, {@code 2 rows}. */
  static String count(long count, String noun) {
    return "%s %s%s".formatted(Numbers.count((double) count), noun, count == 1 ? "" : "s");
  }

  /** The name of a CPU, short enough for a legend. */
  static String cpu(String name) {
    return CPU_NOISE.matcher(name).replaceAll("").replaceAll("\\s+", " ").strip();
  }

  /** What is computed: {@code bce_with_logits, forward}. */
  static String title(Work work) {
    return "%s, %s".formatted(work.operation(), work.backward() ? "forward and backward" : "forward");
  }

  /** How, whatever the batch: {@code 1 logit a row, float32, binary targets, reduction mean, normal data}. */
  static String detail(Work work) {
    return "%s, %s, %s targets, reduction %s, %s data"
        .formatted(
            work.classes() == 1 ? "1 logit a row" : "%,d logits a row".formatted(work.classes()),
            work.dtype(),
            work.target(),
            work.reduction(),
            work.data());
  }

  /** One point: {@code 256 × 1000 logits (256 k), float32, reduction mean, normal data}. */
  static String point(Work work) {
    return "%s logits%s, %s, reduction %s, %s data"
        .formatted(
            work.shape().replace("x", " × "),
            work.classes() == 1 ? "" : " (%s)".formatted(Quantity.si((double) work.elements())),
            work.dtype(),
            work.reduction(),
            work.data());
  }
}
