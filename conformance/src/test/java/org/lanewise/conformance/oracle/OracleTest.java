package org.lanewise.conformance.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.lanewise.conformance.oracle.Logistic.Function;

/** The oracle keeps the errors that it states, by mpmath's values at its hardest points and elsewhere. */
class OracleTest {
  private static final List<String> POINTS = points();

  private static List<String> points() {
    try (InputStream in = OracleTest.class.getResourceAsStream("/oracle/points.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#")).toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private record Point(Function function, float x, DoubleDouble value, float rounded) {}

  private static List<Point> logits() {
    return POINTS.stream()
        .filter(line -> !line.startsWith("row"))
        .map(line -> line.split(" "))
        .map(
            w ->
                new Point(
                    Function.valueOf(w[0].toUpperCase(Locale.ROOT)),
                    bits(w[1]),
                    new DoubleDouble(Double.parseDouble(w[2]), Double.parseDouble(w[3])),
                    bits(w[4])))
        .toList();
  }

  private static float bits(String hex) {
    return Float.intBitsToFloat(Integer.parseUnsignedInt(hex, 16));
  }

  /** The array forms at one logit. */
  private static double float64(Function function, float x) {
    float[] magnitude = {Math.abs(x)};
    double[] z = new double[1];
    double[] negative = new double[1];
    double[] positive = new double[1];
    Logistic.exponentials(magnitude, 1, z);
    if (function == Function.SOFTPLUS) {
      Logistic.softplus(magnitude, z, 1, negative, positive);
    } else {
      Logistic.sigmoid(z, 1, negative, positive);
    }
    return (x > 0 ? positive : negative)[0];
  }

  private static double relativeError(DoubleDouble value, DoubleDouble truth) {
    return Math.abs(value.minus(truth).hi() / truth.hi());
  }

  @Test
  void agreesWithMpmath() {
    double largest = 0;
    double largestExact = 0;
    assertTrue(logits().size() > 1500, logits().size() + " points");
    for (Point point : logits()) {
      DoubleDouble exact = Logistic.exact(point.function, point.x);
      largestExact = Math.max(largestExact, relativeError(exact, point.value));
      largest = Math.max(largest, relativeError(DoubleDouble.of(float64(point.function, point.x)), point.value));
      assertEquals(point.rounded, exact.toFloat(), () -> point.toString());
    }
    System.out.printf("Oracle: float64 2^%.1f, double-double 2^%.1f%n", log2(largest), log2(largestExact));
    assertTrue(largestExact <= 0x1p-95, "double-double: 2^" + log2(largestExact));
    assertTrue(largest <= Logistic.RELATIVE_ERROR / 2, "float64: 2^" + log2(largest));
  }

  @Test
  void theArrayFormsKeepTheirError() {
    SplittableRandom random = new SplittableRandom(1);
    double largest = 0;
    for (int i = 0; i < 30_000; i++) {
      float x = (float) Math.scalb(random.nextDouble() * 2 - 1, random.nextInt(-30, 8));
      if (Math.abs(x) < 200) { // beyond, both are within 2^-288 of a limit
        for (Function function : Function.values()) {
          largest = Math.max(largest, relativeError(DoubleDouble.of(float64(function, x)), Logistic.exact(function, x)));
        }
      }
    }
    assertTrue(largest <= Logistic.RELATIVE_ERROR / 2, "2^" + log2(largest));
  }

  @Test
  void hardestPointsAreUndecidedInFloat64AndDecidedBeyond() {
    long undecided =
        logits().stream()
            .filter(point -> Logistic.ulpFromMidpoint(Logistic.exact(point.function, point.x)) < Logistic.UNDECIDED_ULP)
            .count();
    assertTrue(undecided >= 500, undecided + " points near a midpoint");
    DoubleDouble midpoint = DoubleDouble.of(1 + 0x1p-24);
    assertThrows(IllegalStateException.class, () -> Logistic.ulpFromMidpoint(midpoint));
  }

  @Test
  void roundingLooksBeyondTheDouble() {
    assertEquals(1f, new DoubleDouble(1 + 0x1p-24, -0x1p-90).toFloat());
    assertEquals(1 + 0x1p-23f, new DoubleDouble(1 + 0x1p-24, 0x1p-90).toFloat());
    assertEquals(1f, new DoubleDouble(1 + 0x1p-24, 0).toFloat(), "a tie goes to even");
    assertEquals(0f, new DoubleDouble(0x1p-150, -0x1p-210).toFloat());
    assertEquals(Float.MIN_VALUE, new DoubleDouble(0x1p-150, 0x1p-210).toFloat());
  }

  @Test
  void rowsAgreeWithMpmath() {
    double largest = 0;
    int rows = 0;
    for (String line : POINTS) {
      if (!line.startsWith("row")) {
        continue;
      }
      rows++;
      String[] parts = line.substring(4).split(" : ");
      String[] inputs = parts[0].split(" ");
      String[] truth = parts[1].split(" ");
      int classes = inputs.length - 1;
      float[] logits = new float[classes + 1];
      for (int c = 0; c < classes; c++) {
        logits[c + 1] = bits(inputs[c + 1]); // at an offset
      }
      SoftmaxRow row = new SoftmaxRow(classes);
      row.read(logits, 1, classes, Integer.parseInt(inputs[0]));
      largest = Math.max(largest, relativeError(row.loss(), Double.parseDouble(truth[0])));
      for (int c = 0; c < classes; c++) {
        largest = Math.max(largest, relativeError(row.gradient(c), Double.parseDouble(truth[c + 1])));
      }
    }
    System.out.printf("Oracle: rows 2^%.1f%n", log2(largest));
    assertEquals(200, rows);
    assertTrue(largest <= SoftmaxRow.RELATIVE_ERROR, "2^" + log2(largest));
  }

  private static double relativeError(double value, double truth) {
    return value == truth ? 0 : Math.abs(value - truth) / Math.abs(truth);
  }

  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }
}
