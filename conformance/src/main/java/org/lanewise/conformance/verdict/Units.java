package org.lanewise.conformance.verdict;

import java.util.Map;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The units of a case: the inputs that decide one element of an output. For BCE that is an element, for cross-entropy a
 * row; for a reduced loss it is everything.
 */
abstract sealed class Units {
  /** Whether all inputs that decide element {@code index} of a per-unit output are finite. */
  abstract boolean finite(String output, int index);

  /** Whether all inputs are finite. */
  abstract boolean allFinite();

  /** Whether the terms of the exact sum may cancel at this element, so that its error is measured against the largest. */
  abstract boolean mixed(String output, int index);

  /** The magnitude of the largest term of the exact sum, before any factor. */
  abstract double largestTerm(String output, int index);

  /** The inputs that decide this element, for people. */
  abstract String describe(String output, int index);

  static Units of(ReferenceCase reference, Map<String, Tensor> inputs) {
    return switch (reference.operation()) {
      case "bce_with_logits" -> new Elements(inputs.get("logits"), inputs.get("target"));
      case "cross_entropy" -> new Rows(inputs.get("logits"), inputs.get("target"));
      default ->
          throw new DataException(
              "Case '%s' is of the operation '%s', which this Lanewise does not know; use a matching release."
                  .formatted(reference.id(), reference.operation()));
    };
  }

  static String hex(double value, DType dtype) {
    return dtype == DType.FLOAT64 ? Double.toHexString(value) : Float.toHexString((float) value);
  }

  /** BCE: every element by itself. */
  private static final class Elements extends Units {
    private final Tensor logits;
    private final Tensor target;

    Elements(Tensor logits, Tensor target) {
      this.logits = logits;
      this.target = target;
    }

    @Override
    boolean finite(String output, int index) {
      return Double.isFinite(logits.getDouble(index)) && Double.isFinite(target.getDouble(index));
    }

    @Override
    boolean allFinite() {
      for (int i = 0; i < logits.numel(); i++) {
        if (!finite("", i)) {
          return false;
        }
      }
      return true;
    }

    @Override
    boolean mixed(String output, int index) {
      double t = target.getDouble(index);
      return t != 0 && t != 1;
    }

    @Override
    double largestTerm(String output, int index) {
      double x = logits.getDouble(index);
      double t = target.getDouble(index);
      if (output.equals("loss")) {
        // |x| · w + ln(1 + e^-|x|): for targets in [0, 1] both are positive and the result is the larger.
        return Math.max(Math.abs(x * (x > 0 ? 1 - t : t)), Math.log1p(Math.exp(-Math.abs(x))));
      }
      return Math.max(1 / (1 + Math.exp(-x)), Math.abs(t));
    }

    @Override
    String describe(String output, int index) {
      return "logits=%s target=%s"
          .formatted(hex(logits.getDouble(index), logits.dtype()), hex(target.getDouble(index), target.dtype()));
    }
  }

  /** Cross-entropy with class indices: row by row. */
  private static final class Rows extends Units {
    private final Tensor logits;
    private final Tensor target;
    private final int classes;
    private final int inner;
    private final boolean[] finite;

    Rows(Tensor logits, Tensor target) {
      this.logits = logits;
      this.target = target;
      this.classes = logits.rank() == 1 ? logits.size(0) : logits.size(1);
      int positions = 1;
      for (int dim = 2; dim < logits.rank(); dim++) {
        positions *= logits.size(dim);
      }
      this.inner = positions;
      this.finite = new boolean[target.numel()];
      for (int row = 0; row < finite.length; row++) {
        finite[row] = true;
        for (int c = 0; c < classes; c++) {
          finite[row] &= Double.isFinite(logits.getDouble(logit(row, c)));
        }
      }
    }

    private int logit(int row, int c) {
      return (row / inner * classes + c) * inner + row % inner;
    }

    private int row(String output, int index) {
      return output.equals("loss") ? index : index / (classes * inner) * inner + index % inner;
    }

    @Override
    boolean finite(String output, int index) {
      return finite[row(output, index)];
    }

    @Override
    boolean allFinite() {
      for (boolean row : finite) {
        if (!row) {
          return false;
        }
      }
      return true;
    }

    @Override
    boolean mixed(String output, int index) {
      return false; // with class indices every term of the loss and of the gradient has one sign
    }

    @Override
    double largestTerm(String output, int index) {
      return 0;
    }

    @Override
    String describe(String output, int index) {
      int row = row(output, index);
      int t = (int) target.getLong(row);
      String text = "row=%d target=%d".formatted(row, t);
      if (t >= 0 && t < classes) {
        text += " logit[%d]=%s".formatted(t, hex(logits.getDouble(logit(row, t)), logits.dtype()));
      }
      if (!output.equals("loss")) {
        int c = index / inner % classes;
        text += " class=%d logit[%d]=%s".formatted(c, c, hex(logits.getDouble(index), logits.dtype()));
      }
      return text;
    }
  }
}
