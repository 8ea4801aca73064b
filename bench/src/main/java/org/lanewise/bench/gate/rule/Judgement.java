package org.lanewise.bench.gate.rule;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Judge} makes of a {@link Comparison}. The ratio and its interval come from the confirming forks where there
 * are any: the first ones were looked at because they were high, so they would overstate it.
 *
 * @param verdict the verdict
 * @param ratio the candidate's time divided by the base's; NaN if unmeasured
 * @param low lower end of its 95 % interval
 * @param high upper end of its 95 % interval
 * @param power the probability that this rule finds a slowdown of {@link Threshold#mustFind}, estimated from the spread
 *     of the forks; NaN if unmeasured
 * @param modes how often each build was slow, where the forks fall into two modes; else null
 * @param p the probability that so many forks, or more, point the way the first ones do, were there no difference; NaN
 *     where the first ones point nowhere
 * @param reason one sentence
 */
public record Judgement(
    Verdict verdict,
    double ratio,
    double low,
    double high,
    double power,
    @Nullable SlowModes modes,
    double p,
    String reason) {

  /** What the gate says of a benchmark. */
  public enum Verdict {
    /** Not slower than the threshold allows, and measured well enough to know it. */
    PASS,
    /** Slower, or worse in something that has no noise: allocated bytes, output bits. */
    REGRESSED,
    /** Faster, by the same rule that finds slower. */
    IMPROVED,
    /** Measured, but a slowdown that matters could have been missed. */
    INCONCLUSIVE,
    /** Not measured as the rule demands: never a pass, whatever the options. */
    UNMEASURED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Two JIT modes, seen where one build was slow and the other was not.
   *
   * @param base forks in which only the base was slow
   * @param candidate forks in which only the candidate was slow
   * @param forks of how many
   * @param p the probability of so unequal counts, or more unequal ones on the same side, if both builds are as likely to
   *     be slow
   */
  public record SlowModes(int base, int candidate, int forks, double p) {}
}
