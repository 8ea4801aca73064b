package com.example.kernel;

import java.util.List;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/** One kernel: BCE with logits in float32. Found through META-INF/services. */
public class ExampleProvider implements KernelProvider {
  private final BceWithLogitsKernel<float[]> bce = new ExampleBce();

  @Override
  public String id() {
    return "java-example";
  }

  @Override
  public String description() {
    return "a loop over Math.exp and Math.log1p in float64, rounded once";
  }

  @Override
  public Availability availability() {
    return Availability.AVAILABLE;
  }

  @Override
  public int lanes() {
    return 1;
  }

  /**
   * Within 0.51 ULP: one rounding to float, and the little that float64 loses before it; sums and means within 1.5. No promise of
   * bits, which are those of the JVM's Math. Nothing is allocated.
   */
  @Override
  public List<Declaration> declarations() {
    return List.of(new Declaration(Operation.BCE_WITH_LOGITS, DType.FLOAT32, 0.51, 0.51, 0.51, 1.5, false, true));
  }

  @Override
  @SuppressWarnings("unchecked") // asked only for what is declared, float32
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    return (BceWithLogitsKernel<A>) bce;
  }

  @Override
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    throw new UnsupportedOperationException("not declared");
  }
}
