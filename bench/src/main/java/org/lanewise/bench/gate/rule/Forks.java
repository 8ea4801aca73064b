package org.lanewise.bench.gate.rule;

import java.util.Arrays;
import java.util.List;
import org.lanewise.bench.gate.statistics.Exact;

/**
 * The rule on the results of forks, each ln(candidate / base): a slowdown is flagged when more than half of the forks (so
 * their median) exceed the threshold and three quarters exceed half of it. Counts, not means: a fork is one draw of what
 * the JIT may do, and a wild one must not decide.
 */
final class Forks {
  private Forks() {}

  /** The results of forks. */
  static double[] logRatios(List<PairedRounds> forks) {
    return forks.stream().mapToDouble(PairedRounds::logRatio).toArray();
  }

  /** The results of the rounds of forks: a row a fork, ascending. */
  static double[][] rounds(List<PairedRounds> forks) {
    return forks.stream().map(PairedRounds::sortedLogRatios).toArray(double[][]::new);
  }

  /** Whether the forks say slower. */
  static boolean slower(double[] logRatios, Threshold threshold) {
    int above = 0;
    int halfway = 0;
    for (double logRatio : logRatios) {
      above += logRatio > threshold.log() ? 1 : 0;
      halfway += logRatio > threshold.halfLog() ? 1 : 0;
    }
    return flags(logRatios.length, above, halfway);
  }

  /** Whether the forks say faster: the same rule on base / candidate. */
  static boolean faster(double[] logRatios, Threshold threshold) {
    return slower(Arrays.stream(logRatios).map(logRatio -> -logRatio).toArray(), threshold);
  }

  /** Whether the rule flags so many forks, of which some are above the threshold and some above half of it. */
  static boolean flags(int forks, int above, int halfway) {
    return 2 * above > forks && 4 * halfway >= 3 * forks;
  }

  /** How many of the forks lie on the given side of no difference. */
  static int count(double[] logRatios, int sign) {
    int count = 0;
    for (double logRatio : logRatios) {
      count += sign * logRatio > 0 ? 1 : 0;
    }
    return count;
  }

  /**
   * The probability that so many forks or more lie on that side if there is no difference. Of a fork of two equal builds
   * either is as likely to be ahead, whatever the noise, so this holds whatever the noise.
   */
  static double chance(double[] logRatios, int sign) {
    return Exact.signTest(logRatios.length, count(logRatios, sign));
  }
}
