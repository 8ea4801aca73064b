package org.lanewise.bench.gate.rule;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.gate.rule.Judgement.SlowModes;
import org.lanewise.bench.gate.statistics.Exact;

/**
 * Two modes of the JIT: the same bytecode compiled well in one fork and badly in another, often by a factor of two. A
 * build that lands in the slow one more often has regressed, though most forks may show no difference.
 *
 * <p>Modes are seen in the ratios of forks, not in times: the twins of a fork ran on the same machine at the same time,
 * so what is left between them by a wide gap is not the machine's.
 */
final class JitModes {
  /** Ratios further apart than this, with nothing between them, are two modes. */
  private static final double GAP = StrictMath.log(1.15);

  private JitModes() {}

  /**
   * In how many forks one build was slow and the other was not; null where there are no two modes.
   *
   * <p>The p is McNemar's exact one: if both builds are as likely to be slow, then a fork in which one of them is, is a
   * fair coin, however their luck hangs together within a JVM.
   */
  static @Nullable SlowModes of(double[] logRatios) {
    if (!hasGap(logRatios)) {
      return null;
    }
    int base = 0;
    int candidate = 0;
    for (double logRatio : logRatios) {
      base += logRatio < -GAP ? 1 : 0;
      candidate += logRatio > GAP ? 1 : 0;
    }
    return new SlowModes(
        base, candidate, logRatios.length, Exact.signTest(base + candidate, Math.max(base, candidate)));
  }

  private static boolean hasGap(double[] logRatios) {
    double[] sorted = logRatios.clone();
    Arrays.sort(sorted);
    for (int i = 1; i < sorted.length; i++) {
      if (sorted[i] - sorted[i - 1] > GAP) {
        return true;
      }
    }
    return false;
  }
}
