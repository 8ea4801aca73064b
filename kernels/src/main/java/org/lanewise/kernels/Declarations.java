package org.lanewise.kernels;

import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The checks of what a provider supplies. */
final class Declarations {
  private Declarations() {}

  static void require(KernelProvider provider, Operation operation, DType dtype) {
    if (provider.declarations().stream().noneMatch(d -> d.operation() == operation && d.dtype() == dtype)) {
      throw new UnavailableKernelException(
          "The kernel '%s' does not supply %s for %s; use another kernel, such as 'scalar'."
              .formatted(provider.id(), operation.id(), dtype.id()));
    }
  }

  static void requireFloat32(String name, Tensor tensor) {
    if (tensor.dtype() != DType.FLOAT32) {
      throw new UnavailableKernelException(
          "There is no kernel for %s of dtype %s; convert them with to(DType.FLOAT32)."
              .formatted(name, tensor.dtype().id()));
    }
  }
}
