package org.lanewise.bench.cli;

import java.util.Arrays;
import org.lanewise.bench.SpoiltKernel;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.CrossEntropyCall;

/** Kernels with one fault each, to show that the checker finds it. */
public final class PlantedFaults {
  private PlantedFaults() {}

  /** The vector tail drops the last element: it is not written and not added. */
  public static final class DroppedTail extends SpoiltKernel {
    public DroppedTail() {
      super("dropped-tail");
    }

    @Override
    protected void spoilBce(BceWithLogitsCall<float[]> call) {
      int last = call.columns - 1;
      if (call.loss.array != null && call.columns % 16 != 0) {
        call.loss.array[call.loss.at(0, last)] = 0;
      }
    }
  }

  /** The maximum is not subtracted, so large logits overflow. */
  public static final class NoMaxShift extends SpoiltKernel {
    public NoMaxShift() {
      super("no-max-shift");
    }

    @Override
    protected void spoilCrossEntropy(CrossEntropyCall<float[]> call) {
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
  public static final class ZeroGradient extends SpoiltKernel {
    public ZeroGradient() {
      super("zero-gradient");
    }

    @Override
    protected void spoilBce(BceWithLogitsCall<float[]> call) {
      if (call.logitsGradient.array != null) {
        Arrays.fill(call.logitsGradient.array, 0);
      }
    }

    @Override
    protected void spoilCrossEntropy(CrossEntropyCall<float[]> call) {
      if (call.logitsGradient.array != null) {
        Arrays.fill(call.logitsGradient.array, 0);
      }
    }
  }
}
