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
  /** What the scalar kernels promise; the SIMD kernels, their twins to the bit, promise the same. */
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
              Double.POSITIVE_INFINITY,
              CrossEntropyMath.REDUCED_ULP,
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
  @SuppressWarnings("unchecked") // A is float[] for FLOAT32, the one dtype declared
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    return (BceWithLogitsKernel<A>) new ScalarBceWithLogits();
  }

  @Override
  @SuppressWarnings("unchecked") // as above
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    return (CrossEntropyKernel<A>) new ScalarCrossEntropy();
  }
}
