package org.lanewise.bench.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A loss on the device, in three steps: the operands go up, the kernels are queued, the results come down. The operands stay
 * on the device, so the second step can be repeated by itself: the resident form of the kernel call.
 *
 * <p>One at a time: callers hold the lock of the object.
 *
 * @param <C> the kernel call
 */
abstract class DeviceLoss<C> {
  /** Where in {@link #memory} what lies. */
  private static final int STRUCT_BYTES = 96;

  private static final int POINTER = 128;
  private static final int SIZES = 136;
  private static final int FINISH_SIZES = 152;
  private static final int GROUPS = 168;
  private static final int SUMS = 176;
  private static final int MEMORY_BYTES = 192;

  final Session session;

  /** The operands, in the order of the kernel's arguments. */
  private final List<DeviceOperand> operands = new ArrayList<>();

  private final MemorySegment memory = Arena.ofAuto().allocate(MEMORY_BYTES, Long.BYTES);
  private final DeviceBuffer partialSums;
  private final DeviceBuffer sums;
  private final MemorySegment finishSums;
  private MemorySegment kernel = MemorySegment.NULL;
  private int groups;

  DeviceLoss(Session session) {
    this.session = session;
    partialSums = new DeviceBuffer(session);
    sums = new DeviceBuffer(session);
    finishSums = session.kernel("finish_sums");
  }

  /** Copies the inputs of a block that is not empty to the device, and makes room for its results. */
  abstract void upload(C call);

  /** Copies the results from the device. */
  abstract void download(C call);

  /** One more argument of the kernel. */
  final DeviceOperand operand() {
    DeviceOperand operand = new DeviceOperand(session);
    operands.add(operand);
    return operand;
  }

  /** The struct that is the kernel's first argument, to be filled. */
  final MemorySegment struct() {
    return memory.asSlice(0, STRUCT_BYTES);
  }

  /** Writes strides into the struct. */
  final void strides(int offset, DeviceOperand operand) {
    memory.set(ValueLayout.JAVA_INT, offset, operand.rowStride);
    memory.set(ValueLayout.JAVA_INT, offset + Integer.BYTES, operand.columnStride);
  }

  /** Sets what is launched, when operands and struct are in place; at least one group. */
  final void prepare(MemorySegment kernel, long wantedGroups) {
    this.kernel = kernel;
    groups = (int) Math.min(wantedGroups, session.mostGroups);
    OpenCl.setArgument(kernel, 0, STRUCT_BYTES, memory);
    int argument = 1;
    for (DeviceOperand operand : operands) {
      pointer(kernel, argument++, operand.memory == null ? MemorySegment.NULL : operand.memory);
    }
    MemorySegment partial = partialSums.reserve(2L * Double.BYTES * groups);
    pointer(kernel, argument, partial);
    sizes(SIZES, groups);
    if (groups > 1) {
      memory.set(ValueLayout.JAVA_INT, GROUPS, groups);
      OpenCl.setArgument(finishSums, 0, Integer.BYTES, memory.asSlice(GROUPS));
      pointer(finishSums, 1, partial);
      pointer(finishSums, 2, sums.reserve(2 * Double.BYTES));
      sizes(FINISH_SIZES, 1);
    }
  }

  private void pointer(MemorySegment kernel, int argument, MemorySegment value) {
    memory.set(ValueLayout.ADDRESS, POINTER, value);
    OpenCl.setArgument(kernel, argument, ValueLayout.ADDRESS.byteSize(), memory.asSlice(POINTER));
  }

  private void sizes(int offset, long groups) {
    memory.set(ValueLayout.JAVA_LONG, offset, groups * session.group);
    memory.set(ValueLayout.JAVA_LONG, offset + Long.BYTES, session.group);
  }

  /** Queues the kernels. */
  final void launch() {
    launch(MemorySegment.NULL, MemorySegment.NULL);
  }

  /**
   * Queues the kernels, each with an event.
   *
   * @param first native memory for the event of the first kernel, or null
   * @param last likewise for the last kernel, which may be the first
   */
  final void launch(MemorySegment first, MemorySegment last) {
    OpenCl.launch(session.queue, kernel, memory.asSlice(SIZES), first);
    if (groups > 1) {
      OpenCl.launch(session.queue, finishSums, memory.asSlice(FINISH_SIZES), last);
    }
  }

  /** Whether a launch queues a second kernel, which adds the sums of the first one's groups. */
  final boolean hasSecondKernel() {
    return groups > 1;
  }

  /** Fetches the sums, when the kernels are done. */
  final void downloadSums() {
    MemorySegment from = groups > 1 ? sums.reserve(2 * Double.BYTES) : partialSums.reserve(2 * Double.BYTES);
    OpenCl.read(session.queue, from, memory.asSlice(SUMS, 2 * Double.BYTES));
  }

  final double lossSum() {
    return memory.get(ValueLayout.JAVA_DOUBLE, SUMS);
  }

  final double weightSum() {
    return memory.get(ValueLayout.JAVA_DOUBLE, SUMS + Double.BYTES);
  }

  /** After the first step: prepares page-locked memory. */
  final void pin() {
    operands.forEach(DeviceOperand::pin);
  }

  /** All three steps with page-locked memory. */
  final void roundTripPinned() {
    operands.forEach(DeviceOperand::queueUpload);
    launch();
    operands.forEach(DeviceOperand::queueDownload);
    downloadSums();
  }

  /** Whether the results of the last round trip are in the page-locked memory. */
  final boolean isDownloaded() {
    return operands.stream().allMatch(DeviceOperand::isDownloaded);
  }

  /** Gives all device memory back; a later call asks for it again. */
  final void release() {
    operands.forEach(DeviceOperand::release);
    partialSums.release();
    sums.release();
  }
}
