package org.lanewise.kernels;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.spi.WholeBatch;
import org.lanewise.kernels.tensor.Tensor;

/**
 * A whole batch of sigmoid-BCE, cut into blocks. Where a weight is broadcast along rows or columns the batch is a matrix,
 * otherwise one long row; a block is a number of whole rows or a part of one, so it has no gaps.
 */
final class BceWithLogitsBatch implements Parallel.Blocks {
  /** The number of elements a kernel computes at a time; part of the definition of the sum's bits. */
  static final int BLOCK = 1 << 14;

  private static final PerThread<BceWithLogitsBatch> BATCHES = new PerThread<>(BceWithLogitsBatch::new);
  private static final PerThread<Block> BLOCKS = new PerThread<>(Block::new);

  /** What a thread needs to compute one block. */
  private static final class Block {
    final BceWithLogitsCall<Object> call = new BceWithLogitsCall<>();
    final BatchOperand.Buffer logits = new BatchOperand.Buffer();
    final BatchOperand.Buffer target = new BatchOperand.Buffer();
    final BatchOperand.Buffer upstream = new BatchOperand.Buffer();
    final BatchOperand.Buffer loss = new BatchOperand.Buffer();
    final BatchOperand.Buffer logitsGradient = new BatchOperand.Buffer();
    final BatchOperand.Buffer targetGradient = new BatchOperand.Buffer();

    /** Forgets the caller's arrays, so that a thread's scratch keeps no user data alive. */
    void release() {
      call.logits.clear();
      call.target.clear();
      call.weight.clear();
      call.posWeight.clear();
      call.upstream.clear();
      call.loss.clear();
      call.logitsGradient.clear();
      call.targetGradient.clear();
      BLOCKS.giveBack(this);
    }
  }

  final BatchOperand logits = new BatchOperand();
  final BatchOperand target = new BatchOperand();
  final BatchOperand upstream = new BatchOperand();
  final BatchOperand loss = new BatchOperand();
  final BatchOperand logitsGradient = new BatchOperand();
  final BatchOperand targetGradient = new BatchOperand();
  double gradientScale;

  private final Strided<Object> weight = new Strided<>();
  private final Strided<Object> posWeight = new Strided<>();
  private final BlockSum sum = new BlockSum();
  private @Nullable BceWithLogitsKernel<Object> kernel;
  private int rows;
  private int columns;
  private int columnsPerBlock;
  private int rowsPerBlock;
  private int blocksPerRow;

  private BceWithLogitsBatch() {}

  static BceWithLogitsBatch take() {
    return BATCHES.take();
  }

  void release() {
    logits.clear();
    target.clear();
    upstream.clear();
    loss.clear();
    logitsGradient.clear();
    targetGradient.clear();
    weight.clear();
    posWeight.clear();
    kernel = null;
    BATCHES.giveBack(this);
  }

  /**
   * Sets shape and weights.
   *
   * @param shape of the logits; null for [rows, columns]
   */
  void shape(
      int @Nullable [] shape, int rows, int columns, @Nullable Tensor weight, @Nullable Tensor posWeight) {
    this.rows = rows;
    this.columns = columns;
    if (rows * columns == 0) {
      this.rows = 0;
      this.columns = 1;
      return;
    }
    Broadcast.place(this.weight, weight, shape, rows, columns);
    Broadcast.place(this.posWeight, posWeight, shape, rows, columns);
    if (isFlat(this.weight, columns) && isFlat(this.posWeight, columns)) {
      this.rows = 1;
      this.columns = rows * columns;
    }
  }

  /** Whether an operand looks the same when the matrix is seen as one long row: absent, one value, or one an element. */
  private static boolean isFlat(Strided<?> operand, int columns) {
    return !operand.isPresent()
        || operand.rowStride == 0 && operand.columnStride == 0
        || operand.rowStride == columns && operand.columnStride == 1;
  }

  /** Computes all blocks on at most so many threads, and returns the sum of the losses. */
  double compute(BceWithLogitsKernel<Object> kernel, int threads) {
    this.kernel = kernel;
    int block = kernel instanceof WholeBatch ? Integer.MAX_VALUE : BLOCK;
    columnsPerBlock = Math.min(columns, block);
    rowsPerBlock = Math.max(1, block / columns);
    blocksPerRow = Math.ceilDiv(columns, columnsPerBlock);
    int count = Math.ceilDiv(rows, rowsPerBlock) * blocksPerRow;
    sum.reset(count);
    Parallel.compute(this, count, threads);
    return sum.total();
  }

  @Override
  public void compute(int number) {
    Block block = BLOCKS.take();
    BceWithLogitsCall<Object> call = block.call;
    try {
      int row = number / blocksPerRow * rowsPerBlock;
      int column = number % blocksPerRow * columnsPerBlock;
      call.rows = Math.min(rowsPerBlock, rows - row);
      call.columns = Math.min(columnsPerBlock, columns - column);
      call.gradientScale = gradientScale;
      int first = row * columns + column;
      int length = call.rows * call.columns;
      logits.show(call.logits, block.logits, first, length, columns);
      target.show(call.target, block.target, first, length, columns);
      upstream.show(call.upstream, block.upstream, first, length, columns);
      loss.place(call.loss, block.loss, first, length, columns);
      logitsGradient.place(call.logitsGradient, block.logitsGradient, first, length, columns);
      targetGradient.place(call.targetGradient, block.targetGradient, first, length, columns);
      call.weight.set(weight.array, weight.at(row, column), weight.rowStride, weight.columnStride);
      call.posWeight.set(posWeight.array, posWeight.at(row, column), posWeight.rowStride, posWeight.columnStride);
      Objects.requireNonNull(kernel).compute(call);
      loss.write(block.loss, first, 1, length, length);
      logitsGradient.write(block.logitsGradient, first, 1, length, length);
      targetGradient.write(block.targetGradient, first, 1, length, length);
      sum.set(number, call.lossSum);
    } finally {
      block.release();
    }
  }
}
