package org.lanewise.bench.cli;

import java.util.Arrays;
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

/** Kernels with one fault each, to show that the checker finds it. Each is the scalar kernel, spoilt. */
public abstract class PlantedFaults implements KernelProvider {
  private final String id;

  PlantedFaults(String id) {
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

  void spoilBce(BceWithLogitsCall<float[]> call) {}

  void spoilCrossEntropy(CrossEntropyCall<float[]> call) {}

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

  /** The vector tail drops the last element: it is not written and not added. */
  public static final class DroppedTail extends PlantedFaults {
    public DroppedTail() {
      super("dropped-tail");
    }

    @Override
    void spoilBce(BceWithLogitsCall<float[]> call) {
      int last = call.columns - 1;
      if (call.loss.array != null && call.columns % 16 != 0) {
        call.loss.array[call.loss.at(0, last)] = 0;
      }
    }
  }

  /** The maximum is not subtracted, so large logits overflow. */
  public static final class NoMaxShift extends PlantedFaults {
    public NoMaxShift() {
      super("no-max-shift");
    }

    @Override
    void spoilCrossEntropy(CrossEntropyCall<float[]> call) {
      for (int n = 0; n < call.outer && call.loss.array != null; n++) {
        for (int i = 0; i < call.inner; i++) {
          float sum = 0;
          for (int c = 0; c < call.classes; c++) {
            sum += (float) Math.exp(call.logits.array[call.logits.at(n, c) + i]);
          }
          long target = call.target.array[call.target.at(n, i)];
          if (target != call.ignoreIndex) {
            float x = call.logits.array[call.logits.at(n, (int) target) + i];
            call.loss.array[call.loss.at(n, i)] = (float) Math.log(sum) - x;
          }
        }
      }
    }
  }

  /** The gradient is all zeros. */
  public static final class ZeroGradient extends PlantedFaults {
    public ZeroGradient() {
      super("zero-gradient");
    }

    @Override
    void spoilBce(BceWithLogitsCall<float[]> call) {
      if (call.logitsGradient.array != null) {
        Arrays.fill(call.logitsGradient.array, 0);
      }
    }

    @Override
    void spoilCrossEntropy(CrossEntropyCall<float[]> call) {
      if (call.logitsGradient.array != null) {
        Arrays.fill(call.logitsGradient.array, 0);
      }
    }
  }
}
