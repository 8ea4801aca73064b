package org.lanewise.conformance.faults;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/** A provider of float32 kernels, of one operation or both; always the same objects, as kernels are to be shared. */
record OneKernel(
    String id,
    String description,
    List<Declaration> declarations,
    @Nullable BceWithLogitsKernel<float[]> bce,
    @Nullable CrossEntropyKernel<float[]> crossEntropy)
    implements KernelProvider {

  static OneKernel ofBce(String id, String description, Declaration declaration, BceWithLogitsKernel<float[]> kernel) {
    return new OneKernel(id, description, List.of(declaration), kernel, null);
  }

  static OneKernel ofCrossEntropy(String id, String description, Declaration declaration, CrossEntropyKernel<float[]> kernel) {
    return new OneKernel(id, description, List.of(declaration), null, kernel);
  }

  /** A declaration for float32 without promises beyond bounds. */
  static Declaration bounds(Operation operation, double loss, double gradient, double mixed, double reduced) {
    return new Declaration(operation, DType.FLOAT32, loss, gradient, mixed, reduced, false, false);
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
  @SuppressWarnings("unchecked") // only float32 is declared
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    return (BceWithLogitsKernel<A>) bce;
  }

  @Override
  @SuppressWarnings("unchecked") // as above
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    return (CrossEntropyKernel<A>) crossEntropy;
  }
}
