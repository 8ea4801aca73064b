/**
 * Loss kernels for the JVM: the front doors that a user calls, the scalar and SIMD kernels behind them, and the
 * interface through which other kernels join.
 */
module org.lanewise.kernels {
  requires static org.jspecify;
  requires jdk.incubator.vector;
  requires jdk.management;

  exports org.lanewise.kernels;
  exports org.lanewise.kernels.error;
  exports org.lanewise.kernels.metrics;
  exports org.lanewise.kernels.spi;
  exports org.lanewise.kernels.tensor;

  uses org.lanewise.kernels.spi.KernelProvider;

  provides org.lanewise.kernels.spi.KernelProvider with
      org.lanewise.kernels.scalar.ScalarKernelProvider,
      org.lanewise.kernels.vector.VectorKernelProvider;
}
