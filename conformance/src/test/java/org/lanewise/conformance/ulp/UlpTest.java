package org.lanewise.conformance.ulp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lanewise.kernels.tensor.DType.BFLOAT16;
import static org.lanewise.kernels.tensor.DType.FLOAT16;
import static org.lanewise.kernels.tensor.DType.FLOAT32;
import static org.lanewise.kernels.tensor.DType.FLOAT64;
import static org.lanewise.kernels.tensor.DType.INT64;

import org.junit.jupiter.api.Test;

class UlpTest {
  private static final double INF = Double.POSITIVE_INFINITY;

  @Test
  void unitIsTheSpacingInTheBinadeOfTheTruth() {
    assertEquals(0x1p-23, Ulp.of(1, FLOAT32));
    assertEquals(0x1p-23, Ulp.of(1.999999999, FLOAT32));
    assertEquals(0x1p-24, Ulp.of(0x1.ffffffffp-1, FLOAT32), "just below a power of two");
    assertEquals(0x1p-22, Ulp.of(-2, FLOAT32));
    assertEquals(0x1p-52, Ulp.of(1, FLOAT64));
    assertEquals(0x1p-10, Ulp.of(1, FLOAT16));
    assertEquals(0x1p-7, Ulp.of(1, BFLOAT16));
  }

  @Test
  void unitBelowTheSmallestNormalIsTheSmallestSubnormal() {
    for (double exact : new double[] {0, 0x1p-126, 0x1.8p-127, 0x1p-149, 0x1p-160, Double.MIN_VALUE}) {
      assertEquals(0x1p-149, Ulp.of(exact, FLOAT32), Double.toHexString(exact));
    }
    assertEquals(0x1p-148, Ulp.of(0x1p-125, FLOAT32));
    assertEquals(Double.MIN_VALUE, Ulp.of(0, FLOAT64));
    assertEquals(0x1p-24, Ulp.of(0x1p-20, FLOAT16));
    assertEquals(0x1p-133, Ulp.of(0, BFLOAT16));
  }

  @Test
  void unitAboveTheLargestFiniteNumberIsTheSpacingThere() {
    assertEquals(0x1p104, Ulp.of(1e300, FLOAT32));
    assertEquals(32, Ulp.of(1e10, FLOAT16));
  }

  @Test
  void errorIsSignedAndFractional() {
    assertEquals(0.5, Ulp.error(1 + 0x1p-23, 1 + 0x1p-24, 0, FLOAT32));
    assertEquals(-0.5, Ulp.error(1, 1 + 0x1p-24, 0, FLOAT32));
    assertEquals(-0.5, Ulp.error(-1, -1 + 0x1p-25, 0, FLOAT32), "the unit is that of the truth, just below 1");
    assertEquals(0, Ulp.error(0.1f, 0.1f, 0, FLOAT32));
  }

  @Test
  void acrossAPowerOfTwoTheUnitIsThatOfTheTruth() {
    // Just below 1 the spacing is 2^-24: 1 + 2^-23 is two of them and a bit too large, not one.
    assertEquals(2.5, Ulp.error(1 + 0x1p-23, 1 - 0x1p-25, 0, FLOAT32));
    // A truth of exactly 1: one step down is half a unit.
    assertEquals(-0.5, Ulp.error(1 - 0x1p-24, 1, 0, FLOAT32));
  }

  @Test
  void aCorrectlyRoundedResultIsOffByAtMostAHalf() {
    for (int i = 0; i < 100_000; i++) {
      double exact = Math.scalb(1 + i * 0x1.3p-17, -150 + i % 280);
      if (!Ulp.overflows(exact, FLOAT32)) {
        double error = Ulp.error((float) exact, exact, 0, FLOAT32);
        assertTrue(Math.abs(error) <= 0.5, () -> Double.toHexString(exact) + " is off by " + error);
      }
    }
  }

  @Test
  void theLowPartOfAFloat64TruthCounts() {
    assertEquals(-0.25, Ulp.error(1, 1, 0x1p-54, FLOAT64));
  }

  @Test
  void zeroResultOfASubnormalTruthIsMeasuredInTheSmallestSubnormal() {
    assertEquals(-0.75, Ulp.error(0, 0x1.8p-150, 0, FLOAT32));
    assertEquals(0, Math.abs(Ulp.error(-0.0, 0, 0, FLOAT32)));
  }

  @Test
  void infinitiesAndNaN() {
    assertEquals(0, Ulp.error(INF, INF, 0, FLOAT32));
    assertEquals(INF, Math.abs(Ulp.error(1, INF, 0, FLOAT32)));
    assertEquals(INF, Math.abs(Ulp.error(-INF, INF, 0, FLOAT32)));
    assertEquals(0, Ulp.error(Double.NaN, Double.NaN, 0, FLOAT32));
    assertEquals(INF, Ulp.error(1, Double.NaN, 0, FLOAT32));
    assertEquals(INF, Ulp.error(Double.NaN, 1, 0, FLOAT32));
  }

  @Test
  void anOverflowCountsAsTheFirstPowerOfTwoBeyond() {
    assertEquals(1, Ulp.error(INF, Float.MAX_VALUE, 0, FLOAT32));
    assertEquals(-1, Ulp.error(-INF, -Float.MAX_VALUE, 0, FLOAT32));
    assertEquals(1, Ulp.error(INF, Double.MAX_VALUE, 0, FLOAT64));
    assertTrue(Ulp.error(INF, 1, 0, FLOAT32) > 1e30);
  }

  @Test
  void overflowBeginsHalfAUnitAboveTheLargestFiniteNumber() {
    assertFalse(Ulp.overflows(Float.MAX_VALUE, FLOAT32));
    assertFalse(Ulp.overflows(Math.nextDown(0x1.ffffffp127), FLOAT32));
    assertTrue(Ulp.overflows(0x1.ffffffp127, FLOAT32));
    assertTrue(Ulp.overflows(-1e39, FLOAT32));
    assertTrue(Ulp.overflows(65520, FLOAT16));
    assertFalse(Ulp.overflows(65519.9, FLOAT16));
    assertFalse(Ulp.overflows(Double.MAX_VALUE, FLOAT64));
    assertTrue(Ulp.overflows(INF, FLOAT64));
  }

  @Test
  void integersHaveNoUlp() {
    assertThrows(IllegalArgumentException.class, () -> Ulp.of(1, INT64));
  }
}
