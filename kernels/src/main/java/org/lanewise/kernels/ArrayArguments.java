package org.lanewise.kernels;

import java.lang.reflect.Array;
import org.jspecify.annotations.Nullable;

/** Checks of the array forms, which PyTorch does not have: one sentence each, before anything is written. */
final class ArrayArguments {
  private ArrayArguments() {}

  /** The product of two sizes. */
  static int product(String nameA, int a, String nameB, int b) {
    if (a < 0 || b < 0) {
      throw new IllegalArgumentException(
          "%s is negative: %d; sizes are 0 or more.".formatted(a < 0 ? nameA : nameB, a < 0 ? a : b));
    }
    if ((long) a * b > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "%s · %s = %d · %d exceeds what a Java array holds (2^31 - 1); split the batch.".formatted(nameA, nameB, a, b));
    }
    return a * b;
  }

  /** That an array exists and is long enough. */
  static void length(String name, @Nullable Object array, int needed) {
    if (array == null) {
      throw new IllegalArgumentException("%s is null; pass an array of at least %d values.".formatted(name, needed));
    }
    int actual = Array.getLength(array);
    if (actual < needed) {
      throw new IllegalArgumentException(
          "%s has %d values, but the shape needs %d; pass a longer array or smaller sizes.".formatted(name, actual, needed));
    }
  }

  /** That a result does not overwrite an operand or another result. */
  static void distinct(String nameA, Object a, String nameB, Object b) {
    if (a == b) {
      throw new IllegalArgumentException(
          "%s and %s are the same array; pass two arrays, a result must not overwrite what is still read."
              .formatted(nameA, nameB));
    }
  }
}
