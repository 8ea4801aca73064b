package org.lanewise.kernels.metrics;

import java.util.Arrays;
import org.lanewise.kernels.tensor.Tensor;

/** The argument checks that the metrics share. */
final class Checks {
  private Checks() {}

  /** Both have the same shape and at least one value: the mean of nothing is no result. */
  static void requirePair(Tensor prediction, Tensor target) {
    if (!prediction.sameShape(target)) {
      throw new IllegalArgumentException(
          "The prediction has shape %s and the target %s; give both the same shape, for example with reshape."
              .formatted(Arrays.toString(prediction.shape()), Arrays.toString(target.shape())));
    }
    if (target.numel() == 0) {
      throw new IllegalArgumentException(
          "The prediction and the target, of shape %s, are empty; pass at least one value of each."
              .formatted(Arrays.toString(target.shape())));
    }
  }

  /** The values of class indices or labels. A floating-point tensor may hold them too, as the targets of BCE do. */
  static long[] wholes(String name, Tensor tensor) {
    long[] values = new long[tensor.numel()];
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.getLong(i);
      if (tensor.dtype().isFloatingPoint() && values[i] != tensor.getDouble(i)) {
        throw new IllegalArgumentException(
            "Element %d of the %s is %s, but classes and labels are whole numbers; turn scores into them with Predictions."
                .formatted(i, name, tensor.getDouble(i)));
      }
    }
    return values;
  }

  /** The same, all of them 0 or 1. */
  static long[] zerosAndOnes(String name, Tensor tensor) {
    long[] values = wholes(name, tensor);
    for (int i = 0; i < values.length; i++) {
      if (values[i] != 0 && values[i] != 1) {
        throw new IllegalArgumentException(
            "Element %d of the %s is %d, but a label is 0 or 1; pass class indices as a tensor of shape [N]."
                .formatted(i, name, values[i]));
      }
    }
    return values;
  }
}
