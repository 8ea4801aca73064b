package org.lanewise.kernels.scalar;

import static org.lanewise.kernels.scalar.SlotSum.SLOTS;

import java.util.Arrays;
import java.util.function.Supplier;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Strided;

/** Float64 cross-entropy, for class indices and for targets that are spread over the classes, row by row. */
public final class CrossEntropyFloat64 implements CrossEntropyKernel<double[]> {
  /** The declared bounds, in ULP. */
  static final double LOSS_ULP = 1;

  static final double GRADIENT_ULP = 1;
  static final double MIXED_ULP = 1;
  static final double REDUCED_ULP = 2;

  /** What one thread needs. */
  private record Scratch(RowFloat64 row, double[] slots) {}

  private final ThreadLocal<Scratch> scratch;

  /**
   * A kernel, to be shared by all calls.
   *
   * @param loops makes the loops over a row and what they need, once a thread
   */
  public CrossEntropyFloat64(Supplier<RowFloat64> loops) {
    scratch = ThreadLocal.withInitial(() -> new Scratch(loops.get(), new double[2 * SLOTS]));
  }

  @Override
  public void compute(CrossEntropyCall<double[]> call) {
    Scratch s = scratch.get();
    RowFloat64 row = s.row;
    Arrays.fill(s.slots, 0);
    boolean spread = call.probabilities.isPresent();
    boolean mixed = spread || call.labelSmoothing > 0;
    boolean gradientWanted = call.logitsGradient.isPresent();
    row.begin(call.classes, call.labelSmoothing);
    if (call.classWeight != null) {
      System.arraycopy(call.classWeight, call.classWeightOffset, row.weights, 0, call.classes);
    }
    double weightSum = 0;
    int number = 0;
    for (int n = 0; n < call.outer; n++) {
      for (int i = 0; i < call.inner; i++, number++) {
        long index = spread ? 0 : call.target.array[call.target.at(n, i)];
        int target = !spread && index == call.ignoreIndex ? -1 : (int) index;
        double weight = spread ? 1 : target < 0 ? 0 : row.weights[target];
        double upstream = call.upstream.isPresent() ? call.upstream.array[call.upstream.at(n, i)] : 1;
        double loss = 0;
        if (call.classes > 0) {
          row.factor(call.gradientScale, upstream, mixed ? 1 : weight);
          read(call.logits, n, i, call.classes, row.logits);
          if (spread) {
            read(call.probabilities, n, i, call.classes, row.probabilities);
          }
          loss =
              mixed
                  ? row.mixed(target, spread, gradientWanted, call.targetGradient.isPresent())
                  : row.indexed(target, gradientWanted);
          write(call.logitsGradient, n, i, call.classes, row.logits);
          write(call.targetGradient, n, i, call.classes, row.targetGradient);
        }
        if (call.loss.isPresent()) {
          call.loss.array[call.loss.at(n, i)] = loss;
        }
        PairSum.add(s.slots, number, loss);
        weightSum += spread ? 0 : weight;
      }
    }
    call.lossSum = PairSum.reduce(s.slots);
    call.weightSum = weightSum;
  }

  private static void read(Strided<double[]> operand, int n, int i, int classes, double[] row) {
    int start = operand.at(n, 0) + i;
    int stride = operand.columnStride;
    if (stride == 1) {
      System.arraycopy(operand.array, start, row, 0, classes);
      return;
    }
    for (int c = 0; c < classes; c++) {
      row[c] = operand.array[start + c * stride];
    }
  }

  private static void write(Strided<double[]> operand, int n, int i, int classes, double[] row) {
    if (!operand.isPresent()) {
      return;
    }
    int start = operand.at(n, 0) + i;
    int stride = operand.columnStride;
    if (stride == 1) {
      System.arraycopy(row, 0, operand.array, start, classes);
      return;
    }
    for (int c = 0; c < classes; c++) {
      operand.array[start + c * stride] = row[c];
    }
  }
}
