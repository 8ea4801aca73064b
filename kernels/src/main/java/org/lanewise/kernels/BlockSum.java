package org.lanewise.kernels;

/**
 * Adds the sums of a batch's blocks by a fixed binary tree, as they come: like a binary counter, it adds two sums as soon
 * as both stand for equally many blocks. The result depends on the blocks and their order alone.
 */
final class BlockSum {
  private final double[] partial = new double[Integer.SIZE];
  private int blocks;

  void reset() {
    blocks = 0;
  }

  void add(double sum) {
    int level = 0;
    for (int bits = blocks; (bits & 1) != 0; bits >>= 1) {
      sum = partial[level++] + sum;
    }
    partial[level] = sum;
    blocks++;
  }

  double total() {
    double total = 0;
    for (int level = 0, bits = blocks; bits != 0; bits >>= 1, level++) {
      if ((bits & 1) != 0) {
        total = partial[level] + total;
      }
    }
    return total;
  }
}
