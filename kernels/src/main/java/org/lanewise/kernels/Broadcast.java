package org.lanewise.kernels;

import java.lang.reflect.Array;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.Tensor;

/** PyTorch's broadcasting of a weight to the shape of the logits: its checks, and strides in the place of copies. */
final class Broadcast {
  private Broadcast() {}

  /**
   * Checks that two shapes can be broadcast together and that the result has the shape of {@code into}.
   *
   * @param a the operand that PyTorch's message calls a
   * @param b the one that it calls b
   * @param into the shape that must not grow
   */
  static void check(String name, int[] a, int[] b, int[] into) {
    int rank = Math.max(a.length, b.length);
    int[] result = new int[rank];
    for (int dim = rank - 1; dim >= 0; dim--) {
      int sizeA = size(a, dim, rank);
      int sizeB = size(b, dim, rank);
      if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
        throw new RuntimeError(
            "The size of tensor a (%d) must match the size of tensor b (%d) at non-singleton dimension %d"
                .formatted(sizeA, sizeB, dim),
            "Give %s a shape that broadcasts to %s: equal sizes or 1, aligned at the last dimension."
                .formatted(name, Arrays.toString(into)));
      }
      result[dim] = sizeA == 1 ? sizeB : sizeA;
    }
    if (!Arrays.equals(result, into)) {
      throw new RuntimeError(
          "output with shape %s doesn't match the broadcast shape %s".formatted(Arrays.toString(into), Arrays.toString(result)),
          "Drop leading dimensions of %s with reshape(...): it must not be larger than the logits.".formatted(name));
    }
  }

  /** {@link #check} against the shape [rows, columns]; allocates nothing where the weight fits. */
  static void checkMatrix(String name, Tensor weight, int rows, int columns) {
    int rank = weight.rank();
    boolean fits =
        rank <= 2
            && (rank < 1 || weight.size(rank - 1) == columns || weight.size(rank - 1) == 1)
            && (rank < 2 || weight.size(0) == rows || weight.size(0) == 1);
    if (!fits) {
      int[] shape = {rows, columns};
      check(name, shape, weight.shape(), shape);
    }
  }

  /** The size of dimension {@code dim} of a shape seen with {@code rank} dimensions. */
  private static int size(int[] shape, int dim, int rank) {
    int own = dim - (rank - shape.length);
    return own < 0 ? 1 : shape[own];
  }

  /**
   * Shows a weight as a matrix of {@code rows × columns}, columns being the last dimension of the logits: one value, one a
   * column, one a row or one an element without a copy, anything else as a copy.
   *
   * @param weight of the dtype of the computation and of a shape that broadcasts to {@code shape}; null is absent
   * @param shape of the logits; null for [rows, columns]
   */
  static void place(
      Strided<Object> operand, @Nullable Tensor weight, int @Nullable [] shape, int rows, int columns) {
    if (weight == null) {
      operand.clear();
      return;
    }
    int numel = weight.numel();
    boolean perColumn = weight.rank() > 0 && weight.size(weight.rank() - 1) == columns;
    if (numel == 1) {
      operand.set(weight.array(), 0, 0, 0);
    } else if (numel == rows * columns) {
      operand.set(weight.array(), 0, columns, 1);
    } else if (numel == columns && perColumn) {
      operand.set(weight.array(), 0, 0, 1);
    } else if (numel == rows && !perColumn && weight.size(weight.rank() - 1) == 1) {
      operand.set(weight.array(), 0, 1, 0);
    } else {
      int[] whole = shape == null ? new int[] {rows, columns} : shape;
      operand.set(expand(weight, whole, rows * columns), 0, columns, 1);
    }
  }

  /** A copy of the values, repeated to a shape that the weight is known to broadcast to. */
  static Object expand(Tensor weight, int[] shape, int numel) {
    int rank = shape.length;
    int[] strides = new int[rank];
    int stride = 1;
    for (int dim = rank - 1; dim >= 0; dim--) {
      int size = size(weight.shape(), dim, rank);
      strides[dim] = size == 1 ? 0 : stride;
      stride *= size;
    }
    Object source = weight.array();
    Object copy = Array.newInstance(source.getClass().getComponentType(), numel);
    for (int i = 0; i < numel; i++) {
      int rest = i;
      int at = 0;
      for (int dim = rank - 1; dim >= 0; dim--) {
        at += rest % shape[dim] * strides[dim];
        rest /= shape[dim];
      }
      System.arraycopy(source, at, copy, i, 1);
    }
    return copy;
  }
}
