package org.lanewise.bench.opencl;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Device memory that is kept from call to call and replaced by more when a call needs more. */
final class DeviceBuffer {
  /** Small differences in size are no reason to ask for memory again. */
  private static final long UNIT = 1 << 16;

  private static final AtomicLong MADE = new AtomicLong();

  private final Session session;
  private @Nullable MemorySegment memory;
  private long size;

  DeviceBuffer(Session session) {
    this.session = session;
  }

  /** A buffer of at least so many bytes; its contents are lost where it is replaced. */
  MemorySegment reserve(long bytes) {
    if (memory == null || size < bytes) {
      release(); // first, so that both together need not fit
      long wanted = Math.max(UNIT, Math.ceilDiv(bytes, UNIT) * UNIT);
      memory = OpenCl.createBuffer(session.context, wanted, false);
      size = wanted;
      MADE.incrementAndGet();
    }
    return memory;
  }

  /** How many pieces of device memory have been asked for, by all buffers. */
  static long made() {
    return MADE.get();
  }

  void release() {
    if (memory != null) {
      OpenCl.releaseBuffer(memory);
      memory = null;
      size = 0;
    }
  }
}
