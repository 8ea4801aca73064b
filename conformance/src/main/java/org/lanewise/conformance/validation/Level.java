package org.lanewise.conformance.validation;

import java.util.Locale;

/** How much is done. */
public enum Level {
  /** Seconds: every stored case of moderate size, every form of the call on a few, a hundred fresh cases. */
  SMOKE(4096, 1, 60, 100, 500),
  /** A minute or two: every stored case, every form on many, a thousand fresh cases, JVMs with other flags. */
  FULL(Integer.MAX_VALUE, 3, 120, 1000, 3000),
  /** Minutes: also every float32 logit, and more of all. */
  EXHAUSTIVE(Integer.MAX_VALUE, 10, 500, 5000, 10_000);

  private final int largest;
  private final int casesPerKind;
  private final int mostBlocks;
  private final int freshCases;
  private final int repetitions;

  Level(int largest, int casesPerKind, int mostBlocks, int freshCases, int repetitions) {
    this.largest = largest;
    this.casesPerKind = casesPerKind;
    this.mostBlocks = mostBlocks;
    this.freshCases = freshCases;
    this.repetitions = repetitions;
  }

  /**
   * The level of the given name.
   *
   * @throws IllegalArgumentException if there is none of that name; the message lists the names
   */
  public static Level of(String id) {
    for (Level level : values()) {
      if (level.id().equals(id)) {
        return level;
      }
    }
    throw new IllegalArgumentException("There is no level '%s'; choose one of smoke, full, exhaustive.".formatted(id));
  }

  /** The most logits of a stored case. */
  int largest() {
    return largest;
  }

  /** How many cases of a kind are put into every form of the call. */
  int casesPerKind() {
    return casesPerKind;
  }

  /** How many cases of an operation and dtype are put into every form of the call at most. */
  int mostBlocks() {
    return mostBlocks;
  }

  /** How many cases are drawn. */
  int freshCases() {
    return freshCases;
  }

  /** How often calls are made again. */
  int repetitions() {
    return repetitions;
  }

  /** The name in commands. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
