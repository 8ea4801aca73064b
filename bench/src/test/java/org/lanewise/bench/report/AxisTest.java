package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxisTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1", "1, 1e12", "1000, 262144", "16, 2048", "4e8, 5e8", "3e8, 3.1e8", "1.3, 1.3", "0.87, 0.88", "5e6, 5e6",
    "1e-7, 1e-7", "0.1, 1e8"
  })
  void aLogarithmicAxisHasTwoToTenTicksAllWithinIt(double low, double high) {
    check(new LogAxis(low, high, 0, 100), low, high);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "5, 5", "-104, 104", "0.98, 1.7", "-3e-7, 3e-7", "0.3, 0.9"})
  void aLinearAxisHasTwoToTenTicksAllWithinIt(double low, double high) {
    check(new LinearAxis(low, high, 0, 100), low, high);
  }

  private static void check(Axis axis, double low, double high) {
    List<Double> ticks = axis.ticks();
    assertTrue(ticks.size() >= 2 && ticks.size() <= 10, ticks.toString());
    assertTrue(
        ticks.stream().allMatch(tick -> axis.pixel(tick) >= -1e-6 && axis.pixel(tick) <= 100 + 1e-6), ticks.toString());
    assertTrue(axis.pixel(low) > 0 && axis.pixel(high) < 100);
    assertEquals(ticks.size(), ticks.stream().map(Numbers::tick).distinct().count(), "labels differ: " + ticks);
  }

  @Test
  void ticksAreRoundAndReadAsSuch() {
    assertEquals(
        List.of("−100", "−50", "0", "50", "100"),
        new LinearAxis(-104, 104, 0, 100).ticks().stream().map(Numbers::tick).toList());
    assertEquals(
        List.of("0.001", "0.01", "0.1", "1"),
        new LogAxis(0.001, 1, 0, 100).ticks().stream().map(Numbers::tick).toList());
    assertEquals(
        List.of("1 k", "10 k", "100 k"),
        new LogAxis(1e3, 1e5, 0, 9).ticks().stream().map(Numbers::tick).toList());
    assertEquals("1e-7", Numbers.tick(1e-7));
    assertEquals("1e18", Numbers.tick(1e18));
  }

  @Test
  void equalStepsAreEqualFactorsOrEqualDifferences() {
    Axis log = new LogAxis(1, 1000, 0, 300);
    assertEquals(log.pixel(10) - log.pixel(1), log.pixel(1000) - log.pixel(100), 1e-9);
    Axis linear = new LinearAxis(0, 30, 300, 0);
    assertEquals(linear.pixel(0) - linear.pixel(10), linear.pixel(20) - linear.pixel(30), 1e-9);
    assertTrue(linear.pixel(30) < linear.pixel(0), "upwards");
  }
}
