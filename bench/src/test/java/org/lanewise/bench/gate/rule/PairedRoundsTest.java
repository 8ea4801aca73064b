package org.lanewise.bench.gate.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PairedRoundsTest {
  @Test
  void aForkIsTheMedianOfItsRoundsNotTheRatioOfMedians() {
    PairedRounds fork = new PairedRounds(new double[] {100, 200, 400}, new double[] {110, 100, 440});

    assertEquals(StrictMath.log(1.1), fork.logRatio(), 1e-15);
  }

  @Test
  void ofAnEvenNumberTheMiddleTwoCount() {
    PairedRounds fork = new PairedRounds(new double[] {1, 1, 1, 1}, new double[] {1, 2, 4, 8});

    assertEquals(0.5 * (StrictMath.log(2) + StrictMath.log(4)), fork.logRatio(), 1e-15);
  }

  @Test
  void timesAreKeptAsTheyAreWritten() {
    PairedRounds fork = new PairedRounds(new double[] {1234.5678, 1234567.8, 1e-9 / 3}, new double[] {1, 1, 1});

    assertArrayEquals(new double[] {1234.57, 1234570, 3.33333e-10}, fork.base());
    assertArrayEquals(fork.base(), new PairedRounds(fork.base(), fork.candidate()).base());
  }

  @Test
  void whatIsNoTimeIsRefused() {
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class, () -> new PairedRounds(new double[] {1, 1}, new double[] {1, bad}));
      assertTrue(e.getMessage().contains("round 1 of the candidate took " + bad + " ns"), e.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> new PairedRounds(new double[0], new double[0]));
    assertThrows(IllegalArgumentException.class, () -> new PairedRounds(new double[] {1}, new double[] {1, 2}));
  }
}
