package org.lanewise.kernels.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.kernels.tensor.DType;

/** What a provider says of itself: what makes no sense is refused where it is said. */
class DeclarationTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void a_bound_is_a_number_from_0_up(int which) {
    String[] names = {"lossUlp", "gradientUlp", "mixedUlp", "reducedUlp"};
    for (double bad : new double[] {-0.5, Double.NaN}) {
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> declaration(which, bad));
      assertEquals(
          "%s is %s; a bound is a number of ULP from 0 up, or Double.POSITIVE_INFINITY to promise nothing."
              .formatted(names[which], bad),
          e.getMessage());
    }
    for (double good : new double[] {0, 0.5, Double.POSITIVE_INFINITY}) {
      assertEquals(DType.FLOAT32, declaration(which, good).dtype());
    }
  }

  private static Declaration declaration(int which, double bound) {
    double[] ulp = {1, 1, 1, 1};
    ulp[which] = bound;
    return new Declaration(Operation.BCE_WITH_LOGITS, DType.FLOAT32, ulp[0], ulp[1], ulp[2], ulp[3], true, true);
  }

  @Test
  void what_promises_nothing_promises_nothing() {
    Declaration nothing = Declaration.ofNothing(Operation.CROSS_ENTROPY, DType.FLOAT64);
    assertEquals(Double.POSITIVE_INFINITY, nothing.lossUlp());
    assertEquals(Double.POSITIVE_INFINITY, nothing.reducedUlp());
    assertFalse(nothing.reproducibleBits());
    assertFalse(nothing.allocationFree());
  }

  @Test
  void what_cannot_run_says_why_and_what_to_do() {
    Availability unavailable = Availability.unavailable("There is no device.", "Plug one in.");
    assertFalse(unavailable.available());
    assertEquals("Plug one in.", unavailable.remedy());
    for (String[] words : new String[][] {{null, null}, {"There is no device.", null}, {null, "Plug one in."}}) {
      assertThrows(IllegalArgumentException.class, () -> new Availability(false, words[0], words[1]));
    }
  }

  @Test
  void what_can_run_has_no_excuse() {
    assertTrue(Availability.AVAILABLE.available());
    assertNull(Availability.AVAILABLE.reason());
    assertThrows(IllegalArgumentException.class, () -> new Availability(true, "There is no device.", null));
    assertThrows(IllegalArgumentException.class, () -> new Availability(true, null, "Plug one in."));
  }
}
