package org.lanewise.kernels.vector;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.lanewise.kernels.scalar.ScalarKernelProvider;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/**
 * The SIMD kernels, under the id {@code vector}.
 *
 * <p>This class names no type of the Vector API, so that it can be loaded, and say why, where that module is missing.
 */
public final class VectorKernelProvider implements KernelProvider {
  @Override
  public String id() {
    return "vector";
  }

  @Override
  public String description() {
    return "Panama Vector API, fused multiply-add";
  }

  @Override
  public Availability availability() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return Availability.unavailable(
          "The module jdk.incubator.vector is not loaded.",
          "Start the JVM with --add-modules jdk.incubator.vector.");
    }
    if (!hasFma()) {
      return Availability.unavailable(
          "This JVM has no fused multiply-add in hardware (UseFMA is off), without which every step would be emulated.",
          "Use a CPU with FMA3 or AArch64 and no -XX:-UseFMA or -XX:UseAVX below 2, or the kernel 'scalar'.");
    }
    return Availability.AVAILABLE;
  }

  @Override
  public int lanes() {
    return Species.LANES;
  }

  @Override
  public List<Declaration> declarations() {
    return ScalarKernelProvider.DECLARATIONS;
  }

  @Override
  @SuppressWarnings("unchecked") // A is the array class of the dtype
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    return (BceWithLogitsKernel<A>)
        (dtype == DType.FLOAT64 ? new VectorBceWithLogitsFloat64() : new VectorBceWithLogits());
  }

  @Override
  @SuppressWarnings("unchecked") // as above
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    return (CrossEntropyKernel<A>) (dtype == DType.FLOAT64 ? VectorRowFloat64.KERNEL : new VectorCrossEntropy());
  }

  private static boolean hasFma() {
    try {
      HotSpotDiagnosticMXBean hotspot = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      return hotspot == null || Boolean.parseBoolean(hotspot.getVMOption("UseFMA").getValue());
    } catch (IllegalArgumentException unknownFlag) {
      return true; // another JVM: it computes the same bits, and its speed is its own affair
    }
  }
}
