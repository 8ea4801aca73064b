package org.lanewise.bench.opencl;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.util.Arrays;
import org.lanewise.kernels.spi.Availability;

/** What a test of the OpenCL kernels needs. */
final class OpenClDevice {
  private OpenClDevice() {}

  /** Goes on where there is a device; fails where {@code lanewise.require} names pocl; otherwise skips the test. */
  static void require() {
    Availability availability = new OpenClKernelProvider().availability();
    if (availability.available()) {
      return;
    }
    String reason = "no OpenCL device: " + availability.reason();
    if (Arrays.asList(System.getProperty("lanewise.require", "").split("[ ,]+")).contains("pocl")) {
      fail(reason);
    }
    abort(reason);
  }
}
