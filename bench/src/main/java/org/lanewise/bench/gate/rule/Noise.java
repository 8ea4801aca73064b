package org.lanewise.bench.gate.rule;

/**
 * How well a benchmark can be measured on this machine now.
 *
 * @param benchmark which
 * @param spread how far apart the forks of two equal builds lie: the largest difference from no difference, as a share
 * @param detectable the smallest slowdown that would be found at least four times in five, a multiple of 0.5 %; NaN where
 *     that is none up to 50 %
 */
public record Noise(PairedBenchmark benchmark, double spread, double detectable) {
  private static final double STEP = 0.005;
  private static final int STEPS = 100;

  /** The noise that a comparison of a build with itself shows. */
  public static Noise of(Comparison comparison) {
    double[] logRatios = Forks.logRatios(comparison.first());
    double spread = 0;
    for (double logRatio : logRatios) {
      spread = Math.max(spread, StrictMath.expm1(Math.abs(logRatio)));
    }
    double detectable = Double.NaN;
    for (int step = STEPS; step > 0 && found(logRatios, step * STEP); step--) {
      detectable = step * STEP;
    }
    return new Noise(comparison.benchmark(), spread, detectable);
  }

  private static boolean found(double[] logRatios, double slowdown) {
    return logRatios.length >= Judge.FIRST_FORKS
        && Power.of(logRatios, Threshold.DEFAULT, slowdown) >= Judge.ENOUGH_POWER;
  }
}
