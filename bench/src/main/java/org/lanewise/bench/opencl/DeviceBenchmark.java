package org.lanewise.bench.opencl;

import com.google.gson.JsonObject;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.jmh.BenchmarkInputs;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * The times of a call on the device, under the names and with the meaning that {@code bench/gpu/README.md} gives them.
 *
 * <ul>
 *   <li>{@code resident}: the device's clock, from the start to the end of each kernel; gaps between kernels do not count
 *   <li>{@code resident-cold}: the same after so much memory was written that no cache holds an operand
 *   <li>{@code launch}: the host's clock, from launch to completion, operands in place
 *   <li>{@code pinned}, {@code pageable}: the same with the operands copied to the device and the results copied back
 * </ul>
 *
 * <p>Before a point is timed its results are compared with those of the fastest kernel on the CPU.
 */
final class DeviceBenchmark {
  static final List<String> TRANSFERS = List.of("resident", "resident-cold", "launch", "pinned", "pageable");

  /** The device's clock may tick every half microsecond. */
  private static final double SPAN_NS = 50_000;

  private static final int MOST_CALLS = 32;
  private static final int FEWEST_SAMPLES = 5;
  private static final int MOST_SAMPLES = 1000;

  /** Four times the largest caches; what a driver calls its cache may be a small one. */
  private static final long FLUSHED_BYTES = 1 << 28;

  /** What results of two kernels within their bounds may differ by, in ULP. */
  private static final int CLOSE_ULP = 8;

  private static final double CLOSE_SUM = 1e-9;

  private final Session session;
  private final DeviceBceWithLogits bce;
  private final DeviceCrossEntropy crossEntropy;

  DeviceBenchmark(Session session, DeviceBceWithLogits bce, DeviceCrossEntropy crossEntropy) {
    this.session = session;
    this.bce = bce;
    this.crossEntropy = crossEntropy;
  }

  /** The rows of a point; where it cannot be measured, each says why. */
  List<MeasuredRow> measure(Work work, Duration each) {
    List<MeasuredRow> rows = new ArrayList<>();
    String error;
    try {
      return work.operation().equals(Operation.BCE_WITH_LOGITS.id()) ? bce(work, each) : crossEntropy(work, each);
    } catch (OpenClException e) {
      error = e.isOutOfMemory() ? "The device has too little memory for this point: " + e.getMessage() : String.valueOf(e.getMessage());
    } catch (OutOfMemoryError e) {
      error = "The JVM has too little memory for this point; give it more, as in LANEWISE_JAVA_OPTS=-Xmx8g.";
    } catch (WrongResultException e) {
      error = String.valueOf(e.getMessage());
    }
    for (String transfer : TRANSFERS) {
      rows.add(MeasuredRow.failed(work, implementation(transfer), error));
    }
    return rows;
  }

  Implementation implementation(String transfer) {
    return new Implementation(OpenClKernelProvider.ID, session.device.name(), 1, transfer);
  }

