package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.lanewise.kernels.spi.Strided;

/**
 * A matrix spread over a longer array, the way callers of the SPI may hold it. What lies between and around the elements is
 * NaN in an input, so that reading it shows, and poison in an output, so that writing it shows.
 */
final class Spread {
  enum Layout {
    CONTIGUOUS,
    LONGER_ROWS,
    EVERY_THIRD,
    TRANSPOSED,
    BROADCAST_ROW,
    BROADCAST_COLUMN,
    BROADCAST_VALUE;

    static Layout forInput(Random random) {
      return values()[random.nextInt(values().length)];
    }

    /** An output has a place for each element. */
    static Layout forOutput(Random random) {
      return values()[random.nextInt(BROADCAST_ROW.ordinal())];
    }
  }

  private final int rows;
  private final int columns;
  final Strided<float[]> view = new Strided<>();
  private final float[] array;
  private final boolean[] addressed;

  private Spread(Layout layout, int rows, int columns, float filling, Random random) {
    this.rows = rows;
    this.columns = columns;
    int gap = 1 + random.nextInt(5);
    int rowStride =
        switch (layout) {
          case CONTIGUOUS -> columns;
          case LONGER_ROWS -> columns + gap;
          case EVERY_THIRD -> 3 * columns + gap;
          case TRANSPOSED, BROADCAST_COLUMN -> 1;
          case BROADCAST_ROW, BROADCAST_VALUE -> 0;
        };
    int columnStride =
        switch (layout) {
          case CONTIGUOUS, LONGER_ROWS, BROADCAST_ROW -> 1;
          case EVERY_THIRD -> 3;
          case TRANSPOSED -> rows;
          case BROADCAST_COLUMN, BROADCAST_VALUE -> 0;
        };
    int offset = random.nextInt(20);
    int span = (rows - 1) * rowStride + (columns - 1) * columnStride + 1;
    array = new float[offset + span + random.nextInt(70)];
    Arrays.fill(array, filling);
    view.set(array, offset, rowStride, columnStride);
    addressed = new boolean[array.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        addressed[view.at(row, column)] = true;
      }
    }
  }

  static Spread input(Layout layout, int rows, int columns, float[] values, Random random) {
    Spread spread = new Spread(layout, rows, columns, Float.NaN, random);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        spread.array[spread.view.at(row, column)] = values[row * columns + column];
      }
    }
    return spread;
  }

  static Spread output(Layout layout, int rows, int columns, Random random) {
    return new Spread(layout, rows, columns, Samples.POISON, random);
  }

  /** The matrix, row by row; where the layout broadcasts, as a reader sees it. */
  float[] dense() {
    float[] dense = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        dense[row * columns + column] = array[view.at(row, column)];
      }
    }
    return dense;
  }

  void assertRestUntouched(Supplier<String> what) {
    for (int i = 0; i < array.length; i++) {
      if (!addressed[i] && array[i] != Samples.POISON) {
        fail("%s: wrote %a at index %d, outside the block".formatted(what.get(), array[i], i));
      }
    }
  }
}
