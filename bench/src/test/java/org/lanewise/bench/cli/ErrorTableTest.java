package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.errors.ErrorCurve;

class ErrorTableTest {
  private static ErrorCurve curve(String implementation, String operation, String output, double error) {
    return curve(implementation, operation, output, error, error);
  }

  private static ErrorCurve curve(
      String implementation, String operation, String output, double error, double normal) {
    double[] none = {};
    return new ErrorCurve(implementation, operation, output, error, normal, "somewhere", "3 logits", none, none, none, new long[0]);
  }

  @Test
  void aLineAnImplementationAColumnAnOutput() {
    assertEquals(
        """
        largest error, ULP  BCE loss  BCE gradient  CE loss
        vector                  0.76          1.90        -
        pytorch-eager        1.7e+07             -      inf
        jax-jit                 2.65             -        -
        Subnormal results, which are not in the table, lose all digits in: jax-jit.
        bce_with_logits: 3 logits.
        cross_entropy: 3 logits.
        """,
        ErrorTable.of(
            List.of(
                curve("vector", "bce_with_logits", "loss", 0.757),
                curve("vector", "bce_with_logits", "logits_gradient", 1.9),
                curve("pytorch-eager", "bce_with_logits", "loss", 1.6777e7),
                curve("pytorch-eager", "cross_entropy", "loss", Double.POSITIVE_INFINITY),
                curve("jax-jit", "bce_with_logits", "loss", 8.4e6, 2.65))));
    assertEquals("", ErrorTable.of(List.of()));
  }
}
