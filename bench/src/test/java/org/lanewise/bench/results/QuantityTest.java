package org.lanewise.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantityTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "999, 999", "999.6, 1.00 k", "1830000000, 1.83 G", "99960, 100 k", "12345, 12.3 k", "2e15, 2000 T"})
  void rates(double value, String text) {
    assertEquals(text, Quantity.si(value));
  }

  @ParameterizedTest
  @CsvSource({"12.34, 12.3 ns", "7421, 7.42 µs", "1873912, 1.87 ms", "2.5e9, 2.50 s"})
  void durations(double value, String text) {
    assertEquals(text, Quantity.nanos(value));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "50, 50", "500, 500", "1000, 1 k", "2000000000, 2 G", "500000, 500 k", "0.5, 0.5"})
  void ticks(double value, String text) {
    assertEquals(text, Quantity.round(value));
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {"12.34; 12.3", "999.94; 999.9", "999.96; 1,000", "1873912.4; 1,873,912"})
  void grouped(double value, String text) {
    assertEquals(text, Quantity.grouped(value));
  }

  @ParameterizedTest
  @CsvSource({"1.524, 1.52", "9.6, 9.60", "0.004, 0.00", "9.996, 10.0", "99.96, 100", "1234.6, 1235", "NaN, ''"})
  void digits(double value, String text) {
    assertEquals(text, Quantity.digits(value));
  }
}
