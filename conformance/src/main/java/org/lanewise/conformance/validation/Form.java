package org.lanewise.conformance.validation;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How the operands of a kernel call lie in their arrays, and what is asked of the call.
 *
 * @param name for people
 * @param front how many elements lie before the block, a few more for each further operand
 * @param back how many lie behind it
 * @param shape the strides
 * @param alone the operand that alone has those strides, while the others have no gaps; null for all
 * @param broadcast whether a weight that is the same along rows or columns has a stride of 0 there
 * @param leftOut outputs that are not asked for
 * @param scale the scale of gradients, a power of two
 */
record Form(
    String name,
    int front,
    int back,
    Shape shape,
    @Nullable String alone,
    boolean broadcast,
    Set<String> leftOut,
    double scale) {
  /** Strides. */
  enum Shape {
    /** No gaps. */
    DENSE,
    /** A gap after each row. */
    ROW_GAPS,
    /** Gaps between columns as well. */
    GAPS,
    /** Columns that lie one after the other. */
    TRANSPOSED
  }

  /** Arrays that end where the block ends. */
  static final Form PLAIN = new Form("plain", 0, 0, Shape.DENSE, null, false, Set.of(), 1);

  /**
   * Where a matrix, or a block with classes, lies.
   *
   * @param length of the array
   */
  record Place(int offset, int rowStride, int columnStride, int length) {}

  Form named(String other) {
    return new Form(other, front, back, shape, alone, broadcast, leftOut, scale);
  }

  Form within(int before, int after) {
    return new Form(name, before, after, shape, alone, broadcast, leftOut, scale);
  }

  Form shaped(Shape other) {
    return new Form(name, front, back, other, alone, broadcast, leftOut, scale);
  }

  Form inAlone(String operand) {
    return new Form(name, front, back, shape, operand, broadcast, leftOut, scale);
  }

  /** The form of one operand. */
  Form of(String operand) {
    return alone == null || alone.equals(operand) ? this : shaped(Shape.DENSE);
  }

  Form broadcasting() {
    return new Form(name, front, back, shape, alone, true, leftOut, scale);
  }

  Form without(String... outputs) {
    return new Form(name, front, back, shape, alone, broadcast, Set.of(outputs), scale);
  }

  Form withoutAlso(Set<String> outputs) {
    return outputs.isEmpty()
        ? this
        : new Form(
            name,
            front,
            back,
            shape,
            alone,
            broadcast,
            Stream.concat(leftOut.stream(), outputs.stream()).collect(Collectors.toUnmodifiableSet()),
            scale);
  }

  Form scaled(double by) {
    return new Form(name, front, back, shape, alone, broadcast, leftOut, by);
  }

  boolean wants(String output) {
    return !leftOut.contains(output);
  }

  /** The place of operand {@code number} with a value a unit. */
  Place place(int rows, int columns, int number) {
    int gap = 2 + number % 3; // operands do not share their strides
    return switch (shape) {
      case DENSE -> place(rows, columns, 1, columns, 1, number);
      case ROW_GAPS -> place(rows, columns, 1, columns + gap, 1, number);
      case GAPS -> place(rows, columns, 1, columns * gap + 1, gap, number);
      case TRANSPOSED -> place(rows, columns, 1, 1, rows, number);
    };
  }

  /** The place of operand {@code number} with a value a unit and class; columns of a row and class are neighbours. */
  Place place(int rows, int classes, int columns, int number) {
    int gap = 2 + number % 3;
    return switch (shape) {
      case DENSE -> place(rows, classes, columns, classes * columns, columns, number);
      case ROW_GAPS -> place(rows, classes, columns, classes * columns + gap, columns, number);
      case GAPS -> place(rows, classes, columns, classes * (columns + gap) + 1, columns + gap, number);
      case TRANSPOSED -> place(rows, classes, columns, columns, rows * columns, number);
    };
  }

  private Place place(int rows, int middle, int inner, int rowStride, int columnStride, int number) {
    int before = front == 0 ? 0 : front + number;
    boolean empty = rows == 0 || middle == 0 || inner == 0;
    int size = empty ? 0 : (rows - 1) * rowStride + (middle - 1) * columnStride + inner;
    return new Place(before, rowStride, columnStride, before + size + back);
  }
}
