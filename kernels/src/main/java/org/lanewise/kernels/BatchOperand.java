package org.lanewise.kernels;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Float16Bits;
import org.lanewise.kernels.tensor.Tensor;

/**
 * An operand or a result of a whole batch, row by row without gaps, of which kernels see one block at a time. Float16 and
 * bfloat16 are converted block by block: into a buffer before the kernel runs, or, a result, out of one afterwards.
 */
final class BatchOperand {
  /** The float32 values of one block of a 16-bit operand; each thread has its own. */
  static final class Buffer {
    float[] values = new float[0];

    float[] reserve(int length) {
      if (values.length < length) {
        values = new float[length];
      }
      return values;
    }
  }

  /** Null where the operand is absent. */
  @Nullable Object array;

  private DType dtype = DType.FLOAT32;

  /** The dtype that an operand is kept in for the duration of a call: 16 bits stay, anything else is converted at once. */
  static DType kept(DType operand, DType computation) {
    return computation == DType.FLOAT32 && Float16Bits.holds(operand) ? operand : computation;
  }

  void set(@Nullable Object array, DType dtype) {
    this.array = array;
    this.dtype = dtype;
  }

  void set(@Nullable Tensor tensor) {
    array = tensor == null ? null : tensor.array();
    dtype = tensor == null ? dtype : tensor.dtype();
  }

  void clear() {
    array = null;
  }

  /** Whether blocks are to be converted. */
  boolean isConverted() {
    return array != null && Float16Bits.holds(dtype);
  }

  /** Shows a block of an input, adjacent values in rows of {@code row}, to a kernel. */
  void show(Strided<Object> shown, Buffer buffer, int first, int length, int row) {
    place(shown, buffer, first, length, row);
    if (isConverted()) {
      read(buffer, first, 1, length, length);
    }
  }

  /** Shows the place of a block of a result, adjacent values in rows of {@code row}, to a kernel. */
  void place(Strided<Object> shown, Buffer buffer, int first, int length, int row) {
    if (isConverted()) {
      shown.set(buffer.reserve(length), 0, row, 1);
    } else {
      shown.set(array, first, row, 1);
    }
  }

  /** Fills a buffer with the values of a block: {@code runs} runs of {@code length} elements, {@code stride} apart. */
  void read(Buffer buffer, int offset, int runs, int length, int stride) {
    short[] bits = (short[]) Objects.requireNonNull(array);
    float[] values = buffer.reserve(runs * length);
    for (int run = 0; run < runs; run++) {
      Float16Bits.toFloat32(dtype, bits, offset + run * stride, values, run * length, length);
    }
  }

  /** Rounds the values of a block's buffer into their places; nothing where the operand is not converted. */
  void write(Buffer buffer, int offset, int runs, int length, int stride) {
    if (isConverted()) {
      short[] bits = (short[]) Objects.requireNonNull(array);
      for (int run = 0; run < runs; run++) {
        Float16Bits.fromFloat32(dtype, buffer.values, run * length, bits, offset + run * stride, length);
      }
    }
  }
}
