package org.lanewise.kernels.scalar;

import org.lanewise.kernels.spi.Strided;

/**
 * The part of a float64 operand that the current chunk of a block works on, as consecutive doubles: the operand's own array
 * where the elements lie side by side and whole vectors remain, otherwise a padded copy.
 */
final class WindowFloat64 {
  private final double[] copy;
  private final double padding;

  double[] array;
  int offset;

  /**
   * @param size the largest chunk
   * @param padding what fills the lanes beyond the last element
   */
  WindowFloat64(int size, double padding) {
    this.copy = new double[size];
    this.padding = padding;
    this.array = copy;
  }

  /** Shows elements {@code first} to {@code first + length}, in row-major order, of an input. */
  void read(Strided<double[]> operand, boolean direct, int columns, int first, int length, int padded) {
    if (direct) {
      array = operand.array;
      offset = operand.offset + first;
      return;
    }
    show(copy);
    int row = first / columns;
    int column = first - row * columns;
    for (int i = 0; i < length; i++) {
      copy[i] = operand.array[operand.at(row, column)];
      if (++column == columns) {
        column = 0;
        row++;
      }
    }
    for (int i = length; i < padded; i++) {
      copy[i] = padding;
    }
  }

  /** Shows where the results of a chunk go; {@link #flush} carries them on if that is the copy. */
  void write(Strided<double[]> operand, boolean direct, int first) {
    array = direct ? operand.array : copy;
    offset = direct ? operand.offset + first : 0;
  }

  /** Shows another array from its start. */
  void show(double[] other) {
    array = other;
    offset = 0;
  }

  /** Copies the results of a chunk into the operand, unless they were written there. */
  void flush(Strided<double[]> operand, int columns, int first, int length) {
    if (array != copy) {
      return;
    }
    int row = first / columns;
    int column = first - row * columns;
    for (int i = 0; i < length; i++) {
      operand.array[operand.at(row, column)] = copy[i];
      if (++column == columns) {
        column = 0;
        row++;
      }
    }
  }

  /** Forgets the operand's array, so that a thread's scratch keeps no user data alive. */
  void release() {
    show(copy);
  }
}
