package org.lanewise.conformance.judgement;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The units of a case: the inputs that decide one element of an output. For BCE that is an element, for cross-entropy a
 * row; for a reduced loss it is everything.
 */
abstract class Units {
  /** Whether all inputs that decide element {@code index} of a per-unit output are finite. */
  abstract boolean finite(String output, int index);

  /** Whether all inputs are finite. */
  abstract boolean allFinite();

  /** Whether the terms of the exact sum may cancel at this element, so that its error is measured against the largest. */
  abstract boolean mixed(String output, int index);

  /** The magnitude of the largest term of the exact sum, weights included, before upstream gradient and mean. */
  abstract double largestTerm(String output, int index);

  /** The sum or mean of the magnitudes of all terms: of losses that are all positive, the reduced loss itself. */
  abstract double reducedMagnitude();

  /** What upstream gradient and mean multiply a gradient entry by. */
  abstract double factor(int index);

  /** How many factors a loss carries: its weight. */
  abstract int weights();

  /** The inputs that decide this element, for people. */
  abstract String describe(String output, int index);

  static Units of(ReferenceCase reference, Map<String, Tensor> inputs) {
    return switch (reference.operation()) {
      case "bce_with_logits" -> new Elements(reference, inputs);
      case "cross_entropy" -> new Rows(reference, inputs);
      default -> new Lines(reference, inputs);
    };
  }

  static String hex(double value, DType dtype) {
    return dtype == DType.FLOAT64 ? Double.toHexString(value) : Float.toHexString((float) value);
  }

  /** ln(1 + e^x). */
  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  static double upstream(@Nullable Tensor upstream, int unit) {
    return upstream == null ? 1 : upstream.getDouble(upstream.numel() == 1 ? 0 : unit);
  }
}
