package org.lanewise.kernels.vector;

import static org.lanewise.kernels.scalar.CrossEntropyMath.*;
import static org.lanewise.kernels.scalar.SlotSum.SLOTS;
import static org.lanewise.kernels.vector.Species.LANES;

import java.util.Arrays;
import org.lanewise.kernels.scalar.MixedTargets;
import org.lanewise.kernels.scalar.SlotSum;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;

/**
 * Float32 cross-entropy with class indices; formulas and accuracy in {@link
 * org.lanewise.kernels.scalar.CrossEntropyMath}. Every step has the name and the operations of the same step in {@code
 * ScalarCrossEntropy}; {@code VectorBceWithLogits} says why the loops are written as they are.
 *
 * <p>Rows are worked on in groups, in three steps: the exponentials of all rows and their sums without the target ({@link
 * RowExponentials}); the loss and the factor of the gradient, where a lane is a row ({@link RowEpilogue}); the gradients
 * ({@link RowGradients}). The exponentials of narrow rows are computed as if the group were one long row; those of a wide row
 * by itself.
 *
 * <p>Rows whose classes do not lie side by side are first copied to a buffer.
 */
final class VectorCrossEntropy implements CrossEntropyKernel<float[]> {
  /** The largest number of rows in a group; a multiple of every lane count. */
  static final int GROUP = 128;

  /** The logits of a group, unless it is a single wide row: what stays in the L2 cache with its exponentials. */
  private static final int GROUP_LOGITS = 1 << 14;

  /** What one thread needs; the buffers are made when a call first needs them. */
  static final class Scratch {
    final int[] target = new int[GROUP];
    final double[] weight = new double[GROUP];
    final double[] scale = new double[GROUP];
    final double[] others = new double[GROUP];
    final double[] z = new double[GROUP];
    final double[] ratio = new double[GROUP];
    final double[] loss = new double[GROUP];
    final double[] factor = new double[GROUP];
    final float[] unit = new float[GROUP + LANES];
    final float[] high = new float[GROUP + LANES];
    final float[] low = new float[GROUP + LANES];
    final RowExponentials.Buffers buffers = new RowExponentials.Buffers();
    final RowGradients.Rows rowOfElement = new RowGradients.Rows();
    final double[] blockSlots = new double[SLOTS];
    final MixedTargets mixedTargets = new MixedTargets(new VectorRowFloat64());
    float[] logits = new float[0];
    float[] gradient = new float[0];
    float[] exponentials = new float[0];

    void reserveCopies(int elements) {
      if (logits.length < elements) {
        logits = new float[elements];
        gradient = new float[elements];
      }
    }

    void reserveExponentials() {
      if (exponentials.length == 0) {
        exponentials = new float[GROUP_LOGITS];
      }
    }
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  @Override
  public void compute(CrossEntropyCall<float[]> call) {
    Scratch s = SCRATCH.get();
    Arrays.fill(s.blockSlots, 0);
    call.weightSum = 0;
    int rows = call.outer * call.inner;
    if (MixedTargets.applies(call)) {
      mixed(call, s);
    } else {
      int group = Math.clamp(GROUP_LOGITS / Math.max(1, call.classes), 1, GROUP);
      for (int first = 0; first < rows; first += group) {
        group(call, s, first, Math.min(group, rows - first));
      }
    }
    call.lossSum = SlotSum.reduce(s.blockSlots);
  }

  private static void mixed(CrossEntropyCall<float[]> call, Scratch s) {
    s.mixedTargets.begin(call);
    int rows = call.outer * call.inner;
    for (int row = 0; row < rows; row++) {
      rows(call, s, row, 1);
      s.loss[0] = s.mixedTargets.row(call, row / call.inner, row % call.inner, s.target[0], s.scale[0]);
      s.weight[0] = 1;
      losses(call, s, row, 1);
    }
  }

