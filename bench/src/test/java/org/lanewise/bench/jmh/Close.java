package org.lanewise.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Comparisons of what benchmarks compute, with float64 and with each other. */
final class Close {
  /** Wide enough for every declared bound, and far below what any mistake in a formula would give. */
  private static final double ULPS = 8;

  private Close() {}

  static void assertClose(double expected, float actual, String what) {
    double tolerance = ULPS * Math.max(Math.ulp((float) expected), Float.MIN_VALUE);
    assertTrue(
        Math.abs(actual - expected) <= tolerance, () -> "%s: expected %s, got %s".formatted(what, expected, actual));
  }

  static void assertSameBits(float[] expected, float[] actual, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      int index = i;
      assertEquals(
          Float.floatToRawIntBits(expected[i]),
          Float.floatToRawIntBits(actual[i]),
          () -> "%s, index %d: %s and %s".formatted(what, index, expected[index], actual[index]));
    }
  }
}
