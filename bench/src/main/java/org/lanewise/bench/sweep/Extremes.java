package org.lanewise.bench.sweep;

import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The inputs with the largest values of something; of equals, those of the smaller bit pattern, so that the order of the
 * sweep does not matter.
 */
final class Extremes {
  /** How many are kept. */
  static final int KEPT = 1000;

  /**
   * One of them.
   *
   * @param input the logit
   * @param rounded the correctly rounded result
   * @param got the kernel's result
   * @param value how extreme it is
   */
  record Extreme(float input, float rounded, float got, double value) {}

  private static final Comparator<Extreme> ORDER =
      Comparator.comparingDouble(Extreme::value)
          .thenComparing(e -> Float.floatToRawIntBits(e.input), (a, b) -> Integer.compareUnsigned(b, a));

  private final PriorityQueue<Extreme> kept = new PriorityQueue<>(KEPT + 1, ORDER);

  /** What is smaller is not kept. */
  double threshold() {
    return kept.size() < KEPT ? Double.NEGATIVE_INFINITY : kept.element().value;
  }

  /** Whether an input of the value would be kept. Plateaus of one value are long, so this is asked before an object is made. */
  boolean keeps(float input, double value) {
    if (kept.size() < KEPT || value > kept.element().value) {
      return true;
    }
    return value == kept.element().value
        && Integer.compareUnsigned(Float.floatToRawIntBits(input), Float.floatToRawIntBits(kept.element().input)) < 0;
  }

  void add(Extreme extreme) {
    kept.add(extreme);
    if (kept.size() > KEPT) {
      kept.remove();
    }
  }

  void addAll(Extremes other) {
    other.kept.forEach(this::add);
  }

  /** The most extreme first. */
  List<Extreme> list() {
    return kept.stream().sorted(ORDER.reversed()).toList();
  }
}
