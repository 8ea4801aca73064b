package org.lanewise.bench.gate.inject;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;

/** Puts into a jar a BCE kernel that crashes the JVM, or never returns, after some calls. */
public final class SickWork {
  private static final String HOW;
  private static final int AFTER = 1000;
  private static int calls;

  static {
    try (InputStream stream = SickWork.class.getResourceAsStream("/" + ExtraWork.SETTINGS)) {
      HOW = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SickWork() {}

  public static <A> BceWithLogitsKernel<A> bceWithLogits(BceWithLogitsKernel<A> kernel, int lanes) {
    return new Sick<>(kernel);
  }

  public static <A> CrossEntropyKernel<A> crossEntropy(CrossEntropyKernel<A> kernel, int lanes) {
    return kernel;
  }

  private record Sick<A>(BceWithLogitsKernel<A> kernel) implements BceWithLogitsKernel<A> {
    @Override
    public void compute(BceWithLogitsCall<A> call) {
      kernel.compute(call);
      if (++calls > AFTER) {
        if (HOW.equals("crashes")) {
          Runtime.getRuntime().halt(42);
        }
        while (HOW.equals("hangs")) {
          Thread.onSpinWait();
        }
      }
    }
  }
}
