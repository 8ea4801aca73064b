package org.lanewise.kernels;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.spi.WholeBatch;

/**
 * A whole batch of cross-entropy, cut into blocks of whole rows. A block is a number of outer indices with all their inner
 * ones, so that it has no gaps, or a part of the inner indices of one outer index.
 */
final class CrossEntropyBatch implements Parallel.Blocks {
  /** The number of logits a kernel computes at a time, in whole rows; part of the definition of the sum's bits. */
  static final int BLOCK = 1 << 14;

  private static final PerThread<CrossEntropyBatch> BATCHES = new PerThread<>(CrossEntropyBatch::new);
  private static final PerThread<Block> BLOCKS = new PerThread<>(Block::new);

  /** What a thread needs to compute one block. */
  private static final class Block {
    final CrossEntropyCall<Object> call = new CrossEntropyCall<>();
    final BatchOperand.Buffer logits = new BatchOperand.Buffer();
    final BatchOperand.Buffer probabilities = new BatchOperand.Buffer();
    final BatchOperand.Buffer upstream = new BatchOperand.Buffer();
    final BatchOperand.Buffer loss = new BatchOperand.Buffer();
    final BatchOperand.Buffer logitsGradient = new BatchOperand.Buffer();
    final BatchOperand.Buffer targetGradient = new BatchOperand.Buffer();

    /** Forgets the caller's arrays, so that a thread's scratch keeps no user data alive. */
    void release() {
      call.logits.clear();
      call.target.clear();
      call.probabilities.clear();
      call.classWeight = null;
      call.upstream.clear();
      call.loss.clear();
      call.logitsGradient.clear();
      call.targetGradient.clear();
      BLOCKS.giveBack(this);
    }
  }

  final BatchOperand logits = new BatchOperand();
  final BatchOperand probabilities = new BatchOperand();
  final BatchOperand upstream = new BatchOperand();
  final BatchOperand loss = new BatchOperand();
  final BatchOperand logitsGradient = new BatchOperand();
  final BatchOperand targetGradient = new BatchOperand();
  long @Nullable [] target;
  @Nullable Object classWeight;
  long ignoreIndex;
  double labelSmoothing;
  double gradientScale;

  private final BlockSum sum = new BlockSum();
  private @Nullable CrossEntropyKernel<Object> kernel;
  private int outer;
  private int classes;
  private int inner;
  private int outerPerBlock;
  private int innerPerBlock;
  private int innerBlocks;

  private CrossEntropyBatch() {}

  static CrossEntropyBatch take() {
    return BATCHES.take();
  }

  void release() {
    logits.clear();
    probabilities.clear();
    upstream.clear();
    loss.clear();
    logitsGradient.clear();
    targetGradient.clear();
    target = null;
    classWeight = null;
    kernel = null;
    BATCHES.giveBack(this);
  }

  /** Logit (n, c, i) is number (n · classes + c) · inner + i. */
  void shape(int outer, int classes, int inner) {
    this.outer = outer;
    this.classes = classes;
    this.inner = inner;
  }

  /** Computes all blocks on at most so many threads, and returns the sum of the losses. */
  double compute(CrossEntropyKernel<Object> kernel, int threads) {
    if (classes == 0 && loss.array == null) {
      return 0; // rows of nothing cost nothing, however many there are
    }
    this.kernel = kernel;
    int block = kernel instanceof WholeBatch ? Integer.MAX_VALUE : BLOCK;
    innerPerBlock = Math.max(1, Math.min(inner, block / Math.max(1, classes)));
    outerPerBlock = innerPerBlock < inner ? 1 : Math.max(1, block / Math.max(1, classes * innerPerBlock));
    innerBlocks = Math.ceilDiv(inner, innerPerBlock);
    int count = Math.ceilDiv(outer, outerPerBlock) * innerBlocks;
    sum.reset(count);
    Parallel.compute(this, count, threads);
    return sum.total();
  }

  @Override
  public void compute(int number) {
    Block block = BLOCKS.take();
    CrossEntropyCall<Object> call = block.call;
    try {
      int n = number / innerBlocks * outerPerBlock;
      int i = number % innerBlocks * innerPerBlock;
      call.outer = Math.min(outerPerBlock, outer - n);
      call.classes = classes;
      call.inner = Math.min(innerPerBlock, inner - i);
      call.ignoreIndex = ignoreIndex;
      call.labelSmoothing = labelSmoothing;
      call.classWeight = classWeight;
      call.classWeightOffset = 0;
      call.gradientScale = gradientScale;
      int firstLogit = n * classes * inner + i;
      int firstRow = n * inner + i;
      call.target.set(target, firstRow, inner, 1);
      readLogits(logits, block.logits, call.logits, firstLogit, call);
      readLogits(probabilities, block.probabilities, call.probabilities, firstLogit, call);
      placeLogits(logitsGradient, block.logitsGradient, call.logitsGradient, firstLogit, call);
      placeLogits(targetGradient, block.targetGradient, call.targetGradient, firstLogit, call);
      int rows = call.outer * call.inner;
      upstream.show(call.upstream, block.upstream, firstRow, rows, inner);
      loss.place(call.loss, block.loss, firstRow, rows, inner);
      Objects.requireNonNull(kernel).compute(call);
      loss.write(block.loss, firstRow, 1, rows, rows);
      int runs = runs(call);
      int length = rows * classes / Math.max(1, runs);
      logitsGradient.write(block.logitsGradient, firstLogit, runs, length, inner);
      targetGradient.write(block.targetGradient, firstLogit, runs, length, inner);
      sum.set(number, call.lossSum);
    } finally {
      block.release();
    }
  }

  /** In how many runs the logits of a block lie: in one, or a class where the block is a part of the inner indices. */
  private int runs(CrossEntropyCall<Object> call) {
    return call.inner == inner ? 1 : classes;
  }

  /** Shows a block of an input of one value a logit to the kernel. */
  private void readLogits(
      BatchOperand operand, BatchOperand.Buffer buffer, Strided<Object> shown, int first, CrossEntropyCall<Object> call) {
    placeLogits(operand, buffer, shown, first, call);
    if (operand.isConverted()) {
      int runs = runs(call);
      operand.read(buffer, first, runs, call.outer * call.inner * classes / Math.max(1, runs), inner);
    }
  }

  /** Shows the place of a block of a result of one value a logit to the kernel. */
  private void placeLogits(
      BatchOperand operand, BatchOperand.Buffer buffer, Strided<Object> shown, int first, CrossEntropyCall<Object> call) {
    if (operand.isConverted()) {
      shown.set(buffer.reserve(call.outer * classes * call.inner), 0, classes * call.inner, call.inner);
    } else {
      shown.set(operand.array, first, classes * inner, inner);
    }
  }
}
