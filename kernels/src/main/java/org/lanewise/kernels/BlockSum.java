package org.lanewise.kernels;

/**
 * Adds the sums of a batch's blocks by a fixed binary tree: like a binary counter, it adds two sums as soon as both stand
 * for equally many blocks. The result depends on the blocks and their order alone, not on who computed them when.
 */
final class BlockSum {
  private final double[] partial = new double[Integer.SIZE];
  private double[] sums = new double[1];
  private int blocks;

  /** Begins a batch of so many blocks. */
  void reset(int blocks) {
    this.blocks = blocks;
    if (sums.length < blocks) {
      sums = new double[blocks];
    }
  }

  /** The sum of one block. Several threads may call at once, with different blocks. */
  void set(int block, double sum) {
    sums[block] = sum;
  }

  double total() {
    for (int block = 0; block < blocks; block++) {
      double sum = sums[block];
      int level = 0;
      for (int bits = block; (bits & 1) != 0; bits >>= 1) {
        sum = partial[level++] + sum;
      }
      partial[level] = sum;
    }
    double total = 0;
    for (int level = 0, bits = blocks; bits != 0; bits >>= 1, level++) {
      if ((bits & 1) != 0) {
        total = partial[level] + total;
      }
    }
    return total;
  }
}
