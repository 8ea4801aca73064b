package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.function.Supplier;

/** Equality of bits, all NaNs being one. */
final class Bits {
  private Bits() {}

  static void assertSame(float[] expected, float[] actual, Supplier<String> what) {
    if (expected.length != actual.length) {
      fail("%s: %d values instead of %d".formatted(what.get(), actual.length, expected.length));
    }
    for (int i = 0; i < expected.length; i++) {
      if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
        int at = i;
        assertSame(expected[i], actual[i], () -> "%s, element %d of %d".formatted(what.get(), at, expected.length));
      }
    }
  }

  static void assertSame(float expected, float actual, Supplier<String> what) {
    if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
      fail("%s: expected %a, was %a".formatted(what.get(), expected, actual));
    }
  }

  static void assertSame(double expected, double actual, Supplier<String> what) {
    if (Double.doubleToLongBits(expected) != Double.doubleToLongBits(actual)) {
      fail("%s: expected %a, was %a".formatted(what.get(), expected, actual));
    }
  }
}
