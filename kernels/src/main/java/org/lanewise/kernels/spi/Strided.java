package org.lanewise.kernels.spi;

import org.jspecify.annotations.Nullable;

/**
 * One operand of a kernel call: a part of an array, seen as a matrix. Element (row, column) lies at {@code offset + row
 * · rowStride + column · columnStride}; a stride of 0 broadcasts. The array may be longer than the part.
 *
 * <p>A mutable structure with public fields, because a call must not allocate: a caller fills it again for each block.
 *
 * @param <A> the class of the array
 */
public final class Strided<A> {
  /** The array, or null where the operand is absent (an input) or not wanted (an output). */
  public @Nullable A array;

  /** Where element (0, 0) lies. */
  public int offset;

  /** From an element to that of the next row. */
  public int rowStride;

  /** From an element to that of the next column. */
  public int columnStride;

  /** An absent operand. */
  public Strided() {}

  /** Sets all fields. */
  public void set(@Nullable A array, int offset, int rowStride, int columnStride) {
    this.array = array;
    this.offset = offset;
    this.rowStride = rowStride;
    this.columnStride = columnStride;
  }

  /** Makes the operand absent. */
  public void clear() {
    set(null, 0, 0, 0);
  }

  /** Whether there is an array. */
  public boolean isPresent() {
    return array != null;
  }

  /** The index of element (row, column) in the array. */
  public int at(int row, int column) {
    return offset + row * rowStride + column * columnStride;
  }

  /** Whether the elements of a matrix with so many columns lie one after the other, row by row. */
  public boolean isContiguous(int rows, int columns) {
    return (columnStride == 1 || columns <= 1) && (rowStride == columns || rows <= 1);
  }
}
