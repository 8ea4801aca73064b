package org.lanewise.bench.gate.rule;

import org.lanewise.bench.gate.statistics.Exact;
import org.lanewise.bench.gate.statistics.Median;

/**
 * The probability that the rule finds a true slowdown of {@link Threshold#mustFind}, if forks scatter as those measured.
 * It is what resampling the forks for ever, and judging each time, would give; the forks are few, so it is added up.
 *
 * <p>A deviation from the centre counts with both signs: of equal builds either is as likely to have the luck. Deviations
 * from a centre that was fitted to n forks are too small by √((n − 1) / n).
 */
final class Power {
  private final double above;
  private final double between;
  private final double below;
  private final double other;

  /** Each fork is above the threshold, or else above half of it, or else above no difference, or none of these. */
  private Power(double above, double between, double below, double other) {
    this.above = above;
    this.between = between;
    this.below = below;
    this.other = other;
  }

  static double of(double[] logRatios, Threshold threshold) {
    return of(logRatios, threshold, threshold.mustFind());
  }

  /** The same for another slowdown. */
  static double of(double[] logRatios, Threshold threshold, double trueSlowdown) {
    int n = logRatios.length;
    double centre = Median.of(logRatios);
    double widen = Math.sqrt(n / (n - 1.0));
    double slowdown = StrictMath.log1p(trueSlowdown);
    int[] counts = new int[4];
    for (double logRatio : logRatios) {
      double deviation = (logRatio - centre) * widen;
      for (double drawn : new double[] {slowdown + deviation, slowdown - deviation}) {
        int kind = drawn > threshold.log() ? 0 : drawn > threshold.halfLog() ? 1 : drawn > 0 ? 2 : 3;
        counts[kind]++;
      }
    }
    double drawings = 2.0 * n;
    return new Power(counts[0] / drawings, counts[1] / drawings, counts[2] / drawings, counts[3] / drawings).found();
  }

  /** First and confirming forks flag it, and few enough forks of all point the other way. */
  private double found() {
    double[] first = flagged(Judge.FIRST_FORKS);
    double[] confirming = flagged(Judge.CONFIRMING_FORKS);
    double found = 0;
    for (int i = 0; i < first.length; i++) {
      for (int j = 0; j < confirming.length; j++) {
        found += first[i] * confirming[j] * clear(i + j);
      }
    }
    return Math.min(1, found);
  }

  /** By number of forks that point the other way: the probability of so many and of a flag. */
  private double[] flagged(int forks) {
    double[] byOther = new double[forks + 1];
    for (int i = 0; i <= forks; i++) {
      for (int j = 0; i + j <= forks; j++) {
        if (Forks.flags(forks, i, i + j)) {
          for (int k = 0; i + j + k <= forks; k++) {
            int rest = forks - i - j - k;
            byOther[rest] +=
                Exact.choose(forks, i)
                    * Exact.choose(forks - i, j)
                    * Exact.choose(forks - i - j, k)
                    * StrictMath.pow(above, i)
                    * StrictMath.pow(between, j)
                    * StrictMath.pow(below, k)
                    * StrictMath.pow(other, rest);
          }
        }
      }
    }
    return byOther;
  }

  /** The probability that the sign test is passed, now or after one helping of more forks; a second would add little. */
  private double clear(int pointOtherWay) {
    int forks = Judge.FIRST_FORKS + Judge.CONFIRMING_FORKS;
    if (Exact.signTest(forks, forks - pointOtherWay) <= Judge.ALPHA) {
      return 1;
    }
    int all = forks + Judge.ADDED_FORKS;
    int most = 0;
    while (Exact.signTest(all, all - most) <= Judge.ALPHA) {
      most++;
    }
    int least = Judge.ADDED_FORKS - (most - 1 - pointOtherWay);
    return Exact.binomialTail(Judge.ADDED_FORKS, least, 1 - other);
  }
}
