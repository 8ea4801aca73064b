package org.lanewise.bench.opencl;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.run.BenchmarkRunner;
import org.lanewise.bench.run.Effort;
import org.lanewise.bench.run.MeasuredByItself;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * The float32 kernels in OpenCL C, under the id {@value #ID}: on the first GPU with a driver, otherwise on another device
 * that has one, such as the CPU with PoCL.
 */
public final class OpenClKernelProvider implements KernelProvider, MeasuredByItself {
  static final String ID = "opencl";

  /**
   * Those of the scalar kernels, whose steps these are. Measured on PoCL: BCE loss 0.8738 and gradient 0.7691 over every
   * seventh float32 logit, soft targets 1.40; cross-entropy loss 1.4020 and gradient 2.4118 over a million drawn rows; means
   * and sums 0.97.
   */
  private static final List<Declaration> DECLARATIONS =
      List.of(
          new Declaration(Operation.BCE_WITH_LOGITS, DType.FLOAT32, 0.88, 0.79, 2, 1.5, false, false),
          new Declaration(Operation.CROSS_ENTROPY, DType.FLOAT32, 2, 3.25, 1, 1.5, false, false));

  /** What a device has to be told once. */
  private static @Nullable Made shared;

  /** The kernels of one program. */
  private static final class Made {
    final DeviceBceWithLogits bce;
    final DeviceCrossEntropy crossEntropy;
    final DeviceBenchmark benchmark;

    Made(UnaryOperator<String> edit) {
      Device device = Device.here().device();
      if (device == null) {
        throw new IllegalStateException(Device.here().reason());
      }
      Session session = new Session(device, edit);
      bce = new DeviceBceWithLogits(session);
      crossEntropy = new DeviceCrossEntropy(session);
      benchmark = new DeviceBenchmark(session, bce, crossEntropy);
    }
  }

  private final @Nullable UnaryOperator<String> edit;
  private @Nullable Made made;

  /** For the ServiceLoader. */
  public OpenClKernelProvider() {
    edit = null;
  }

  /**
   * A provider of its own, for a test that plants a fault.
   *
   * @param edit what is done to the source of the kernels before it is compiled
   */
  OpenClKernelProvider(UnaryOperator<String> edit) {
    this.edit = edit;
  }

  private static synchronized Made shared() {
    if (shared == null) {
      shared = new Made(UnaryOperator.identity());
    }
    return shared;
  }

  private synchronized Made made() {
    if (made == null) {
      made = edit == null ? shared() : new Made(edit);
    }
    return made;
  }

  @Override
  public String id() {
    return ID;
  }

  @Override
  public String description() {
    Device device = Device.here().device();
    return "OpenCL C" + (device == null ? "" : " on %s (%s)".formatted(device.name(), device.driver()));
  }

  @Override
  public Availability availability() {
    Device.Found found = Device.here();
    Device device = found.device();
    if (device == null) {
      return Availability.unavailable(String.valueOf(found.reason()), String.valueOf(found.remedy()));
    }
    try {
      made(); // a driver whose compiler fails is there, and of no use
      return Availability.AVAILABLE;
    } catch (OpenClException e) {
      return Availability.unavailable(
          String.valueOf(e.getMessage()), "Repair or update the driver of %s.".formatted(device.name()));
    }
  }

  /** Whether the device is a CPU: a place to check the kernels, but none to measure them on unless that is asked for. */
  public boolean runsOnProcessor() {
    Device device = Device.here().device();
    return device != null && device.processor();
  }

  /** The work items of a group. */
  @Override
  public int lanes() {
    return Session.group(Objects.requireNonNull(Device.here().device()));
  }

  @Override
  public List<Declaration> declarations() {
    return DECLARATIONS;
  }

  @Override
  @SuppressWarnings("unchecked") // A is float[] for FLOAT32, the one dtype declared
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    return (BceWithLogitsKernel<A>) made().bce;
  }

  @Override
  @SuppressWarnings("unchecked") // as above
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    return (CrossEntropyKernel<A>) made().crossEntropy;
  }

  @Override
  public List<String> transfers() {
    return DeviceBenchmark.TRANSFERS;
  }

  @Override
  public List<MeasuredRow> measure(Work work, Effort effort) {
    DeviceBenchmark benchmark = made().benchmark;
    String reason = BenchmarkRunner.notSupplied(work, this);
    if (reason != null) {
      return transfers().stream()
          .map(transfer -> MeasuredRow.failed(work, benchmark.implementation(transfer), reason))
          .toList();
    }
    return benchmark.measure(work, effort.time().multipliedBy(effort.iterations()));
  }

  @Override
  public void describe(JsonObject environment) {
    made().benchmark.describe(environment);
  }
}
