package org.lanewise.bench.gate.rule;

/**
 * What a benchmark may lose.
 *
 * @param slowdown a slowdown above this is flagged: 0.02 for 2 %
 * @param newBits whether output bits may change
 */
public record Threshold(double slowdown, boolean newBits) {
  /** 2 %, no changed bits. */
  public static final Threshold DEFAULT = new Threshold(0.02, false);

  /**
   * Checks the slowdown.
   *
   * @throws IllegalArgumentException if it is not from 0.001 to 1
   */
  public Threshold {
    if (!(slowdown >= 0.001 && slowdown <= 1)) {
      throw new IllegalArgumentException(
          "threshold %s, expected a slowdown from 0.001 to 1, such as 0.02 for 2 %%".formatted(slowdown));
    }
  }

  /** The slowdown that must not be missed, for a pass to mean something: 5 % where 2 % is flagged. */
  public double mustFind() {
    return 2.5 * slowdown;
  }

  double log() {
    return StrictMath.log1p(slowdown);
  }

  double halfLog() {
    return StrictMath.log1p(slowdown / 2);
  }

  /** This threshold where changed bits are allowed. */
  public Threshold withNewBits() {
    return new Threshold(slowdown, true);
  }
}
