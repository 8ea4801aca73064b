package org.lanewise.bench.gate.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.gate.statistics.Bootstrap;
import org.lanewise.bench.gate.statistics.Exact.Interval;

class BootstrapTest {
  @Test
  void forksWithoutNoiseLeaveNoDoubt() {
    Interval interval = Bootstrap.ofMedian(Forks.rounds(Forked.of(9, 1.25)), 200);

    assertEquals(StrictMath.log(1.25), interval.low(), 1e-12);
    assertEquals(StrictMath.log(1.25), interval.high(), 1e-12);
  }

  @Test
  void roundsThatScatterLeaveDoubtThoughAllForksAgree() {
    PairedRounds fork =
        new PairedRounds(new double[] {100, 100, 100, 100, 100}, new double[] {80, 90, 100, 110, 120});
    Interval interval = Bootstrap.ofMedian(Forks.rounds(Collections.nCopies(9, fork)), 2_000);

    assertTrue(interval.low() < -0.05 && interval.high() > 0.05, interval.toString());
  }

  @Test
  void moreRoundsDoNotMakeUpForForksThatDisagree() {
    List<PairedRounds> disagree = Forked.of(0.9, 0.95, 1.0, 1.05, 1.1);
    Interval interval = Bootstrap.ofMedian(Forks.rounds(disagree), 2_000);

    assertEquals(StrictMath.log(0.9), interval.low(), 1e-12);
    assertEquals(StrictMath.log(1.1), interval.high(), 1e-12);
  }

  /** 95 % are promised; nine forks keep it within what so few can. */
  @Test
  void theIntervalCoversTheTruth() {
    int comparisons = 400;
    int covered = 0;
    SimulatedForks machine = new SimulatedForks(SimulatedForks.scatter(0.0095), 0.05, SimulatedForks.ROUNDS, 11);
    for (int i = 0; i < comparisons; i++) {
      Interval interval = Bootstrap.ofMedian(Forks.rounds(machine.forks(Judge.CONFIRMING_FORKS)), 400);
      covered += interval.low() <= Math.log(1.05) && Math.log(1.05) <= interval.high() ? 1 : 0;
    }
    double share = (double) covered / comparisons;

    assertTrue(share >= 0.93 && share <= 0.99, "covered in " + share);
  }

  /** Benchmarks that scatter together are one observation a pass, not one each. */
  @Test
  void aSuiteThatScattersTogetherHasAWideMean() {
    double[] passes = {-0.04, -0.02, 0, 0.02, 0.04};
    Interval together = Bootstrap.ofMeanOfMedians(Collections.nCopies(20, passes));
    Interval one = Bootstrap.ofMeanOfMedians(List.of(passes));

    assertEquals(one.low(), together.low(), 1e-12);
    assertEquals(one.high(), together.high(), 1e-12);
    assertTrue(one.high() >= 0.03, one.toString());
  }
}
