package org.lanewise.kernels;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.IndexError;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** What {@link CrossEntropy} checks of its arguments: PyTorch's checks in PyTorch's order, and those of the array forms. */
final class CrossEntropyChecks {
  private final Reduction reduction;
  private final @Nullable Tensor weight;
  private final long ignoreIndex;
  private final double labelSmoothing;

  CrossEntropyChecks(Reduction reduction, @Nullable Tensor weight, long ignoreIndex, double labelSmoothing) {
    this.reduction = reduction;
    this.weight = weight;
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
  }

  /** Those of class probabilities. */
  void probabilities(Tensor logits, Tensor target) {
    if (!target.dtype().isFloatingPoint()) {
      throw new RuntimeError(
          "Expected floating point type for target with class probabilities, got " + target.dtype().torchName(),
          "Class indices have the shape of the logits without the class dimension: pass target.argmax(1) for one-hot "
              + "rows, or drop a dimension of size 1 with target.reshape(...).");
    }
    if (ignoreIndex >= 0) {
      throw new RuntimeError(
          "ignore_index is not supported for floating point target",
          "Leave ignoreIndex out, or pass class indices: for one-hot rows target.argmax(1).");
    }
    if (logits.rank() == 0) {
      throw new IndexError(
          "Dimension specified as 1 but tensor has no dimensions", "Give the logits a class dimension.");
    }
    int classes = RowShape.of(logits).classes();
    if (weight != null && (weight.rank() != 1 || weight.size(0) != classes)) {
      throw new RuntimeError(
          "cross_entropy: weight tensor should be defined either for all %d classes or no classes but got weight tensor of shape: %s"
              .formatted(classes, Arrays.toString(weight.shape())),
          "Pass one weight for each class.");
    }
    if (!logits.dtype().isFloatingPoint() && logits.numel() > 0) {
      throw logSoftmaxError(logits);
    }
    smoothing();
  }

  private void smoothing() {
    if (labelSmoothing > 1) {
      throw new RuntimeError(
          "label_smoothing must be between 0.0 and 1.0. Got: " + CppNumber.format(labelSmoothing),
          "Pass the part of the target that is spread over all classes, from 0 to 1.");
    }
  }

  private static NotImplementedError logSoftmaxError(Tensor logits) {
    return new NotImplementedError(
        "\"log_softmax_%skernel_impl\" not implemented for '%s'"
            .formatted(logits.rank() <= 2 ? "lastdim_" : "", logits.dtype().torchName()),
        "Convert the logits with logits.to(DType.FLOAT32).");
  }

  /** Those of class indices; the number of rows that are not ignored. */
  int indices(Tensor logits, Tensor target, boolean withGradient) {
    smoothing();
    if (logits.rank() == 0) {
      throw new IndexError(
          "Dimension out of range (expected to be in range of [-1, 0], but got 1)", "Give the logits a class dimension.");
    }
    if (!logits.dtype().isFloatingPoint() && logits.numel() > 0) {
      throw logSoftmaxError(logits);
    }
    ClassIndexChecks.check(logits, target, weight, reduction, withGradient);
    int counted = countedRows(target.to(DType.INT64).longs(), target.numel(), RowShape.of(logits).classes());
    if (labelSmoothing > 0) {
      smoothedOperands(logits, target);
    }
    return counted;
  }

  /** What PyTorch's sum over all classes, which label smoothing adds, trips over. */
  private void smoothedOperands(Tensor logits, Tensor target) {
    if (logits.rank() == 1 && target.rank() == 1 && logits.size(0) != 1) {
      throw new RuntimeError(
          "output with shape [] doesn't match the broadcast shape [1]",
          "Give the class index of a single row the shape [], with target.reshape().");
    }
    if (weight != null && weight.rank() > 1 && weight.size(0) != weight.numel()) {
      int[] view = new int[logits.rank()];
      Arrays.fill(view, 1);
      view[1] = weight.size(0);
      throw new RuntimeError(
          "shape '%s' is invalid for input of size %d".formatted(Arrays.toString(view), weight.numel()),
          "Give the weight the shape [%d].".formatted(weight.numel()));
    }
    if (weight != null && reduction == Reduction.MEAN && target.numel() > 0) {
      if (target.dtype() == DType.UINT8) {
        throw new RuntimeError(
            "gather(): Expected dtype int32/int64 for index", "Convert the target with target.to(DType.INT64).");
      }
      if (weight.rank() > 1) {
        throw new RuntimeError(
            "Index tensor must have the same number of dimensions as input tensor",
            "Give the weight the shape [%d].".formatted(weight.numel()));
      }
    }
  }

  /** Those of a batch in arrays; the number of rows that are not ignored. */
  int arrays(float[] logits, long[] target, int batch, int classes) {
    int elements = ArrayArguments.product("batch", batch, "classes", classes);
    ArrayArguments.length("logits", logits, elements);
    ArrayArguments.length("target", target, batch);
    smoothing();
    if (weight != null) {
      classWeight(weight, classes);
    }
    return countedRows(target, batch, classes);
  }

  /** An array that receives so many values. */
  void result(String name, float[] result, int length, float[] logits) {
    ArrayArguments.length(name, result, length);
    ArrayArguments.distinct(name, result, "logits", logits);
    if (weight != null) {
      ArrayArguments.distinct(name, result, "weight", weight.array());
    }
  }

  private static void classWeight(Tensor weight, int classes) {
    if (weight.rank() != 1 || weight.size(0) != classes) {
      throw new RuntimeError(
          "weight tensor should be defined either for all %d classes or no classes but got weight tensor of shape: %s"
              .formatted(classes, Arrays.toString(weight.shape())),
          "Pass one weight for each of the %d classes.".formatted(classes));
    }
    if (weight.dtype() != DType.FLOAT32) {
      throw new RuntimeError(
          "expected scalar type Float but found %s".formatted(weight.dtype().torchName()),
          "Convert the weight with weight.to(DType.FLOAT32).");
    }
  }

  /** Checks the class indices and counts the rows that are not ignored: without branches, so that it is SIMD code. */
  private int countedRows(long[] target, int rows, int classes) {
    long last = classes - 1L;
    long outside = 0;
    long counted = 0;
    for (int row = 0; row < rows; row++) {
      long index = target[row];
      long difference = index ^ ignoreIndex;
      long counts = (difference | -difference) >> 63; // all ones unless ignored
      outside |= (index | last - index) & counts; // negative where one of the two is
      counted -= counts;
    }
    if (outside < 0) {
      throw outOfBounds(target, classes);
    }
    return (int) counted;
  }

  private IndexError outOfBounds(long[] target, int classes) {
    int row = 0;
    while (target[row] >= 0 && target[row] < classes || target[row] == ignoreIndex) {
      row++;
    }
    return new IndexError(
        "Target %d is out of bounds.".formatted(target[row]),
        "Row %d: class indices for %d classes lie in [0, %d).".formatted(row, classes, classes));
  }
}
