package org.lanewise.bench.errors;

import java.util.SplittableRandom;
import org.lanewise.bench.grid.Work;
import org.lanewise.conformance.oracle.SoftmaxRow;
import org.lanewise.conformance.oracle.TrueLoss;
import org.lanewise.kernels.spi.Operation;

/**
 * The logits at which errors are compared, and the true losses and gradients there: drawn from a fixed seed, so that whoever
 * is measured, and whenever, computes the same.
 *
 * <p>Each row has one loss, of which the <em>excess</em> says how wrong a model is that predicts it: for BCE with target 0 the
 * logit, for cross-entropy the largest logit of the others less that of the target. Far below 0 the loss is e^excess, far
 * above it is the excess. The excess runs from −104, where the loss in float32 is the smallest subnormal, to 104, with as many
 * rows in each unit.
 */
final class ErrorInputs {
  /** Where e^−x leaves float32's range. */
  static final int FURTHEST = 104;

  /** One unit of the excess. */
  static final int BINS = 2 * FURTHEST;

  private static final long SEED = 20261001;
  private static final int BCE_ROWS = 512 * BINS;
  private static final int CROSS_ENTROPY_ROWS = 64 * BINS;

  /** A vector and a remainder, at any width. */
  private static final int CLASSES = 37;

  /** How far other logits lie below the largest of them. */
  private static final double DEPTH = 20;

  private final Work work;
  private final float[] logits;
  private final float[] binaryTarget;
  private final long[] indexTarget;
  private final double[] excess;
  private final double[] loss;
  private final double[] gradient;

  private ErrorInputs(Work work) {
    this.work = work;
    int rows = work.batch();
    boolean bce = work.operation().equals(Operation.BCE_WITH_LOGITS.id());
    logits = new float[rows * work.classes()];
    binaryTarget = new float[bce ? rows : 0];
    indexTarget = new long[bce ? 0 : rows];
    excess = new double[rows];
    loss = new double[rows];
    gradient = new double[logits.length];
  }

  /** Those of an operation. */
  static ErrorInputs of(Operation operation) {
    return operation == Operation.BCE_WITH_LOGITS ? bceWithLogits() : crossEntropy();
  }

  private static ErrorInputs bceWithLogits() {
    ErrorInputs inputs = new ErrorInputs(work(Operation.BCE_WITH_LOGITS, "binary", BCE_ROWS, 1));
    SplittableRandom random = new SplittableRandom(SEED);
    for (int row = 0; row < BCE_ROWS; row++) {
      float x = (float) drawExcess(random, row);
      TrueLoss.Element truth = TrueLoss.bceWithLogits(x, 0, 1);
      inputs.logits[row] = x;
      inputs.excess[row] = x;
      inputs.loss[row] = truth.loss().hi();
      inputs.gradient[row] = truth.logitGradient().hi();
    }
    return inputs;
  }

  private static ErrorInputs crossEntropy() {
    ErrorInputs inputs = new ErrorInputs(work(Operation.CROSS_ENTROPY, "indices", CROSS_ENTROPY_ROWS, CLASSES));
    SplittableRandom random = new SplittableRandom(SEED);
    SoftmaxRow truth = new SoftmaxRow(CLASSES);
    for (int row = 0; row < CROSS_ENTROPY_ROWS; row++) {
      int start = row * CLASSES;
      int target = random.nextInt(CLASSES);
      int largest = (target + 1 + random.nextInt(CLASSES - 1)) % CLASSES;
      float most = (float) random.nextDouble(-5, 5);
      for (int c = 0; c < CLASSES; c++) {
        inputs.logits[start + c] = (float) (most - random.nextDouble(DEPTH));
      }
      inputs.logits[start + largest] = most;
      inputs.logits[start + target] = (float) (most - drawExcess(random, row));
      inputs.indexTarget[row] = target;
      inputs.excess[row] = (double) most - inputs.logits[start + target];
      truth.read(inputs.logits, start, CLASSES, target);
      inputs.loss[row] = truth.loss();
      for (int c = 0; c < CLASSES; c++) {
        inputs.gradient[start + c] = truth.gradient(c);
      }
    }
    return inputs;
  }

  /** Uniform in the unit of the row. */
  private static double drawExcess(SplittableRandom random, int row) {
    return row % BINS - FURTHEST + random.nextDouble();
  }

  private static Work work(Operation operation, String target, int batch, int classes) {
    return new Work(operation.id(), "float32", target, batch, classes, "none", Work.FORWARD_BACKWARD, "normal");
  }

  /** What is computed: losses and gradients, unreduced. */
  Work work() {
    return work;
  }

  float[] logits() {
    return logits;
  }

  /** BCE: {@code float[]}, all 0; cross-entropy: {@code long[]}. */
  Object target() {
    return isBce() ? binaryTarget : indexTarget;
  }

  boolean isBce() {
    return indexTarget.length == 0;
  }

  /** The true loss of a row, rounded to float64. */
  double loss(int row) {
    return loss[row];
  }

  /** The true gradient of a logit, rounded to float64. */
  double gradient(int index) {
    return gradient[index];
  }

  /** The unit of the excess that the row lies in. */
  int bin(int row) {
    return Math.clamp((int) Math.floor(excess[row]) + FURTHEST, 0, BINS - 1);
  }

  /** A row for people, so that its result can be computed again: all of it for BCE, what decides it for cross-entropy. */
  String describe(int row, int column) {
    if (isBce()) {
      return "logit=%s target=0".formatted(Float.toHexString(logits[row]));
    }
    return "row=%d target=%d class=%d logit=%s, the largest other logit is %.3f above the target's"
        .formatted(
            row, indexTarget[row], column, Float.toHexString(logits[row * work.classes() + column]), excess[row]);
  }

  /** The domain for people. */
  String domain() {
    return isBce()
        ? "%,d logits from -%d to %d, target 0".formatted(work.batch(), FURTHEST, FURTHEST)
        : "%,d rows of %d classes, the largest other logit from -%d to %d above the target's"
            .formatted(work.batch(), work.classes(), FURTHEST, FURTHEST);
  }
}
