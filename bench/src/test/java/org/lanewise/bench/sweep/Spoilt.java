package org.lanewise.bench.sweep;

import java.util.function.Consumer;
import org.lanewise.bench.SpoiltKernel;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.CrossEntropyCall;

/** The scalar kernels with a fault planted after each call. */
final class Spoilt extends SpoiltKernel {
  private final Consumer<BceWithLogitsCall<float[]>> bce;
  private final Consumer<CrossEntropyCall<float[]>> crossEntropy;

  Spoilt(Consumer<BceWithLogitsCall<float[]>> bce, Consumer<CrossEntropyCall<float[]>> crossEntropy) {
    super("spoilt");
    this.bce = bce;
    this.crossEntropy = crossEntropy;
  }

  @Override
  protected void spoilBce(BceWithLogitsCall<float[]> call) {
    bce.accept(call);
  }

  @Override
  protected void spoilCrossEntropy(CrossEntropyCall<float[]> call) {
    crossEntropy.accept(call);
  }

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
}
