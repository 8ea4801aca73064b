package org.lanewise.bench.sweep;

import java.util.List;
import java.util.function.Consumer;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/** The scalar kernels with a fault planted after each call. */
record Spoilt(Consumer<BceWithLogitsCall<float[]>> bce, Consumer<CrossEntropyCall<float[]>> crossEntropy)
    implements KernelProvider {
  /** What an element of binary cross-entropy becomes. */
  interface Element {
    void spoil(float logit, float target, float[] lossAndGradient);
  }

  /** A fault of single elements. */
  static Spoilt elements(Element element) {
    float[] results = new float[2];
    return new Spoilt(
        call -> {
          synchronized (results) {
            for (int column = 0; column < call.columns; column++) {
              int loss = call.loss.at(0, column);
              int gradient = call.logitsGradient.at(0, column);
              results[0] = call.loss.array[loss];
              results[1] = call.logitsGradient.array[gradient];
              element.spoil(call.logits.array[call.logits.at(0, column)], call.target.array[call.target.at(0, column)], results);
              call.loss.array[loss] = results[0];
              call.logitsGradient.array[gradient] = results[1];
            }
          }
        },
        call -> {});
  }

  private static KernelProvider sound() {
    return Kernels.require("scalar");
  }

  @Override
  public String id() {
    return "spoilt";
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

  @Override
  @SuppressWarnings("unchecked") // only float32 is tried
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    BceWithLogitsKernel<float[]> kernel = sound().bceWithLogits(dtype);
    return (BceWithLogitsKernel<A>)
        (BceWithLogitsKernel<float[]>)
            call -> {
              kernel.compute(call);
              bce.accept(call);
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
              crossEntropy.accept(call);
            };
  }
}
