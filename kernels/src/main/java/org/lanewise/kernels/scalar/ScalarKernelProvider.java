package org.lanewise.kernels.scalar;

import java.util.List;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/** The kernels in plain Java, under the id {@code scalar}. */
public final class ScalarKernelProvider implements KernelProvider {
  /** What the kernels promise; the SIMD kernels, their twins to the bit, promise the same. */
  public static final List<Declaration> DECLARATIONS =
      List.of(
          new Declaration(
              Operation.BCE_WITH_LOGITS,
              DType.FLOAT32,
              BceMath.LOSS_ULP,
              BceMath.GRADIENT_ULP,
              BceMath.SOFT_ULP,
              BceMath.REDUCED_ULP,
              true,
              true),
          new Declaration(
              Operation.CROSS_ENTROPY,
              DType.FLOAT32,
              CrossEntropyMath.LOSS_ULP,
              CrossEntropyMath.GRADIENT_ULP,
              CrossEntropyMath.MIXED_ULP,
              CrossEntropyMath.REDUCED_ULP,
              true,
              true),
          new Declaration(
              Operation.BCE_WITH_LOGITS,
              DType.FLOAT64,
              BceFloat64.LOSS_ULP,
              BceFloat64.GRADIENT_ULP,
              BceFloat64.MIXED_ULP,
              BceFloat64.REDUCED_ULP,
              true,
              true),
          new Declaration(
              Operation.CROSS_ENTROPY,
              DType.FLOAT64,
              CrossEntropyFloat64.LOSS_ULP,
              CrossEntropyFloat64.GRADIENT_ULP,
              CrossEntropyFloat64.MIXED_ULP,
              CrossEntropyFloat64.REDUCED_ULP,
              true,
              true));

  @Override
  public String id() {
    return "scalar";
  }

  @Override
  public String description() {
    return "plain Java, one element at a time";
  }

  @Override
  public Availability availability() {
    return Availability.AVAILABLE;
  }

  @Override
  public int lanes() {
    return 1;
  }

  @Override
  public List<Declaration> declarations() {
    return DECLARATIONS;
  }

  @Override
  @SuppressWarnings("unchecked") // A is the array class of the dtype
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    return (BceWithLogitsKernel<A>)
        (dtype == DType.FLOAT64 ? new ScalarBceWithLogitsFloat64() : new ScalarBceWithLogits());
  }

  @Override
  @SuppressWarnings("unchecked") // as above
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    return (CrossEntropyKernel<A>)
        (dtype == DType.FLOAT64 ? ScalarRowFloat64.KERNEL : new ScalarCrossEntropy());
  }
}
