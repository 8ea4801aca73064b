package org.lanewise.bench.gate.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.lanewise.bench.gate.statistics.Exact.Interval;

class ExactTest {
  @Test
  void binomialTailsAreThoseOfTables() {
    assertEquals(1, Exact.binomialTail(20, 0, 0.25));
    assertEquals(0.5851584, Exact.binomialTail(20, 5, 0.25), 1e-7);
    assertEquals(0.0138644, Exact.binomialTail(20, 10, 0.25), 1e-7);
    assertEquals(0, Exact.binomialTail(20, 21, 0.25));
    assertEquals(0, Exact.binomialTail(20, 1, 0));
    assertEquals(1, Exact.binomialTail(20, 20, 1));
  }

  @Test
  void signTestCountsCoins() {
    assertEquals(1 / 512.0, Exact.signTest(9, 9), 1e-15);
    assertEquals(15 / 16384.0, Exact.signTest(14, 13), 1e-15);
    assertEquals(1, Exact.signTest(0, 0));
  }

  @Test
  void intervalsAreClopperAndPearsons() {
    assertInterval(0.0490047, 0.1762226, Exact.clopperPearson(100, 10));
    assertInterval(0.1870860, 0.8129140, Exact.clopperPearson(10, 5));
    assertInterval(0, 1 - Math.pow(0.025, 1 / 300.0), Exact.clopperPearson(300, 0));
    assertInterval(Math.pow(0.025, 1 / 60.0), 1, Exact.clopperPearson(60, 60));
    assertInterval(0, 1 - Math.pow(0.025, 1 / 20000.0), Exact.clopperPearson(20000, 0));
  }

  @Test
  void aCountNeedsATrial() {
    assertThrows(IllegalArgumentException.class, () -> Exact.clopperPearson(0, 0));
    assertThrows(IllegalArgumentException.class, () -> Exact.clopperPearson(5, 6));
  }

  private static void assertInterval(double low, double high, Interval interval) {
    assertEquals(low, interval.low(), 1e-6);
    assertEquals(high, interval.high(), 1e-6);
  }
}
