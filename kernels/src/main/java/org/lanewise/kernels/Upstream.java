package org.lanewise.kernels;

import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The check of an upstream gradient, which must match the result it belongs to. */
final class Upstream {
  private Upstream() {}

  /** The upstream gradient in the result's dtype, to which PyTorch converts it too. */
  static @Nullable Tensor check(@Nullable Tensor upstream, DType dtype, int... resultShape) {
    if (upstream == null) {
      return null;
    }
    Tensor result = Tensor.zeros(dtype, resultShape);
    if (!upstream.sameShape(result)) {
      throw new RuntimeError(
          "Mismatch in shape: grad_output[0] has a shape of %s and output[0] has a shape of %s."
              .formatted(upstream.torchSize(), result.torchSize()),
          "Pass an upstream gradient of the result's shape, or null for ones.");
    }
    return upstream.to(dtype);
  }
}
