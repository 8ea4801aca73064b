package org.lanewise.bench.sweep;

import java.util.Arrays;
import java.util.List;
import org.lanewise.conformance.oracle.Logistic;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * A float32 output that depends on one logit alone. Each is softplus or the sigmoid of the logit, or such a function
 * <em>reflected</em>: the negated function of the negated logit. Sweeps see reflected outputs through that reflection, so
 * that all that is judged is at least 0 and increases.
 */
enum SweptOutput {
  BCE_LOSS("bce_with_logits", "loss", Logistic.Function.SOFTPLUS, false),
  BCE_GRADIENT("bce_with_logits", "logits_gradient", Logistic.Function.SIGMOID, false),
  SIGMOID("sigmoid", "output", Logistic.Function.SIGMOID, false),
  LOG_SIGMOID("log_sigmoid", "output", Logistic.Function.SOFTPLUS, true);

  /** What is asked of operations that have no kernels and so no declaration. */
  private static final double FRONT_DOOR_ULP = 1;

  final String operation;
  final String output;
  final Logistic.Function function;
  final boolean reflected;

  SweptOutput(String operation, String output, Logistic.Function function, boolean reflected) {
    this.operation = operation;
    this.output = output;
    this.function = function;
    this.reflected = reflected;
  }

  /** The outputs of an operation; none if it cannot be swept. */
  static List<SweptOutput> of(String operation) {
    return Arrays.stream(values()).filter(o -> o.operation.equals(operation)).toList();
  }

  /** The name of its file of hard cases. */
  String file() {
    return output.equals("output") ? operation : operation + "." + output;
  }

  /** The bound that its kernel declares. */
  double declaredUlp(KernelProvider kernel) {
    if (!operation.equals(Operation.BCE_WITH_LOGITS.id())) {
      return FRONT_DOOR_ULP;
    }
    Declaration declaration =
        kernel.declarations().stream()
            .filter(d -> d.operation() == Operation.BCE_WITH_LOGITS && d.dtype() == DType.FLOAT32)
            .findFirst()
            .orElseThrow();
    return this == BCE_LOSS ? declaration.lossUlp() : declaration.gradientUlp();
  }

  /**
   * The value at an infinite or NaN logit: where PyTorch gives NaN or an infinity the same, elsewhere the limit.
   *
   * @param target of binary cross-entropy, 0 or 1; 0 for others
   */
  float special(float x, int target) {
    if (Float.isNaN(x)) {
      return Float.NaN;
    }
    boolean positive = x > 0;
    return switch (this) {
      case BCE_LOSS -> positive && target == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
      case BCE_GRADIENT -> (positive ? 1 : 0) - target;
      case SIGMOID -> positive ? 1 : 0;
      case LOG_SIGMOID -> positive ? 0 : Float.NEGATIVE_INFINITY;
    };
  }
}
