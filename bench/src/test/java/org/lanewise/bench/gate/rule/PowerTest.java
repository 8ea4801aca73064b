package org.lanewise.bench.gate.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.gate.statistics.Exact;
import org.lanewise.bench.gate.statistics.Median;

class PowerTest {
  /** Resamples the deviations through the rule itself; a second helping of forks, which the estimate leaves out, too. */
  private static double resampled(double[] logRatios, int times) {
    SplittableRandom random = new SplittableRandom(3);
    double centre = Median.of(logRatios);
    double widen = Math.sqrt(logRatios.length / (logRatios.length - 1.0));
    int found = 0;
    for (int i = 0; i < times; i++) {
      double[] first = new double[5];
      double[] confirming = new double[9];
      double[] all = new double[30];
      for (int fork = 0; fork < 30; fork++) {
        double deviation = widen * (logRatios[random.nextInt(logRatios.length)] - centre);
        all[fork] = Math.log(1.05) + (random.nextBoolean() ? deviation : -deviation);
        if (fork < 5) {
          first[fork] = all[fork];
        } else if (fork < 14) {
          confirming[fork - 5] = all[fork];
        }
      }
      boolean flagged = Forks.slower(first, Threshold.DEFAULT) && Forks.slower(confirming, Threshold.DEFAULT);
      boolean clear =
          Exact.signTest(14, Forks.count(first, 1) + Forks.count(confirming, 1)) <= Judge.ALPHA
              || Forks.chance(all, 1) <= Judge.ALPHA;
      found += flagged && clear ? 1 : 0;
    }
    return (double) found / times;
  }

  @Test
  void thePowerIsWhatResamplingThroughTheRuleGives() {
    double[][] spreads = {
      {0, 0.001, -0.002, 0.003, 0.01},
      {0, 0.02, -0.035, 0.03, 0.01},
      {0, 0.2, -0.001, 0.06, 0.01},
      {0, 0.04, -0.04, 0.06, 0.02, -0.01, 0.03, 0.0, 0.0}
    };
    for (double[] spread : spreads) {
      double expected = resampled(spread, 40_000);
      assertEquals(expected, Power.of(spread, Threshold.DEFAULT), 0.01);
    }
    assertTrue(Power.of(spreads[1], Threshold.DEFAULT) < 0.95, "the spreads must not all be easy");
  }

  @Test
  void oneStrayForkOfFiveIsForgivenTwoAreNot() {
    assertTrue(Power.of(new double[] {0, 0, 0, 0, 0.1}, Threshold.DEFAULT) >= Judge.ENOUGH_POWER);
    assertTrue(Power.of(new double[] {0, 0, 0, 0.1, -0.1}, Threshold.DEFAULT) < Judge.ENOUGH_POWER);
  }

  @Test
  void theSpreadCountsNotWhereItLies() {
    double[] spread = {0, 0.02, -0.035, 0.03, 0.01};
    double[] elsewhere = {0.5, 0.52, 0.465, 0.53, 0.51};

    assertEquals(Power.of(spread, Threshold.DEFAULT), Power.of(elsewhere, Threshold.DEFAULT), 1e-9);
  }
}
