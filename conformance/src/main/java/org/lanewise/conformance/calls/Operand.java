package org.lanewise.conformance.calls;

import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.lanewise.kernels.spi.Strided;

/**
 * A present operand of a kernel call: a part of an array, seen as a block of up to three dimensions. Element (a, b, c) lies at
 * {@code offset + a · strides[0] + b · strides[1] + c · strides[2]}. Kernels compute block by block, so strides are at least 0.
 */
public final class Operand {
  private final String name;
  private final boolean output;
  private final Object array;
  private final int offset;
  private final int[] sizes;
  private final int[] strides;
  private final Consumer<Object> setter;
  private final IntConsumer mover;

  private Operand(
      String name,
      boolean output,
      Object array,
      int offset,
      int[] sizes,
      int[] strides,
      Consumer<Object> setter,
      IntConsumer mover) {
    this.name = name;
    this.output = output;
    this.array = array;
    this.offset = offset;
    this.sizes = sizes;
    this.strides = strides;
    this.setter = setter;
    this.mover = mover;
  }

  /** An operand whose place is written in a {@link Strided}; one more dimension of stride 1 where there is {@code inner}. */
  @SuppressWarnings("unchecked") // a copy of the array has the array's class
  static Operand of(String name, boolean output, Strided<?> strided, int rows, int columns, int inner) {
    return new Operand(
        name,
        output,
        Objects.requireNonNull(strided.array),
        strided.offset,
        new int[] {rows, columns, inner},
        new int[] {strided.rowStride, strided.columnStride, 1},
        copy -> ((Strided<Object>) strided).array = copy,
        moved -> strided.offset += moved * strided.rowStride);
  }

  /** An operand of neighbouring elements. */
  static Operand of(String name, Object array, int offset, int size, Consumer<Object> setter) {
    return new Operand(name, false, array, offset, new int[] {1, 1, size}, new int[] {0, 0, 1}, setter, rows -> {});
  }

  /** The name in files and messages, such as {@code logits_gradient}. */
  public String name() {
    return name;
  }

  /** Whether the kernel writes it. */
  public boolean isOutput() {
    return output;
  }

  /** The array: {@code float[]}, {@code double[]}, or {@code long[]} for class indices. */
  public Object array() {
    return array;
  }

  /** Puts another array, of the same class, in the place of this one in the call. */
  void replaceArray(Object other) {
    setter.accept(other);
  }

  /** Lets the block begin so many rows later; what has no rows stays. */
  void moveRows(int rows) {
    mover.accept(rows);
  }

  /** The number of elements of the block; with strides of 0 more than there are places. */
  public int elements() {
    return sizes[0] * sizes[1] * sizes[2];
  }

  /** Where in the array element {@code index} of the block lies, counted with the last dimension fastest. */
  public int at(int index) {
    int inner = index % sizes[2];
    int column = index / sizes[2] % sizes[1];
    int row = index / sizes[2] / sizes[1];
    return offset + row * strides[0] + column * strides[1] + inner * strides[2];
  }

  /** From an element of the block to that of the next row. */
  public int rowStride() {
    return strides[0];
  }

  /** From an element of the block to that of the next column, or class. */
  public int columnStride() {
    return strides[1];
  }

  /** The lowest index of the block in the array. */
  public int first() {
    return offset;
  }

  /** The index after the highest of the block; {@link #first()} if the block is empty. */
  public int end() {
    return elements() == 0 ? offset : at(elements() - 1) + 1;
  }
}
