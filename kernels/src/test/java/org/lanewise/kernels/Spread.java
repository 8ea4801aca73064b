package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.Strided;

/**
 * A matrix spread over a longer array, the way callers of the SPI may hold it; each entry is {@code inner} consecutive
 * values. What lies between and around them is NaN in an input, so that reading it shows, and poison in an output, so that
 * writing it shows.
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
  private final int inner;
  private final Strided<float[]> view = new Strided<>();
  private final float[] array;
  private final boolean[] addressed;

  private Spread(Layout layout, int rows, int columns, int inner, float filling, Random random) {
    this.rows = rows;
    this.columns = columns;
    this.inner = inner;
    int gap = 1 + random.nextInt(5);
    int rowStride =
        switch (layout) {
          case CONTIGUOUS -> columns * inner;
          case LONGER_ROWS -> columns * inner + gap;
          case EVERY_THIRD -> 3 * columns * inner + gap;
          case TRANSPOSED, BROADCAST_COLUMN -> inner;
          case BROADCAST_ROW, BROADCAST_VALUE -> 0;
        };
    int columnStride =
        switch (layout) {
          case CONTIGUOUS, LONGER_ROWS, BROADCAST_ROW -> inner;
          case EVERY_THIRD -> 3 * inner;
          case TRANSPOSED -> rows * inner;
          case BROADCAST_COLUMN, BROADCAST_VALUE -> 0;
        };
    int offset = random.nextInt(20);
    int span = (rows - 1) * rowStride + (columns - 1) * columnStride + inner;
    array = new float[offset + span + random.nextInt(70)];
    Arrays.fill(array, filling);
    view.set(array, offset, rowStride, columnStride);
    addressed = new boolean[array.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        Arrays.fill(addressed, view.at(row, column), view.at(row, column) + inner, true);
      }
    }
  }

  static Spread input(Layout layout, int rows, int columns, int inner, float[] values, Random random) {
    Spread spread = new Spread(layout, rows, columns, inner, Float.NaN, random);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        System.arraycopy(values, (row * columns + column) * inner, spread.array, spread.view.at(row, column), inner);
      }
    }
    return spread;
  }

  static Spread output(Layout layout, int rows, int columns, int inner, Random random) {
    return new Spread(layout, rows, columns, inner, Samples.POISON, random);
  }

  /** Makes this the operand of a call; null makes it absent. */
  static void pass(@Nullable Spread spread, Strided<float[]> operand) {
    if (spread == null) {
      operand.clear();
    } else {
      Strided<float[]> view = spread.view;
      operand.set(view.array, view.offset, view.rowStride, view.columnStride);
    }
  }

  /** The values in row-major order; where the layout broadcasts, as a reader sees them. */
  float[] dense() {
    float[] dense = new float[rows * columns * inner];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        System.arraycopy(array, view.at(row, column), dense, (row * columns + column) * inner, inner);
      }
    }
    return dense;
  }

  /** A copy of the whole array, to compare with later. */
  float[] snapshot() {
    return array.clone();
  }

  void assertUnchanged(float[] snapshot, Supplier<String> what) {
    Bits.assertSame(snapshot, array, what);
  }

  void assertRestUntouched(Supplier<String> what) {
    for (int i = 0; i < array.length; i++) {
      if (!addressed[i] && array[i] != Samples.POISON) {
        fail("%s: wrote %a at index %d, outside the block".formatted(what.get(), array[i], i));
      }
    }
  }
}
