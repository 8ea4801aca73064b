package org.lanewise.bench.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Array;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.Strided;

/**
 * One operand on the device. A part of an array without many gaps is copied as it lies, and keeps its strides; any other is
 * packed on the way. An element is a run of {@code inner} values side by side.
 */
final class DeviceOperand {
  private final Session session;
  private final DeviceBuffer buffer;
  private @Nullable Object packed;
  private @Nullable PinnedMemory pinned;
  private boolean asItLies;
  private boolean input;
  private long bytes;
  private int rows;
  private int columns;
  private int inner;

  /** The buffer; null where the operand is absent. */
  @Nullable MemorySegment memory;

  /** Strides on the device, where the first element is the first of the buffer. */
  int rowStride;

  int columnStride;

  DeviceOperand(Session session) {
    this.session = session;
    this.buffer = new DeviceBuffer(session);
  }

  /** Makes the operand absent. */
  void absent() {
    memory = null;
    rowStride = 0;
    columnStride = 0;
  }

  /** Copies an input to the device. */
  void upload(Strided<?> operand, int rows, int columns, int inner) {
    input = true;
    long count = place(operand, rows, columns, inner, 2);
    if (memory == null) {
      return;
    }
    Object array = Objects.requireNonNull(operand.array);
    if (asItLies) {
      OpenCl.write(session.queue, memory, segment(array, operand.offset, count));
    } else {
      Object copy = scratch(array, (int) count);
      packed = copy;
      copy(operand, true);
      OpenCl.write(session.queue, memory, segment(copy, 0, count));
    }
  }

  /** Makes room for an output. */
  void reserve(Strided<?> operand, int rows, int columns, int inner) {
    input = false;
    place(operand, rows, columns, inner, 1);
  }

  /** Copies an output from the device; what lies between its elements is not touched. */
  void download(Strided<?> operand) {
    if (memory == null) {
      return;
    }
    long count = (long) rows * columns * inner;
    Object array = Objects.requireNonNull(operand.array);
    if (asItLies) {
      OpenCl.read(session.queue, memory, segment(array, operand.offset, count));
    } else {
      Object copy = scratch(array, (int) count);
      packed = copy;
      OpenCl.read(session.queue, memory, segment(copy, 0, count));
      copy(operand, false);
    }
  }

  /**
   * Decides how the operand lies on the device.
   *
   * @param sparse how many times the size of its elements the part of the array may have that is copied as it lies
   * @return the number of values on the device
   */
  private long place(Strided<?> operand, int rows, int columns, int inner, int sparse) {
    if (!operand.isPresent()) {
      absent();
      return 0;
    }
    this.rows = rows;
    this.columns = columns;
    this.inner = inner;
    rowStride = rows <= 1 ? 0 : operand.rowStride;
    columnStride = columns <= 1 ? 0 : operand.columnStride;
    long distinctRows = rowStride == 0 ? Math.min(rows, 1) : rows;
    long distinctColumns = columnStride == 0 ? Math.min(columns, 1) : columns;
    long count = distinctRows * distinctColumns * inner;
    long span = count == 0 ? 0 : (rows - 1L) * rowStride + (columns - 1L) * columnStride + inner;
    asItLies = rowStride >= 0 && columnStride >= 0 && span <= sparse * count;
    if (asItLies) {
      count = span;
    } else {
      rowStride = rowStride == 0 ? 0 : columnStride == 0 ? inner : columns * inner;
      columnStride = columnStride == 0 ? 0 : inner;
    }
    bytes = count * bytes(Objects.requireNonNull(operand.array));
    memory = buffer.reserve(bytes);
    return count;
  }

  /** Makes page-locked memory of the host for the three below, and puts a copy of an input there. */
  void pin() {
    if (memory != null) {
      pinned = new PinnedMemory(session, bytes);
      if (input) {
        OpenCl.read(session.queue, memory, pinned.memory);
      }
    }
  }

  /** Queues a copy of an input from page-locked memory. */
  void queueUpload() {
    if (memory != null && input) {
      OpenCl.queueWrite(session.queue, memory, Objects.requireNonNull(pinned).memory);
    }
  }

  /** Queues a copy of an output to page-locked memory. */
  void queueDownload() {
    if (memory != null && !input) {
      OpenCl.queueRead(session.queue, memory, Objects.requireNonNull(pinned).memory);
    }
  }

  /** Whether the page-locked memory of an output holds what is on the device. */
  boolean isDownloaded() {
    if (memory == null || input) {
      return true;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment there = arena.allocate(bytes);
      OpenCl.read(session.queue, memory, there);
      return Objects.requireNonNull(pinned).memory.mismatch(there) < 0;
    }
  }

  /** Copies between the array and the packed copy. */
  private void copy(Strided<?> operand, boolean pack) {
    int distinctRows = rowStride == 0 ? 1 : rows;
    int distinctColumns = columnStride == 0 ? 1 : columns;
    for (int row = 0; row < distinctRows; row++) {
      for (int column = 0; column < distinctColumns; column++) {
        int there = operand.at(row, column);
        int here = row * rowStride + column * columnStride;
        if (pack) {
          System.arraycopy(operand.array, there, packed, here, inner);
        } else {
          System.arraycopy(packed, here, operand.array, there, inner);
        }
      }
    }
  }

  /** An array like the given one, kept from call to call. */
  private Object scratch(Object like, int length) {
    return packed != null && packed.getClass() == like.getClass() && Array.getLength(packed) >= length
        ? packed
        : Array.newInstance(like.getClass().getComponentType(), length);
  }

  private static int bytes(Object array) {
    return array instanceof long[] ? Long.BYTES : Float.BYTES;
  }

  private static MemorySegment segment(Object array, long from, long count) {
    MemorySegment whole =
        array instanceof long[] longs ? MemorySegment.ofArray(longs) : MemorySegment.ofArray((float[]) array);
    return whole.asSlice(from * bytes(array), count * bytes(array));
  }

  /** Gives all memory back. */
  void release() {
    buffer.release();
    memory = null;
    packed = null;
    if (pinned != null) {
      pinned.release();
      pinned = null;
    }
  }
}
