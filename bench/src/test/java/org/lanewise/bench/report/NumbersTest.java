package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumbersTest {
  @ParameterizedTest
  @CsvSource({
    "1, 100 %", "0, 0 %", "0.9987, 99.87 %", "0.99999998, 99.9999980 %", "0.995, 99.50 %", "0.986, 99 %",
    "0.25, 25 %", "0.0123, 1.2 %", "2.5, 250 %", "NaN, –"
  })
  void whatIsNotAllIsNeverRoundedUpToIt(double share, String shown) {
    assertEquals(shown, Numbers.percent(share));
  }

  @Test
  void largeErrorsHaveNoFalseDigits() {
    assertEquals("1.68e7", Numbers.ulp(16_777_216));
    assertEquals("1.68e7", Numbers.shortUlp(16_777_216));
    assertEquals("0.878", Numbers.ulp(0.8782));
    assertEquals("512.000", Numbers.ulp(512));
    assertEquals("0.88", Numbers.shortUlp(0.8782));
    assertEquals("∞", Numbers.shortUlp(Double.POSITIVE_INFINITY));
  }

  @Test
  void oneIsOne() {
    assertEquals("1 row", Words.count(1, "row"));
    assertEquals("1,000 rows", Words.count(1000, "row"));
    assertEquals("0 rows", Words.count(0, "row"));
  }
}
