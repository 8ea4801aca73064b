package org.lanewise.bench;

import java.util.List;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/** The scalar kernels, each spoilt after it has computed. */
public abstract class SpoiltKernel implements KernelProvider {
  private final String id;

  protected SpoiltKernel(String id) {
    this.id = id;
  }

  /** Looked up late: this object is made while the kernels are being looked up. */
  private static KernelProvider sound() {
    return Kernels.require("scalar");
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public String description() {
    return "a planted fault";
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
    return sound().declarations();
  }

  /** Spoils what a block of binary cross-entropy became. */
  protected void spoilBce(BceWithLogitsCall<float[]> call) {}

  /** Spoils what a block of cross-entropy became. */
  protected void spoilCrossEntropy(CrossEntropyCall<float[]> call) {}

  @Override
  @SuppressWarnings("unchecked") // only float32 is tried
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    BceWithLogitsKernel<float[]> kernel = sound().bceWithLogits(dtype);
    return (BceWithLogitsKernel<A>)
        (BceWithLogitsKernel<float[]>)
            call -> {
              kernel.compute(call);
              spoilBce(call);
            };
  }

  @Override
  @SuppressWarnings("unchecked") // as above
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    CrossEntropyKernel<float[]> kernel = sound().crossEntropy(dtype);
    return (CrossEntropyKernel<A>)
        (CrossEntropyKernel<float[]>)
            call -> {
              kernel.compute(call);
              spoilCrossEntropy(call);
            };
  }
}
