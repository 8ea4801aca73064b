package org.lanewise.kernels.scalar;

import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.Strided;

/**
 * Float32 cross-entropy rows whose target is spread over the classes: class probabilities, label smoothing, or both. The
 * gradient, a difference that cancels near the optimum of a soft target, needs more than float32; so the row is worked on
 * in float64, as a {@link RowFloat64}.
 */
public final class MixedTargets {
  private final RowFloat64 row;

  /**
   * Scratch for one thread.
   *
   * @param row the loops
   */
  public MixedTargets(RowFloat64 row) {
    this.row = row;
  }

  /** Whether rows of this call are of this kind. */
  public static boolean applies(CrossEntropyCall<float[]> call) {
    return call.probabilities.isPresent() || call.labelSmoothing > 0;
  }

  /** Prepares for the rows of a call. */
  public void begin(CrossEntropyCall<float[]> call) {
    row.begin(call.classes, call.labelSmoothing);
    for (int c = 0; c < call.classes && call.classWeight != null; c++) {
      row.weights[c] = call.classWeight[call.classWeightOffset + c];
    }
  }

  /**
   * The loss of one row, in float64; writes the gradients of the row that are wanted.
   *
   * @param n the outer index of the row
   * @param i the inner index of the row
   * @param target the class index; −1 for an ignored row; unused with probabilities
   * @param scale the factor of the gradients
   */
  public double row(CrossEntropyCall<float[]> call, int n, int i, int target, double scale) {
    if (call.classes == 0) {
      return 0;
    }
    boolean spread = call.probabilities.isPresent();
    row.factor(scale, 1, 1);
    read(call.logits, n, i, call.classes, row.logits);
    if (spread) {
      read(call.probabilities, n, i, call.classes, row.probabilities);
    }
    double loss = row.mixed(target, spread, call.logitsGradient.isPresent(), call.targetGradient.isPresent());
    write(call.logitsGradient, n, i, call.classes, row.logits);
    write(call.targetGradient, n, i, call.classes, row.targetGradient);
    return loss;
  }

  private static void read(Strided<float[]> operand, int n, int i, int classes, double[] row) {
    float[] array = operand.array;
    int start = operand.at(n, 0) + i;
    int stride = operand.columnStride;
    if (stride == 1) { // a loop that the JIT compiler makes SIMD
      for (int c = 0; c < classes; c++) {
        row[c] = array[start + c];
      }
      return;
    }
    for (int c = 0; c < classes; c++) {
      row[c] = array[start + c * stride];
    }
  }

  private static void write(Strided<float[]> operand, int n, int i, int classes, double[] row) {
    if (!operand.isPresent()) {
      return;
    }
    float[] array = operand.array;
    int start = operand.at(n, 0) + i;
    int stride = operand.columnStride;
    if (stride == 1) {
      for (int c = 0; c < classes; c++) {
        array[start + c] = (float) row[c];
      }
      return;
    }
    for (int c = 0; c < classes; c++) {
      array[start + c * stride] = (float) row[c];
    }
  }
}
