package org.lanewise.bench.opencl;

import java.lang.foreign.MemorySegment;

/** Page-locked memory of the host, which a device copies from without help of the processor. */
final class PinnedMemory {
  private final Session session;
  private final MemorySegment buffer;

  /** As the host sees it. */
  final MemorySegment memory;

  PinnedMemory(Session session, long bytes) {
    this.session = session;
    buffer = OpenCl.createBuffer(session.context, Math.max(1, bytes), true);
    memory = OpenCl.map(session.queue, buffer, Math.max(1, bytes)).asSlice(0, bytes);
  }

  void release() {
    OpenCl.unmap(session.queue, buffer, memory);
    OpenCl.releaseBuffer(buffer);
  }
}