  private List<MeasuredRow> bce(Work work, Duration each) {
    BenchmarkInputs<float[]> inputs = BenchmarkInputs.bceWithLogits(work.data(), work.batch(), work.classes());
    int elements = inputs.logits().length;
    boolean perValue = work.reduction().equals("none");
    BceWithLogitsKernel<float[]> reference = Kernels.auto().bceWithLogits(DType.FLOAT32);
    List<BceWithLogitsCall<float[]>> calls = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
      call.rows = 1;
      call.columns = elements;
      call.logits.set(inputs.logits(), 0, elements, 1);
      call.target.set(inputs.target(), 0, elements, 1);
      call.gradientScale = work.reduction().equals("mean") ? 1.0 / elements : 1;
      call.loss.set(perValue ? new float[elements] : null, 0, elements, 1);
      call.logitsGradient.set(work.backward() ? new float[elements] : null, 0, elements, 1);
      calls.add(call);
    }
    BceWithLogitsCall<float[]> call = calls.getFirst();
    BceWithLogitsCall<float[]> expected = calls.getLast();
    reference.compute(expected);
    return measure(
        work,
        each,
        bce,
        call,
        () -> {
          close("loss sum", expected.lossSum, call.lossSum);
          close("loss", expected.loss.array, call.loss.array);
          close("gradient", expected.logitsGradient.array, call.logitsGradient.array);
        });
  }

  private List<MeasuredRow> crossEntropy(Work work, Duration each) {
    BenchmarkInputs<long[]> inputs = BenchmarkInputs.crossEntropy(work.data(), work.batch(), work.classes());
    int batch = work.batch();
    int classes = work.classes();
    boolean perValue = work.reduction().equals("none");
    CrossEntropyKernel<float[]> reference = Kernels.auto().crossEntropy(DType.FLOAT32);
    List<CrossEntropyCall<float[]>> calls = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      CrossEntropyCall<float[]> call = new CrossEntropyCall<>();
      call.outer = batch;
      call.classes = classes;
      call.inner = 1;
      call.ignoreIndex = -100;
      call.logits.set(inputs.logits(), 0, classes, 1);
      call.target.set(inputs.target(), 0, 1, 1);
      call.gradientScale = work.reduction().equals("mean") ? 1.0 / batch : 1;
      call.loss.set(perValue ? new float[batch] : null, 0, 1, 1);
      call.logitsGradient.set(work.backward() ? new float[inputs.logits().length] : null, 0, classes, 1);
      calls.add(call);
    }
    CrossEntropyCall<float[]> call = calls.getFirst();
    CrossEntropyCall<float[]> expected = calls.getLast();
    reference.compute(expected);
    return measure(
        work,
        each,
        crossEntropy,
        call,
        () -> {
          close("loss sum", expected.lossSum, call.lossSum);
          close("loss", expected.loss.array, call.loss.array);
          close("gradient", expected.logitsGradient.array, call.logitsGradient.array);
        });
  }

  private <C> List<MeasuredRow> measure(Work work, Duration each, DeviceLoss<C> loss, C call, Runnable check) {
    synchronized (loss) {
      try (Arena arena = Arena.ofConfined()) {
        loss.upload(call);
        loss.launch();
        loss.download(call);
        check.run();
        Events events = new Events(session, arena, loss);
        int calls = (int) Math.clamp(SPAN_NS / events.time(1), 1, MOST_CALLS);
        List<MeasuredRow> rows = new ArrayList<>();
        rows.add(row(work, "resident", each, () -> events.time(calls)));
        DeviceBuffer flushed = new DeviceBuffer(session);
        try {
          rows.add(row(work, "resident-cold", each, () -> events.timeAfterFlush(flushed)));
        } finally {
          flushed.release();
        }
        rows.add(
            row(
                work,
                "launch",
                each,
                () ->
                    hostTime(
                        () -> {
                          loss.launch();
                          OpenCl.finish(session.queue);
                        })));
        loss.pin();
        rows.add(row(work, "pinned", each, () -> hostTime(loss::roundTripPinned)));
        if (!loss.isDownloaded()) {
          throw new WrongResultException("The page-locked memory of the host does not hold what the device computed.");
        }
        rows.add(
            row(
                work,
                "pageable",
                each,
                () ->
                    hostTime(
                        () -> {
                          loss.upload(call);
                          loss.launch();
                          loss.download(call);
                        })));
        check.run();
        return rows;
      } finally {
        loss.release();
      }
    }
  }

  private MeasuredRow row(Work work, String transfer, Duration each, DoubleSupplier sample) {
    return MeasuredRow.measured(work, implementation(transfer), Time.ofSamples(samples(sample, each)), null);
  }

  /** Samples for about so long, after a warm-up of a quarter of it. */
  @SuppressWarnings("ReturnValueIgnored") // the warm-up
  private static double[] samples(DoubleSupplier sample, Duration time) {
    long warm = System.nanoTime() + time.toNanos() / 4;
    do {
      sample.getAsDouble();
    } while (System.nanoTime() - warm < 0);
    List<Double> samples = new ArrayList<>();
    long end = System.nanoTime() + time.toNanos();
    while (samples.size() < FEWEST_SAMPLES || samples.size() < MOST_SAMPLES && System.nanoTime() - end < 0) {
      samples.add(sample.getAsDouble());
    }
    return samples.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static double hostTime(Runnable call) {
    long begin = System.nanoTime();
    call.run();
    return System.nanoTime() - begin;
  }

  /** Launches with events, and reads them. */
  private record Events(Session session, MemorySegment memory, DeviceLoss<?> loss) {
    Events(Session session, Arena arena, DeviceLoss<?> loss) {
      this(session, arena.allocate(ValueLayout.ADDRESS, 2 * MOST_CALLS), loss);
    }

    /** Nanoseconds of device time a call. */
    double time(int calls) {
      int perCall = loss.hasSecondKernel() ? 2 : 1;
      for (int i = 0; i < calls; i++) {
        loss.launch(slot(perCall * i), perCall == 1 ? MemorySegment.NULL : slot(perCall * i + 1));
      }
      OpenCl.finish(session.queue);
      long sum = 0;
      for (int i = 0; i < perCall * calls; i++) {
        MemorySegment event = slot(i).get(ValueLayout.ADDRESS, 0);
        sum += OpenCl.ended(event) - OpenCl.began(event);
        OpenCl.releaseEvent(event);
      }
      return Math.max(1, sum) / (double) calls;
    }

    /** The same of one call, after half of a large buffer was copied to the other half. */
    double timeAfterFlush(DeviceBuffer buffer) {
      long bytes = Math.min(FLUSHED_BYTES, session.device.memoryBytes() / 8);
      OpenCl.copyHalf(session.queue, buffer.reserve(bytes), bytes / 2);
      return time(1);
    }

    private MemorySegment slot(int index) {
      return memory.asSlice(index * ValueLayout.ADDRESS.byteSize(), ValueLayout.ADDRESS);
    }
  }

  private static void close(String what, double expected, double got) {
    if (!(Math.abs(got - expected) <= CLOSE_SUM * Math.abs(expected)) && Double.compare(got, expected) != 0) {
      throw new WrongResultException("The %s is %s on the device and %s on the CPU.".formatted(what, got, expected));
    }
  }

  private static void close(String what, float @Nullable [] expected, float @Nullable [] got) {
    for (int i = 0; expected != null && i < expected.length; i++) {
      float there = Objects.requireNonNull(got)[i];
      if (!(Math.abs(there - expected[i]) <= CLOSE_ULP * Math.ulp(expected[i])) && Float.compare(there, expected[i]) != 0) {
        throw new WrongResultException(
            "The %s of element %d is %s on the device and %s on the CPU.".formatted(what, i, there, expected[i]));
      }
    }
  }

  /** Results that are not to be timed. */
  private static final class WrongResultException extends RuntimeException {
    private static final long serialVersionUID = 1;

    WrongResultException(String message) {
      super(message);
    }
  }

  /** Adds the device and its bandwidths, under the keys of {@code bench/gpu/pytorch_gpu.py}; a cache as OpenCL tells it. */
  void describe(JsonObject environment) {
    Device device = session.device;
    JsonObject facts = new JsonObject();
    facts.addProperty("name", device.name());
    facts.addProperty("driver", device.driver());
    facts.addProperty("memory_bytes", device.memoryBytes());
    facts.addProperty("multiprocessors", device.computeUnits());
    facts.addProperty("cache_bytes", device.cacheBytes());
    environment.add("device", facts);
    environment.add("bandwidth", new DeviceBandwidth(session).toJson());
  }
}
