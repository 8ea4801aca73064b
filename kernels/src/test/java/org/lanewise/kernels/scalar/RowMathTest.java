package org.lanewise.kernels.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** The exponential and the logarithm of a row are as accurate as they say, against those of the platform. */
class RowMathTest {
  private static final double BOUND = 0x1p-41;

  private static void assertAccurate(DoubleUnaryOperator own, DoubleUnaryOperator platform, double x) {
    double expected = platform.applyAsDouble(x);
    double error = Math.abs(own.applyAsDouble(x) - expected);
    assertTrue(error <= BOUND * Math.abs(expected), () -> "relative error %a at %a".formatted(error / expected, x));
  }

  @Test
  void exp() {
    Random random = new Random(1);
    for (int i = 0; i < 1_000_000; i++) {
      assertAccurate(RowMath::exp, StrictMath::exp, (random.nextDouble() * 2 - 1) * 700);
      assertAccurate(RowMath::exp, StrictMath::exp, Math.scalb(random.nextGaussian(), -random.nextInt(60)));
    }
    assertEquals(1, RowMath.exp(0));
    assertTrue(Double.isNaN(RowMath.exp(Double.NaN)));
  }

  @Test
  void log1p() {
    Random random = new Random(2);
    for (int i = 0; i < 1_000_000; i++) {
      assertAccurate(RowMath::log1p, StrictMath::log1p, random.nextDouble() * 4);
      assertAccurate(RowMath::log1p, StrictMath::log1p, Math.scalb(random.nextDouble(), random.nextInt(1800) - 900));
    }
    assertEquals(0, RowMath.log1p(0));
    assertTrue(Double.isNaN(RowMath.log1p(Double.NaN)));
  }
}
