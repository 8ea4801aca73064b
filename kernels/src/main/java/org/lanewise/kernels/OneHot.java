package org.lanewise.kernels;

import java.util.Arrays;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Class indices as rows of zeros with a single one: PyTorch's {@code one_hot}. */
public final class OneHot {
  private OneHot() {}

  /** {@link #of(Tensor, int)} with one class more than the largest index. */
  public static Tensor of(Tensor indices) {
    return of(indices, -1);
  }

  /**
   * The one-hot rows of class indices.
   *
   * @param indices int64, of any shape
   * @param numClasses the number of classes; −1 for one more than the largest index
   * @return int64, of the shape of the indices followed by the number of classes
   * @throws RuntimeError if the indices are not int64 or do not lie in [0, numClasses)
   */
  public static Tensor of(Tensor indices, int numClasses) {
    if (indices.dtype() != DType.INT64) {
      throw new RuntimeError(
          "one_hot is only applicable to index tensor of type LongTensor.",
          "Convert the indices with indices.to(DType.INT64).");
    }
    long[] values = indices.longs();
    if (values.length == 0 && numClasses <= 0) {
      throw new RuntimeError(
          "Can not infer total number of classes from empty tensor.", "Pass the number of classes.");
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0) {
        throw new RuntimeError(
            "Class values must be non-negative.",
            "Element %d is %d; map ignored or unknown classes to an index of their own.".formatted(i, values[i]));
      }
    }
    int classes = numClasses;
    if (numClasses == -1) {
      long largest = Arrays.stream(values).max().orElseThrow();
      if (largest >= Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "The largest class index is %d, and a row of %d values exceeds a Java array (2^31 - 1); use smaller indices."
                .formatted(largest, largest + 1));
      }
      classes = (int) largest + 1;
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i] >= classes) {
        throw new RuntimeError(
            "Class values must be smaller than num_classes.",
            "Element %d is %d, with %d classes; pass a larger number of classes.".formatted(i, values[i], classes));
      }
    }
    int[] shape = Arrays.copyOf(indices.shape(), indices.rank() + 1);
    shape[indices.rank()] = classes;
    Tensor rows = Tensor.zeros(DType.INT64, shape);
    for (int i = 0; i < values.length; i++) {
      rows.longs()[i * classes + (int) values[i]] = 1;
    }
    return rows;
  }
}
