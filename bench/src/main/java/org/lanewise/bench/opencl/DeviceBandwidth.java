package org.lanewise.bench.opencl;

import com.google.gson.JsonObject;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.DoubleSupplier;

/** How fast the device copies: what the times of kernels are held against. */
final class DeviceBandwidth {
  private static final long LARGEST_COPY = 1 << 30;
  private static final long LARGEST_UPLOAD = 1 << 26;
  private static final int WARM_UPS = 3;
  private static final int SAMPLES = 11;

  private final Session session;

  DeviceBandwidth(Session session) {
    this.session = session;
  }

  /** Bandwidths in GB/s (10^9 bytes), each a median. */
  JsonObject toJson() {
    long copied = Math.min(LARGEST_COPY, Long.highestOneBit(session.device.memoryBytes() / 16));
    int uploaded = (int) Math.min(LARGEST_UPLOAD, copied);
    JsonObject json = new JsonObject();
    json.add("device_copy", bandwidth(2 * copied, copy(copied)));
    DeviceBuffer buffer = new DeviceBuffer(session);
    MemorySegment there = buffer.reserve(uploaded);
    PinnedMemory pinned = new PinnedMemory(session, uploaded);
    json.add(
        "host_to_device_pinned",
        bandwidth(uploaded, samples(() -> time(() -> OpenCl.write(session.queue, there, pinned.memory)))));
    pinned.release();
    MemorySegment pageable = MemorySegment.ofArray(new float[uploaded / Float.BYTES]);
    json.add(
        "host_to_device_pageable",
        bandwidth(uploaded, samples(() -> time(() -> OpenCl.write(session.queue, there, pageable)))));
    buffer.release();
    return json;
  }

  /** Times of a copy within the device's memory, by the device's clock. */
  private double[] copy(long bytes) {
    DeviceBuffer from = new DeviceBuffer(session);
    DeviceBuffer to = new DeviceBuffer(session);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(ValueLayout.ADDRESS);
      MemorySegment source = from.reserve(bytes);
      MemorySegment sink = to.reserve(bytes);
      return samples(
          () -> {
            OpenCl.copy(session.queue, source, sink, bytes, event);
            OpenCl.finish(session.queue);
            MemorySegment copied = event.get(ValueLayout.ADDRESS, 0);
            double time = OpenCl.ended(copied) - OpenCl.began(copied);
            OpenCl.releaseEvent(copied);
            return time;
          });
    } finally {
      from.release();
      to.release();
    }
  }

  private static double time(Runnable call) {
    long begin = System.nanoTime();
    call.run();
    return System.nanoTime() - begin;
  }

  @SuppressWarnings("ReturnValueIgnored") // the warm-up
  private static double[] samples(DoubleSupplier sample) {
    for (int i = 0; i < WARM_UPS; i++) {
      sample.getAsDouble();
    }
    double[] samples = new double[SAMPLES];
    Arrays.setAll(samples, _ -> sample.getAsDouble());
    return samples;
  }

  private static JsonObject bandwidth(long bytes, double[] nanoseconds) {
    Arrays.sort(nanoseconds);
    JsonObject json = new JsonObject();
    json.addProperty("gb_per_s", Math.round(100.0 * bytes / nanoseconds[nanoseconds.length / 2]) / 100.0);
    json.addProperty("bytes", bytes);
    json.addProperty("samples", nanoseconds.length);
    return json;
  }
}
