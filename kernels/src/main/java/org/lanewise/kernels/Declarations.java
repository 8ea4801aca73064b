package org.lanewise.kernels;

import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** What a provider supplies, and which of its kernels a call needs. */
final class Declarations {
  private Declarations() {}

  static boolean has(KernelProvider provider, Operation operation, DType dtype) {
    return provider.declarations().stream().anyMatch(d -> d.operation() == operation && d.dtype() == dtype);
  }

  static void require(KernelProvider provider, Operation operation, DType dtype) {
    if (!has(provider, operation, dtype)) {
      throw new UnavailableKernelException(
          "The kernel '%s' does not supply %s for %s; use another kernel, such as 'scalar'."
              .formatted(provider.id(), operation.id(), dtype.id()));
    }
  }

  /** The dtype to compute in: float64 where an operand has it, otherwise float32, which holds both 16-bit formats. */
  static DType computation(@Nullable Tensor... operands) {
    for (Tensor operand : operands) {
      if (operand != null && operand.dtype() == DType.FLOAT64) {
        return DType.FLOAT64;
      }
    }
    return DType.FLOAT32;
  }
}
