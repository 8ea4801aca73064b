package org.lanewise.kernels.tensor;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Values of one {@link DType} with a shape, contiguous and row-major.
 *
 * <p>A tensor wraps the array that it is given and does not copy it: a later change to the array is a change to the
 * tensor. The shape {@code []} is a single value (PyTorch's 0-d tensor); a shape that contains 0 holds no values.
 *
 * <p>Safe for several threads as long as none writes to the array. Two tensors are equal only if they are the same object;
 * {@link #sameBits} compares values.
 */
public final class Tensor {
  private final DType dtype;
  private final int[] shape;
  private final int numel;
  private final Object array;

  private Tensor(DType dtype, Object array, int[] shape) {
    Objects.requireNonNull(array, "array");
    this.dtype = dtype;
    this.shape = shape.clone();
    this.numel = numel(shape);
    this.array = array;
    if (!dtype.arrayClass().isInstance(array)) {
      throw new IllegalArgumentException(
          "A %s tensor is held in a %s, not in a %s; pass an array of that type."
              .formatted(dtype.id(), dtype.arrayClass().getSimpleName(), array.getClass().getSimpleName()));
    }
    if (Array.getLength(array) != numel) {
      throw new IllegalArgumentException(
          "Shape %s holds %d values, but the array has %d; pass an array of that length."
              .formatted(Arrays.toString(shape), numel, Array.getLength(array)));
    }
  }

  /**
   * A float32 tensor over {@code values}.
   *
   * @throws IllegalArgumentException if a size is negative, or the array has another length than the shape holds
   */
  public static Tensor of(float[] values, int... shape) {
    return new Tensor(DType.FLOAT32, values, shape);
  }

  /**
   * A float64 tensor over {@code values}.
   *
   * @throws IllegalArgumentException as for {@link #of(float[], int...)}
   */
  public static Tensor of(double[] values, int... shape) {
    return new Tensor(DType.FLOAT64, values, shape);
  }

  /**
   * An int64 tensor over {@code values}.
   *
   * @throws IllegalArgumentException as for {@link #of(float[], int...)}
   */
  public static Tensor of(long[] values, int... shape) {
    return new Tensor(DType.INT64, values, shape);
  }

  /**
   * A tensor of any dtype over the array that holds it: {@code short[]} bits for float16 and bfloat16, {@code byte[]}
   * for int8, uint8 and bool.
   *
   * @throws IllegalArgumentException if the array is of another class than {@link DType#arrayClass()}, and as for {@link
   *     #of(float[], int...)}
   */
  public static Tensor of(DType dtype, Object values, int... shape) {
    return new Tensor(dtype, values, shape);
  }

  /**
   * A tensor of zeros.
   *
   * @throws IllegalArgumentException if a size is negative or the product exceeds what a Java array holds
   */
  public static Tensor zeros(DType dtype, int... shape) {
    return new Tensor(dtype, Array.newInstance(dtype.arrayClass().getComponentType(), numel(shape)), shape);
  }

  /** A float32 tensor of shape {@code []}. */
  public static Tensor scalar(float value) {
    return of(new float[] {value});
  }

  /**
   * The number of values in a tensor of the given shape.
   *
   * @throws IllegalArgumentException if a size is negative or the product exceeds what a Java array holds
   */
  public static int numel(int... shape) {
    long product = 1;
    for (int size : shape) {
      if (size < 0) {
        throw new IllegalArgumentException(
            "Shape %s has the negative size %d; sizes are 0 or more.".formatted(Arrays.toString(shape), size));
      }
      product *= size;
      // A later 0 makes the product 0 again, so only a product of the rest without zeros is an overflow.
      if (product > Integer.MAX_VALUE && Arrays.stream(shape).noneMatch(s -> s == 0)) {
        throw new IllegalArgumentException(
            "Shape %s holds more values than a Java array can (2^31 - 1); split the batch."
                .formatted(Arrays.toString(shape)));
      }
      product = Math.min(product, Integer.MAX_VALUE);
    }
    return (int) product;
  }

  /** The type of the values. */
  public DType dtype() {
    return dtype;
  }

  /** The sizes, outermost first; a copy. */
  public int[] shape() {
    return shape.clone();
  }

  /** The number of dimensions. */
  public int rank() {
    return shape.length;
  }

  /**
   * The size of dimension {@code dim}, counted from 0.
   *
   * @throws IndexOutOfBoundsException if there is no such dimension
   */
  public int size(int dim) {
    return shape[dim];
  }

  /** The number of values. */
  public int numel() {
    return numel;
  }

  /** Whether {@code other} has the same shape. */
  public boolean sameShape(Tensor other) {
    return Arrays.equals(shape, other.shape);
  }

  /** The shape as PyTorch's messages print it: {@code torch.Size([2, 3])}. */
  public String torchSize() {
    return "torch.Size(" + Arrays.toString(shape) + ")";
  }

  /** The array behind this tensor, of class {@link DType#arrayClass()}; not a copy. */
  public Object array() {
    return array;
  }

  /**
   * The array behind a float32 tensor; not a copy.
   *
   * @throws IllegalStateException if the dtype is another
   */
  public float[] floats() {
    return (float[]) array(DType.FLOAT32);
  }

  /**
   * The array behind a float64 tensor; not a copy.
   *
   * @throws IllegalStateException if the dtype is another
   */
  public double[] doubles() {
    return (double[]) array(DType.FLOAT64);
  }

  /**
   * The array behind an int64 tensor; not a copy.
   *
   * @throws IllegalStateException if the dtype is another
   */
  public long[] longs() {
    return (long[]) array(DType.INT64);
  }

  private Object array(DType wanted) {
    if (dtype != wanted) {
      throw new IllegalStateException(
          "This tensor is %s, not %s; convert it with to(DType.%s).".formatted(dtype.id(), wanted.id(), wanted));
    }
    return array;
  }

  /** A tensor of the same values in an array of its own. */
  public Tensor copy() {
    Object values = Array.newInstance(dtype.arrayClass().getComponentType(), numel);
    System.arraycopy(array, 0, values, 0, numel);
    return new Tensor(dtype, values, shape);
  }

  /** Whether {@code other} has the same dtype, shape and bits; NaN equals NaN of the same bits, and 0 is not −0. */
  public boolean sameBits(Tensor other) {
    if (dtype != other.dtype || !sameShape(other)) {
      return false;
    }
    for (int i = 0; i < numel; i++) {
      boolean same =
          dtype.isFloatingPoint()
              ? Double.doubleToRawLongBits(getDouble(i)) == Double.doubleToRawLongBits(other.getDouble(i))
              : getLong(i) == other.getLong(i);
      if (!same) {
        return false;
      }
    }
    return true;
  }

  /**
   * Value {@code index} in row-major order, as a double; int64 values beyond 2^53 lose bits, see {@link #getLong}.
   *
   * @throws IndexOutOfBoundsException if there is no such value
   */
  public double getDouble(int index) {
    return switch (dtype) {
      case FLOAT32 -> ((float[]) array)[index];
      case FLOAT64 -> ((double[]) array)[index];
      case FLOAT16 -> Float16Bits.halfToFloat(((short[]) array)[index]);
      case BFLOAT16 -> Float16Bits.bfloat16ToFloat(((short[]) array)[index]);
      case INT64, INT32, INT16, INT8, UINT8, BOOL -> getLong(index);
    };
  }

  /**
   * Value {@code index} in row-major order, as a long; floating-point values are truncated toward zero.
   *
   * @throws IndexOutOfBoundsException if there is no such value
   */
  public long getLong(int index) {
    return switch (dtype) {
      case INT64 -> ((long[]) array)[index];
      case INT32 -> ((int[]) array)[index];
      case INT16 -> ((short[]) array)[index];
      case INT8 -> ((byte[]) array)[index];
      case UINT8 -> ((byte[]) array)[index] & 0xFF;
      case BOOL -> ((byte[]) array)[index] != 0 ? 1 : 0;
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16 -> (long) getDouble(index);
    };
  }

  /**
   * The same values in another dtype, each rounded once to nearest even; integers wrap as in PyTorch, anything but 0
   * becomes true. A floating-point value that an integer cannot hold gives an unspecified one, as in PyTorch. Returns this
   * tensor where it already has the dtype.
   */
  public Tensor to(DType wanted) {
    if (wanted == dtype) {
      return this;
    }
    Tensor converted = zeros(wanted, shape);
    if (wanted == DType.FLOAT32 && Float16Bits.holds(dtype)) {
      Float16Bits.toFloat32(dtype, (short[]) array, 0, (float[]) converted.array, 0, numel);
      return converted;
    }
    if (dtype == DType.FLOAT32 && Float16Bits.holds(wanted)) {
      Float16Bits.fromFloat32(wanted, (float[]) array, 0, (short[]) converted.array, 0, numel);
      return converted;
    }
    for (int i = 0; i < numel; i++) {
      switch (wanted) {
        case FLOAT32 -> ((float[]) converted.array)[i] = dtype.isFloatingPoint() ? (float) getDouble(i) : getLong(i);
        case FLOAT64 -> ((double[]) converted.array)[i] = getDouble(i);
        case FLOAT16 -> ((short[]) converted.array)[i] = Float16Bits.toHalf(getDouble(i));
        case BFLOAT16 ->
            ((short[]) converted.array)[i] =
                dtype.isFloatingPoint() ? Float16Bits.toBfloat16(getDouble(i)) : Float16Bits.toBfloat16(getLong(i));
        case INT64 -> ((long[]) converted.array)[i] = getLong(i);
        case INT32 -> ((int[]) converted.array)[i] = (int) getLong(i);
        case INT16 -> ((short[]) converted.array)[i] = (short) getLong(i);
        case INT8, UINT8 -> ((byte[]) converted.array)[i] = (byte) getLong(i);
        case BOOL -> ((byte[]) converted.array)[i] = (byte) (getDouble(i) != 0 ? 1 : 0);
      }
    }
    return converted;
  }

  /**
   * The same values, not copied, in another shape; one size may be -1 and is then inferred.
   *
   * @throws IllegalArgumentException if the shape does not hold the same number of values
   */
  public Tensor reshape(int... newShape) {
    int[] resolved = newShape.clone();
    int inferred = -1;
    int known = 1;
    for (int i = 0; i < resolved.length; i++) {
      if (resolved[i] == -1 && inferred < 0) {
        inferred = i;
      } else if (resolved[i] < 0) {
        throw new IllegalArgumentException(
            "Shape %s has the size %d; sizes are 0 or more, one may be -1."
                .formatted(Arrays.toString(newShape), resolved[i]));
      } else {
        known = numel(known, resolved[i]);
      }
    }
    if (inferred >= 0 && known > 0) {
      resolved[inferred] = numel / known;
    }
    if ((inferred >= 0 && known == 0) || numel(resolved) != numel) {
      throw new IllegalArgumentException(
          "Shape %s cannot hold the %d values of shape %s; choose sizes whose product is %d."
              .formatted(Arrays.toString(newShape), numel, Arrays.toString(shape), numel));
    }
    return new Tensor(dtype, array, resolved);
  }

  /**
   * The single value of a tensor that holds one.
   *
   * @throws IllegalStateException if it holds none or several
   */
  public double item() {
    if (numel != 1) {
      throw new IllegalStateException(
          "item() needs a tensor of one value; shape %s holds %d.".formatted(Arrays.toString(shape), numel));
    }
    return getDouble(0);
  }

  /**
   * The index of the largest value along {@code dim}, as an int64 tensor without that dimension: class indices from
   * one-hot rows or from logits. The first of several equal values wins; NaN counts as largest, as in PyTorch.
   *
   * @param dim the dimension, counted from 0, or from the end if negative
   * @throws IllegalArgumentException if there is no such dimension, or it is of size 0
   */
  public Tensor argmax(int dim) {
    int axis = dim < 0 ? dim + rank() : dim;
    if (axis < 0 || axis >= rank() || shape[axis] == 0) {
      throw new IllegalArgumentException(
          "argmax needs a dimension that exists and is not empty; shape %s has none at %d."
              .formatted(Arrays.toString(shape), dim));
    }
    int[] reducedShape = new int[rank() - 1];
    int inner = 1;
    for (int i = 0; i < rank(); i++) {
      if (i != axis) {
        reducedShape[i < axis ? i : i - 1] = shape[i];
      }
      inner *= i > axis ? shape[i] : 1;
    }
    long[] indices = new long[numel(reducedShape)];
    for (int row = 0; row < indices.length; row++) {
      int first = row / inner * shape[axis] * inner + row % inner;
      int best = 0;
      for (int c = 1; c < shape[axis]; c++) {
        if (exceeds(first + c * inner, first + best * inner)) {
          best = c;
        }
      }
      indices[row] = best;
    }
    return of(indices, reducedShape);
  }

  /** Whether value {@code i} is larger than value {@code j}, NaN being largest. Integers are compared as such. */
  private boolean exceeds(int i, int j) {
    if (!dtype.isFloatingPoint()) {
      return getLong(i) > getLong(j);
    }
    double a = getDouble(i);
    double b = getDouble(j);
    return a > b || a != a && b == b;
  }

  /** Dtype and shape, and the values where there are at most ten. */
  @Override
  public String toString() {
    String values =
        numel > 10
            ? numel + " values"
            : IntStream.range(0, numel)
                .mapToObj(i -> dtype.isFloatingPoint() ? Double.toString(getDouble(i)) : Long.toString(getLong(i)))
                .collect(Collectors.joining(", "));
    return "%s%s{%s}".formatted(dtype.id(), Arrays.toString(shape), values);
  }
}
