package org.lanewise.bench.gate.inject;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.bench.gate.fork.TestJars;
import org.lanewise.bench.gate.inject.Injection.Kind;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.spi.KernelProvider;

/** What is injected has the size that the record claims, counted in elements. */
class InjectionTest {
  private static final int ROWS = 700;
  private static final int CLASSES = 30;

  @TempDir private Path folder;
  private Path jar;

  @BeforeEach
  void build() throws IOException {
    jar = TestJars.kernels(folder, "base.jar");
  }

  /** What a build computes, called by reflection: a loader of its own, as for the twins. */
  private static final class Build implements AutoCloseable {
    final URLClassLoader loader;
    final Object bce;
    final Object crossEntropy;
    final float[] logits = new float[ROWS * CLASSES];
    final float[] binary = new float[ROWS * CLASSES];
    final long[] indices = new long[ROWS];
    final float[] gradient = new float[ROWS * CLASSES];

    Build(String kernel, Path jar) throws Exception {
      loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader());
      Class<?> spi = loader.loadClass(KernelProvider.class.getName());
      Object provider =
          loader
              .loadClass("org.lanewise.kernels.%s.%sKernelProvider".formatted(kernel, kernel.equals("scalar") ? "Scalar" : "Vector"))
              .getDeclaredConstructor()
              .newInstance();
      bce = oneThread(loader.loadClass(BceWithLogits.class.getName()), spi, provider);
      crossEntropy = oneThread(loader.loadClass(CrossEntropy.class.getName()), spi, provider);
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (i * 37 % 101 - 50) * 0.11f;
        binary[i] = i % 3 == 0 ? 1 : 0;
      }
      Arrays.setAll(indices, row -> row % CLASSES);
    }

    private static Object oneThread(Class<?> type, Class<?> spi, Object provider) throws Exception {
      return type.getMethod("threads", int.class).invoke(type.getMethod("on", spi).invoke(null, provider), 1);
    }

    float bce() throws Exception {
      return (float)
          bce.getClass()
              .getMethod("forwardBackward", float[].class, float[].class, int.class, int.class, float[].class)
              .invoke(bce, logits, binary, ROWS, CLASSES, gradient);
    }

    float crossEntropy() throws Exception {
      return (float)
          crossEntropy
              .getClass()
              .getMethod("forwardBackward", float[].class, long[].class, int.class, int.class, float[].class)
              .invoke(crossEntropy, logits, indices, ROWS, CLASSES, gradient);
    }

    long counter(String name) throws Exception {
      return loader.loadClass(ExtraWork.class.getName()).getField(name).getLong(null);
    }

    @Override
    public void close() throws IOException {
      loader.close();
    }
  }

  private Path injected(Kind kind, double percent) {
    Path to = folder.resolve(kind + ".jar");
    new Injection(kind, percent).apply(jar, to);
    return to;
  }

  @ParameterizedTest
  @CsvSource({"scalar, 1", "scalar, 5", "vector, 3", "vector, 10"})
  void theShareOfElementsIsTheOneThatWasAskedForAndNoBitChanges(String kernel, double percent) throws Exception {
    try (Build base = new Build(kernel, jar);
        Build worse = new Build(kernel, injected(Kind.WORK, percent))) {
      for (int call = 0; call < 200; call++) {
        assertEquals(base.bce(), worse.bce());
        assertArrayEquals(base.gradient, worse.gradient);
        assertEquals(base.crossEntropy(), worse.crossEntropy());
        assertArrayEquals(base.gradient, worse.gradient);
      }
      assertEquals(2L * 200 * ROWS * CLASSES, worse.counter("needed"));
      // Of each of the two kernels less is due than is worth a call.
      assertEquals(percent / 100 * worse.counter("needed"), (double) worse.counter("repeated"), 2 * (256 * 16 + CLASSES));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void anAllocationIsAnAllocationACall(String kernel) throws Exception {
    try (Build base = new Build(kernel, jar);
        Build worse = new Build(kernel, injected(Kind.ALLOCATION, 0));
        Build pass = new Build(kernel, injected(Kind.PASS, 0))) {
      assertEquals(base.bce(), worse.bce());
      assertEquals(base.bce(), pass.bce());
      assertArrayEquals(base.gradient, pass.gradient);
      long less = allocated(base);
      assertEquals(32L * Math.ceilDiv(ROWS, (1 << 14) / CLASSES), allocated(worse) - less, "a kernel call, of which a call has some");
    }
  }

  private static long allocated(Build build) throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 200; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      build.bce();
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    return least;
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void withoutFmaOtherBitsComeOut(String kernel) throws Exception {
    try (Build base = new Build(kernel, jar);
        Build worse = new Build(kernel, injected(Kind.NO_FMA, 0))) {
      float right = base.bce();
      float nearly = worse.bce();
      assertFalse(Arrays.equals(base.gradient, worse.gradient));
      assertTrue(Math.abs(right - nearly) < 1e-3 * right, right + " and " + nearly);
    }
  }
}
