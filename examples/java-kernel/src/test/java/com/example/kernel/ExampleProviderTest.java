package com.example.kernel;

import org.lanewise.conformance.junit.KernelConformanceTest;
import org.lanewise.kernels.spi.KernelProvider;

/** The whole verdict on the kernel, each case a test. */
class ExampleProviderTest extends KernelConformanceTest {
  @Override
  protected KernelProvider kernel() {
    return new ExampleProvider();
  }
}