  private static void group(CrossEntropyCall<float[]> call, Scratch s, int first, int rows) {
    int classes = call.classes;
    boolean gradientWanted = call.logitsGradient.array != null;
    boolean direct = call.inner == 1 && call.logits.columnStride == 1;
    boolean gradientDirect = call.inner == 1 && call.logitsGradient.columnStride == 1;
    boolean wide = classes >= WIDE;
    rows(call, s, first, rows);

    float[] logits = call.logits.array;
    int start = call.logits.at(first, 0);
    int stride = call.logits.rowStride;
    if (!direct || !wide && stride != classes && rows > 1) {
      s.reserveCopies(Math.max(GROUP_LOGITS, classes));
      gather(call, first, rows, s.logits);
      logits = s.logits;
      start = 0;
      stride = classes;
    }
    float[] gradient = call.logitsGradient.array;
    int gradientStart = gradientWanted ? call.logitsGradient.at(first, 0) : 0;
    int gradientStride = call.logitsGradient.rowStride;
    if (gradientWanted && (!gradientDirect || !wide && gradientStride != classes && rows > 1)) {
      s.reserveCopies(Math.max(GROUP_LOGITS, classes));
      gradient = s.gradient;
      gradientStart = 0;
      gradientStride = classes;
    }

    if (wide) {
      for (int r = 0; r < rows; r++) {
        RowExponentials.wide(
            logits, start + r * stride, classes, s, r, gradient, gradientStart + r * gradientStride);
      }
    } else {
      s.reserveExponentials();
      RowExponentials.narrow(logits, start, classes, s, rows);
    }
    RowEpilogue.ratios(s.others, s.z, s.ratio, s.factor, rows);
    RowEpilogue.losses(s.ratio, s.z, s.loss, rows);
    if (gradientWanted) {
      RowEpilogue.factors(s.ratio, s.scale, s.factor, s.unit, s.high, s.low, rows);
      if (wide) {
        for (int r = 0; r < rows; r++) {
          RowGradients.wide(gradient, gradientStart + r * gradientStride, classes, s, r);
        }
      } else {
        RowGradients.narrow(gradient, gradientStart, classes, s, rows);
      }
      for (int r = 0; r < rows; r++) {
        if (s.target[r] >= 0) {
          gradient[gradientStart + r * gradientStride + s.target[r]] = (float) -(s.others[r] * s.factor[r]);
        }
      }
      if (gradient != call.logitsGradient.array) {
        scatter(call, first, rows, gradient);
      }
    }
    losses(call, s, first, rows);
  }

  /** The target of each row, −1 where it is ignored, its weight, and the factor of its gradient. */
  private static void rows(CrossEntropyCall<float[]> call, Scratch s, int first, int rows) {
    long[] target = call.target.array;
    float[] classWeight = target == null ? null : call.classWeight;
    float[] upstream = call.upstream.array;
    boolean weighScale = !MixedTargets.applies(call);
    int inner = call.inner;
    int n = first / inner;
    int i = first - n * inner;
    double weightSum = call.weightSum;
    for (int r = 0; r < rows; r++) {
      int t = 0;
      double weight = 1;
      double scale = call.gradientScale;
      if (target != null) {
        long index = target[call.target.at(n, i)];
        if (index == call.ignoreIndex) {
          t = -1;
          weight = 0;
          scale = 0;
        } else {
          t = (int) index;
        }
      }
      if (t >= 0 && classWeight != null) {
        weight = classWeight[call.classWeightOffset + t];
      }
      if (t >= 0 && upstream != null) {
        scale *= upstream[call.upstream.at(n, i)];
      }
      s.target[r] = t;
      s.weight[r] = weight;
      s.scale[r] = weighScale && t >= 0 ? scale * weight : scale;
      weightSum += weight;
      if (++i == inner) {
        i = 0;
        n++;
      }
    }
    call.weightSum = weightSum;
  }

  /** Weights, rounds, stores and adds the losses. */
  private static void losses(CrossEntropyCall<float[]> call, Scratch s, int first, int rows) {
    float[] loss = call.loss.array;
    double[] blockSlots = s.blockSlots;
    int inner = call.inner;
    int n = first / inner;
    int i = first - n * inner;
    for (int r = 0; r < rows; r++) {
      float rounded = s.target[r] < 0 ? 0 : (float) (s.weight[r] * s.loss[r]);
      blockSlots[(first + r) % SLOTS] += rounded;
      if (loss != null) {
        loss[call.loss.at(n, i)] = rounded;
      }
      if (++i == inner) {
        i = 0;
        n++;
      }
    }
  }

  private static void gather(CrossEntropyCall<float[]> call, int first, int rows, float[] copy) {
    for (int r = 0; r < rows; r++) {
      int at = call.logits.at((first + r) / call.inner, 0) + (first + r) % call.inner;
      for (int c = 0; c < call.classes; c++) {
        copy[r * call.classes + c] = call.logits.array[at + c * call.logits.columnStride];
      }
    }
  }

  private static void scatter(CrossEntropyCall<float[]> call, int first, int rows, float[] copy) {
    for (int r = 0; r < rows; r++) {
      int at = call.logitsGradient.at((first + r) / call.inner, 0) + (first + r) % call.inner;
      for (int c = 0; c < call.classes; c++) {
        call.logitsGradient.array[at + c * call.logitsGradient.columnStride] = copy[r * call.classes + c];
      }
    }
  }
}
