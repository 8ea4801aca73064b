package org.lanewise.kernels;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.IndexError;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The functions behind the losses, and their gradients: PyTorch's {@code sigmoid}, {@code logsigmoid}, {@code softmax} and
 * {@code log_softmax}.
 *
 * <p>Everything is computed in float64, in forms that cancel nothing, and rounded once to the result's dtype. Gradients are
 * those of the exact function of the input, not of its rounded result: that of a saturated sigmoid is not 0.
 */
public final class Activations {
  private Activations() {}

  /**
   * 1 / (1 + e^−x).
   *
   * @param input of any dtype
   * @return of the same shape and dtype; float32 for integers and bool
   */
  public static Tensor sigmoid(Tensor input) {
    double[] x = Rounding.values(input);
    double[] result = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      result[i] = sigmoid(x[i]);
    }
    return Rounding.round(result, input.dtype().isFloatingPoint() ? input.dtype() : DType.FLOAT32, input.shape());
  }

  /**
   * The gradient of {@link #sigmoid} with respect to its input.
   *
   * @param input floating-point
   * @param upstream the gradient that flows into the result, of its shape; null for ones
   * @throws RuntimeError if the input is not floating-point, or the shapes differ
   */
  public static Tensor sigmoidBackward(Tensor input, @Nullable Tensor upstream) {
    requireDifferentiable(input);
    Tensor seed = Upstream.check(upstream, input.dtype(), input.shape());
    double[] x = Rounding.values(input);
    double[] result = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double z = StrictMath.exp(-Math.abs(x[i]));
      result[i] = z / ((1 + z) * (1 + z)) * at(seed, i);
    }
    return Rounding.round(result, input.dtype(), input.shape());
  }

  /**
   * The logarithm of the sigmoid, −ln(1 + e^−x).
   *
   * @param input floating-point
   * @return of the same shape and dtype; never −0
   * @throws NotImplementedError if the input is not floating-point
   */
  public static Tensor logSigmoid(Tensor input) {
    if (!input.dtype().isFloatingPoint()) {
      throw new NotImplementedError(
          "\"log_sigmoid_cpu\" not implemented for '%s'".formatted(input.dtype().torchName()),
          "Convert the input with input.to(DType.FLOAT32).");
    }
    double[] x = Rounding.values(input);
    double[] result = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      result[i] = Math.min(x[i], 0) - StrictMath.log1p(StrictMath.exp(-Math.abs(x[i])));
    }
    return Rounding.roundToPositiveZero(result, input.dtype(), input.shape());
  }

  /**
   * The gradient of {@link #logSigmoid} with respect to its input.
   *
   * @see #sigmoidBackward
   */
  public static Tensor logSigmoidBackward(Tensor input, @Nullable Tensor upstream) {
    requireDifferentiable(input);
    Tensor seed = Upstream.check(upstream, input.dtype(), input.shape());
    double[] x = Rounding.values(input);
    double[] result = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      result[i] = sigmoid(-x[i]) * at(seed, i);
    }
    return Rounding.round(result, input.dtype(), input.shape());
  }

  /** {@link #softmax(Tensor, int, DType)} in the input's own dtype. */
  public static Tensor softmax(Tensor input, int dim) {
    return softmax(input, dim, null);
  }

  /**
   * e^x_c / Σ e^x_k over the classes c of each row. A row with a NaN, a +∞ or nothing but −∞ gives NaN.
   *
   * @param input floating-point, or of any dtype where {@code dtype} is given
   * @param dim the class dimension, counted from 0, or from the end if negative
   * @param dtype to which the input is converted first; null for its own
   * @return of the same shape, and of that dtype
   * @throws IndexError if there is no such dimension
   * @throws NotImplementedError if the dtype is not floating-point
   */
  public static Tensor softmax(Tensor input, int dim, @Nullable DType dtype) {
    Rows rows = new Rows("softmax", input, dim, dtype);
    double[] result = new double[input.numel()];
    for (int row = 0; row < rows.count; row++) {
      rows.read(row);
      for (int c = 0; c < rows.classes; c++) {
        result[rows.position(c)] = rows.probability(c);
      }
    }
    return Rounding.round(result, rows.dtype, input.shape());
  }

  /** {@link #softmaxBackward(Tensor, int, DType, Tensor)} in the input's own dtype. */
  public static Tensor softmaxBackward(Tensor input, int dim, @Nullable Tensor upstream) {
    return softmaxBackward(input, dim, null, upstream);
  }

  /**
   * The gradient of {@link #softmax(Tensor, int, DType)} with respect to its input, of the input's shape and dtype.
   *
   * @param upstream the gradient that flows into the result, of its shape; null for ones
   * @throws RuntimeError if the input is not floating-point, or the shapes differ
   */
  public static Tensor softmaxBackward(Tensor input, int dim, @Nullable DType dtype, @Nullable Tensor upstream) {
    requireDifferentiable(input);
    Rows rows = new Rows("softmax", input, dim, dtype);
    requireDifferentiable(rows);
    Tensor seed = Upstream.check(upstream, rows.dtype, input.shape());
    double[] result = new double[input.numel()];
    for (int row = 0; row < rows.count; row++) {
      rows.read(row);
      // y_c · (g_c − Σ y_k g_k). Where one class has more than half of the probability, all g are taken relative to its own:
      // the y sum to 1, so that changes nothing, and a y next to 1 no longer cancels. Infinite g have no such difference.
      double origin = rows.rest < 1 && rows.isFinite(seed) ? at(seed, rows.position(rows.largest)) : 0;
      CompensatedSum mean = new CompensatedSum();
      for (int c = 0; c < rows.classes; c++) {
        mean.add(rows.probability(c) * (at(seed, rows.position(c)) - origin));
      }
      for (int c = 0; c < rows.classes; c++) {
        result[rows.position(c)] = rows.probability(c) * (at(seed, rows.position(c)) - origin - mean.value());
      }
    }
    return Rounding.round(result, input.dtype(), input.shape());
  }

  /** {@link #logSoftmax(Tensor, int, DType)} in the input's own dtype. */
  public static Tensor logSoftmax(Tensor input, int dim) {
    return logSoftmax(input, dim, null);
  }

  /**
   * The logarithm of the softmax, x_c − ln Σ e^x_k; never −0.
   *
   * @see #softmax(Tensor, int, DType)
   */
  public static Tensor logSoftmax(Tensor input, int dim, @Nullable DType dtype) {
    Rows rows = new Rows("log_softmax", input, dim, dtype);
    double[] result = new double[input.numel()];
    for (int row = 0; row < rows.count; row++) {
      rows.read(row);
      double logSum = StrictMath.log1p(rows.rest);
      for (int c = 0; c < rows.classes; c++) {
        double difference = rows.difference(c);
        result[rows.position(c)] = difference - logSum + rows.differenceError(c, difference);
      }
    }
    return Rounding.roundToPositiveZero(result, rows.dtype, input.shape());
  }

  /** {@link #logSoftmaxBackward(Tensor, int, DType, Tensor)} in the input's own dtype. */
  public static Tensor logSoftmaxBackward(Tensor input, int dim, @Nullable Tensor upstream) {
    return logSoftmaxBackward(input, dim, null, upstream);
  }

  /**
   * The gradient of {@link #logSoftmax(Tensor, int, DType)} with respect to its input.
   *
   * @see #softmaxBackward(Tensor, int, DType, Tensor)
   */
  public static Tensor logSoftmaxBackward(Tensor input, int dim, @Nullable DType dtype, @Nullable Tensor upstream) {
    requireDifferentiable(input);
    Rows rows = new Rows("log_softmax", input, dim, dtype);
    requireDifferentiable(rows);
    Tensor seed = Upstream.check(upstream, rows.dtype, input.shape());
    double[] result = new double[input.numel()];
    for (int row = 0; row < rows.count; row++) {
      rows.read(row);
      boolean finite = rows.isFinite(seed);
      CompensatedSum all = new CompensatedSum();
      CompensatedSum others = new CompensatedSum();
      for (int c = 0; c < rows.classes; c++) {
        double g = at(seed, rows.position(c));
        all.add(g);
        if (c != rows.largest) {
          others.add(g);
        }
      }
      for (int c = 0; c < rows.classes; c++) {
        double g = at(seed, rows.position(c));
        // g_c − y_c Σ g_k; for the largest class, whose y may be next to 1, g_c (1 − y_c) − y_c Σ_{k ≠ c} g_k.
        result[rows.position(c)] =
            finite && c == rows.largest
                ? g * (rows.rest / (1 + rows.rest)) - rows.probability(c) * others.value()
                : g - rows.probability(c) * all.value();
      }
    }
    return Rounding.round(result, input.dtype(), input.shape());
  }

  private static double sigmoid(double x) {
    double z = StrictMath.exp(-Math.abs(x));
    return (x < 0 ? z : 1) / (1 + z);
  }

  private static double at(@Nullable Tensor upstream, int index) {
    return upstream == null ? 1 : upstream.getDouble(index);
  }

  private static void requireDifferentiable(Tensor input) {
    if (!input.dtype().isFloatingPoint()) {
      throw new RuntimeError(
          "only Tensors of floating point dtype can require gradients",
          "Convert the input with input.to(DType.FLOAT32).");
    }
  }

  /** An empty tensor may be converted to integers, and then has no gradient. */
  private static void requireDifferentiable(Rows rows) {
    if (!rows.dtype.isFloatingPoint()) {
      throw new RuntimeError(
          "element 0 of tensors does not require grad and does not have a grad_fn",
          "Pass a floating-point dtype, or null for the input's own.");
    }
  }

  /** The rows of an input along one dimension, read one at a time into the terms of their softmax. */
  private static final class Rows {
    final DType dtype;
    final int classes;
    final int count;
    private final int inner;
    private final double[] values;
    private final double[] terms;
    private int first;

    /** The first class with the largest value. */
    int largest;

    /** Σ e^(x_c − m) over all classes but the largest, whose own term is 1; NaN for a row that has no softmax. */
    double rest;

    Rows(String operation, Tensor input, int dim, @Nullable DType dtype) {
      int rank = Math.max(input.rank(), 1); // a tensor of shape [] is taken for one of shape [1]
      if (dim < -rank || dim >= rank) {
        throw new IndexError(
            "Dimension out of range (expected to be in range of [%d, %d], but got %d)".formatted(-rank, rank - 1, dim),
            "Pass a dimension of the input, whose shape is %s.".formatted(Arrays.toString(input.shape())));
      }
      int axis = dim < 0 ? dim + rank : dim;
      this.dtype = dtype == null ? input.dtype() : dtype;
      if (!this.dtype.isFloatingPoint() && input.numel() > 0) {
        throw new NotImplementedError(
            "\"%s_%skernel_impl\" not implemented for '%s'"
                .formatted(operation, axis == rank - 1 ? "lastdim_" : "", this.dtype.torchName()),
            "Convert the input with input.to(DType.FLOAT32), or pass DType.FLOAT32 as the dtype.");
      }
      int[] shape = input.rank() == 0 ? new int[] {1} : input.shape();
      values = Rounding.values(input.to(this.dtype));
      classes = shape[axis];
      count = classes == 0 ? 0 : input.numel() / classes;
      inner = input.numel() == 0 ? 0 : Tensor.numel(Arrays.copyOfRange(shape, axis + 1, rank));
      terms = new double[count == 0 ? 0 : classes]; // classes of no rows may be more than an array holds
    }

    void read(int row) {
      first = row / inner * classes * inner + row % inner;
      largest = 0;
      boolean defined = true;
      for (int c = 0; c < classes; c++) {
        double value = value(c);
        largest = value > value(largest) ? c : largest;
        defined &= value == value;
      }
      defined &= Double.isFinite(value(largest));
      CompensatedSum sum = new CompensatedSum();
      for (int c = 0; c < classes; c++) {
        double difference = difference(c);
        double term = StrictMath.exp(difference);
        terms[c] = term + term * differenceError(c, difference);
        if (c != largest) {
          sum.add(terms[c]);
        }
      }
      rest = defined ? sum.value() : Double.NaN;
    }

    int position(int c) {
      return first + c * inner;
    }

    private double value(int c) {
      return values[position(c)];
    }

    double probability(int c) {
      return terms[c] / (1 + rest);
    }

    /** x_c − m, rounded. */
    double difference(int c) {
      return value(c) - value(largest);
    }

    /** What the rounding of the difference lost; of a float32 difference, mostly nothing. */
    double differenceError(int c, double difference) {
      if (Double.isInfinite(difference)) {
        return 0;
      }
      double subtracted = value(c) - difference;
      return (value(c) - (difference + subtracted)) + (subtracted - value(largest));
    }

    boolean isFinite(@Nullable Tensor upstream) {
      for (int c = 0; c < classes; c++) {
        if (!Double.isFinite(at(upstream, position(c)))) {
          return false;
        }
      }
      return true;
    }
  }
}
