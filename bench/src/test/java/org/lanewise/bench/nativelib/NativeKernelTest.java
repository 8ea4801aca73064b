package org.lanewise.bench.nativelib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/** The C kernels, built here, give the bits of {@code scalar}, pass their cases and allocate no more than segments. */
class NativeKernelTest {
  private static final int[] SIZES = {
    0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 97, 127, 251, 255, 256, 257, 1009, 1023, 1024, 1025, 65_536
  };

  private static final float[] SPECIALS = {
    0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -Float.MIN_VALUE,
    Float.MAX_VALUE, -Float.MAX_VALUE, 0.93f, -0.93f, 103.97f, -103.97f, 156f, -156f, 43f, -43f, 43.00001f, 1e30f
  };

  private static final KernelProvider SCALAR = Kernels.require("scalar");

  // A library stays loaded, and some systems do not delete a file in use.
  @TempDir(cleanup = CleanupMode.NEVER)
  static Path folder;

  private final Random random = new Random(11);

  @BeforeAll
  static void build() throws IOException, InterruptedException {
    Path script = Path.of("../examples/native-kernel/build.sh").toAbsolutePath().normalize();
    Path log = folder.resolve("log");
    int exitCode;
    try {
      exitCode =
          new ProcessBuilder("sh", script.toString(), folder.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start()
              .waitFor();
    } catch (IOException e) {
      missing("sh does not start: " + e.getMessage());
      return;
    }
    String said = Files.readString(log, StandardCharsets.UTF_8).strip();
    if (exitCode == 3) {
      missing(said);
    }
    assertEquals(0, exitCode, said);
  }

  /** Continuous integration lists the tools that it has; what needs one of those may not be skipped. */
  private static void missing(String reason) {
    if (Arrays.asList(System.getProperty("lanewise.require", "").split("[ ,]+")).contains("gcc")) {
      fail(reason);
    }
    abort(reason);
  }

  static Stream<String> ids() {
    return Stream.of("c-avx512", "c-avx2");
  }

  private static KernelProvider provider(String id) {
    KernelProvider provider = new NativeKernelProvider(id, id, folder);
    Availability availability = provider.availability();
    // Only a CPU that lacks the instructions is a reason to skip: what has been built has to load.
    assumeTrue(
        availability.available() || !String.valueOf(availability.reason()).startsWith("This CPU lacks"),
        () -> availability.reason() + " " + availability.remedy());
    assertTrue(availability.available(), () -> availability.reason() + " " + availability.remedy());
    return provider;
  }

  // ---- bits ----

  private enum Values {
    HARD,
    SOFT,
    SPECIAL
  }

  private float[] logits(int length, Values values) {
    float[] logits = new float[length];
    for (int i = 0; i < length; i++) {
      logits[i] =
          values == Values.SPECIAL && random.nextInt(4) == 0
              ? SPECIALS[random.nextInt(SPECIALS.length)]
              : (float) (random.nextGaussian() * (random.nextInt(8) == 0 ? 40 : 3));
    }
    return logits;
  }

  private float[] target(int length, Values values) {
    float[] target = new float[length];
    for (int i = 0; i < length; i++) {
      target[i] =
          switch (values) {
            case HARD -> random.nextInt(2);
            case SOFT -> random.nextFloat();
            case SPECIAL -> random.nextInt(4) == 0 ? SPECIALS[random.nextInt(SPECIALS.length)] : random.nextFloat();
          };
    }
    return target;
  }

  /** NaN is NaN: which one, the CPU decides. Everything else is compared to the bit, −0 and 0 too. */
  private static void assertBits(float[] expected, float[] got, String what) {
    for (int i = 0; i < expected.length; i++) {
      int at = i;
      assertEquals(
          Float.floatToIntBits(expected[i]), Float.floatToIntBits(got[i]), () -> what + " at " + at + ": " + got[at]);
    }
  }

  private static void assertBits(double expected, double got, String what) {
    assertEquals(Double.doubleToLongBits(expected), Double.doubleToLongBits(got), what + ": " + expected + " " + got);
  }

  @ParameterizedTest
  @MethodSource("ids")
  void bceHasTheBitsOfScalar(String id) {
    BceWithLogitsKernel<float[]> scalar = SCALAR.bceWithLogits(DType.FLOAT32);
    BceWithLogitsKernel<float[]> twin = provider(id).bceWithLogits(DType.FLOAT32);
    for (int size : SIZES) {
      for (Values values : Values.values()) {
        float[] x = logits(size + 3, values);
        float[] t = target(size + 3, values);
        float[] weights = target(size, values);
        for (int options = 0; options < 64; options++) {
          if (size > 2000 && options % 4 != 3 && options != 0) {
            continue; // the large block with its common outputs only
          }
          BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
          call.rows = size == 0 ? 0 : 1;
          call.columns = size;
          call.logits.set(x, 1, size, 1);
          call.target.set(t, 3, size, 1);
          call.gradientScale = options % 3 == 0 ? 1.0 / Math.max(size, 1) : options % 3 == 1 ? 1 : -0x1p70;
          float[][] losses = new float[2][size + 2];
          float[][] gradients = new float[2][size + 2];
          float[][] targetGradients = new float[2][size];
          double[] sums = new double[2];
          if ((options & 4) != 0) {
            call.upstream.set(weights, 0, 0, 1);
          }
          if ((options & 8) != 0) {
            call.weight.set(weights, 0, 0, 1);
          }
          if ((options & 16) != 0) {
            call.posWeight.set(t, 0, 0, 1);
          }
          for (int k = 0; k < 2; k++) {
            if ((options & 1) != 0) {
              call.loss.set(losses[k], 2, size, 1);
            }
            if ((options & 2) != 0) {
              call.logitsGradient.set(gradients[k], 1, size, 1);
            }
            if ((options & 32) != 0) {
              call.targetGradient.set(targetGradients[k], 0, size, 1);
            }
            (k == 0 ? scalar : twin).compute(call);
            sums[k] = call.lossSum;
          }
          String what = "size %d, %s, options %d".formatted(size, values, options);
          assertBits(losses[0], losses[1], "loss, " + what);
          assertBits(gradients[0], gradients[1], "gradient, " + what);
          assertBits(targetGradients[0], targetGradients[1], "target's gradient, " + what);
          assertBits(sums[0], sums[1], "sum, " + what);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ids")
  void bceWithStridesHasTheBitsOfScalar(String id) {
    int rows = 13;
    int columns = 37;
    float[] x = logits(rows * columns * 2, Values.SOFT);
    float[] t = target(rows * columns, Values.SOFT);
    float[][] losses = new float[2][rows * columns];
    float[][] gradients = new float[2][rows * columns];
    for (int k = 0; k < 2; k++) {
      BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
      call.rows = rows;
      call.columns = columns;
      call.gradientScale = 0.25;
      call.logits.set(x, 1, 1, 2 * rows - 1);
      call.target.set(t, 5, 0, 3);
      call.loss.set(losses[k], 0, 1, rows);
      call.logitsGradient.set(gradients[k], 0, columns, 1);
      (k == 0 ? SCALAR : provider(id)).<float[]>bceWithLogits(DType.FLOAT32).compute(call);
    }
    assertBits(losses[0], losses[1], "loss");
    assertBits(gradients[0], gradients[1], "gradient");
  }

  /**
   * Class indices. Targets that are spread over the classes are summed otherwise in C; the stored cases hold them to the
   * bound.
   */
  @ParameterizedTest
  @MethodSource("ids")
  void crossEntropyHasTheBitsOfScalar(String id) {
    CrossEntropyKernel<float[]> scalar = SCALAR.crossEntropy(DType.FLOAT32);
    CrossEntropyKernel<float[]> twin = provider(id).crossEntropy(DType.FLOAT32);
    for (int classes : SIZES) {
      if (classes == 0) {
        continue; // no class index is valid
      }
      for (int outer : classes > 2000 ? new int[] {2} : new int[] {1, 5, 35}) {
        for (Values values : Values.values()) {
          for (int inner : new int[] {1, 3}) {
            rows(scalar, twin, outer, classes, inner, values);
          }
        }
      }
    }
  }

  private void rows(
      CrossEntropyKernel<float[]> scalar, CrossEntropyKernel<float[]> twin,
      int outer, int classes, int inner, Values values) {
    int rows = outer * inner;
    float[] x = logits(rows * classes + 1, values);
    if (values == Values.SPECIAL) { // most rows without one, lest all be NaN
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextInt(classes) < 2 ? x[i] : (float) random.nextGaussian();
      }
    }
    float[] weights = target(Math.max(classes, rows), values);
    long[] target = new long[rows + 2];
    for (int i = 0; i < target.length; i++) {
      target[i] = random.nextInt(6) == 0 ? -100 : random.nextInt(classes);
    }
    for (int options = 0; options < 16; options++) {
      float[][] losses = new float[2][rows + 1];
      float[][] gradients = new float[2][rows * classes + 1];
      double[][] sums = new double[2][2];
      for (int k = 0; k < 2; k++) {
        CrossEntropyCall<float[]> call = new CrossEntropyCall<>();
        call.outer = outer;
        call.classes = classes;
        call.inner = inner;
        call.ignoreIndex = -100;
        call.gradientScale = options % 3 == 0 ? 1.0 / rows : options % 3 == 1 ? 1 : -0x1p70;
        call.logits.set(x, 1, classes * inner, inner);
        if ((options & 1) != 0) {
          call.logitsGradient.set(gradients[k], 1, classes * inner, inner);
        }
        if ((options & 2) != 0) {
          call.loss.set(losses[k], 1, inner, 1);
        }
        if ((options & 4) != 0) {
          call.classWeight = weights;
        }
        if ((options & 8) != 0) {
          call.upstream.set(weights, 0, inner, 1);
        }
        call.target.set(target, 2, inner, 1);
        (k == 0 ? scalar : twin).compute(call);
        sums[k][0] = call.lossSum;
        sums[k][1] = call.weightSum;
      }
      String what = "%d x %d x %d, %s, options %d".formatted(outer, classes, inner, values, options);
      assertBits(losses[0], losses[1], "loss, " + what);
      assertBits(gradients[0], gradients[1], "gradient, " + what);
      assertBits(sums[0][0], sums[1][0], "sum, " + what);
      assertBits(sums[0][1], sums[1][1], "weights, " + what);
    }
  }

  // ---- the rest of what is declared ----

  @Test
  void whatIsNotBuiltIsUnavailable() {
    Availability availability = new NativeKernelProvider("c-none", "none", folder).availability();
    assertFalse(availability.available());
    assertTrue(availability.reason().contains("lanewise-c-none"), availability.reason());
    assertTrue(availability.remedy().contains("build.sh"), availability.remedy());
  }

  @Test
  void whatIsNoLibraryIsUnavailable() throws IOException {
    Files.writeString(folder.resolve(System.mapLibraryName("lanewise-c-text")), "text");
    KernelProvider provider = new NativeKernelProvider("c-text", "text", folder);
    assertFalse(provider.availability().available());
    assertTrue(provider.availability().reason().contains("lanewise-c-text"), provider.availability().reason());
    assertTrue(provider.declarations().isEmpty());
  }

  /** The header alone, as strictly as compilers go. */
  @ParameterizedTest
  @ValueSource(strings = {"-x c -std=c11", "-x c++ -std=c++11"})
  void theHeaderCompiles(String language) throws IOException, InterruptedException {
    Path header = Path.of("../kernels/include/lanewise_kernel.h").toAbsolutePath().normalize();
    List<String> command = new ArrayList<>(List.of("gcc", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"));
    command.addAll(List.of(language.split(" ")));
    command.addAll(List.of("-include", header.toString(), "/dev/null"));
    Process compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assumeTrue(!said.contains("cc1plus"), "gcc has no C++ compiler here; install g++.");
    assertEquals(0, compiler.waitFor(), said);
  }

  @ParameterizedTest
  @MethodSource("ids")
  void casesPass(String id) {
    KernelSubject subject = new KernelSubject(provider(id));
    ReferenceData data = ReferenceData.builtIn();
    Conformance conformance = new Conformance(data);
    List<CaseResult> results =
        data.cases().stream().flatMap(reference -> conformance.judge(subject, reference).stream()).toList();
    assertTrue(results.stream().filter(result -> result.verdict() == Verdict.PASSED).count() > 1000, "cases judged");
    List<CaseResult> failed = results.stream().filter(result -> result.verdict() == Verdict.FAILED).toList();
    assertTrue(failed.isEmpty(), failed::toString);
  }

  @ParameterizedTest
  @MethodSource("ids")
  void callsAllocateSegmentsAtMost(String id) {
    KernelProvider provider = provider(id);
    BceWithLogits bce = BceWithLogits.on(provider);
    CrossEntropy crossEntropy = CrossEntropy.on(provider);
    float[] logits = logits(3000, Values.SOFT);
    float[] target = target(3000, Values.SOFT);
    long[] classes = {1, 2, 3};
    float[] gradient = new float[3000];
    assertSegmentsAtMost("bce", () -> bce.forward(logits, target, 3000, 1));
    assertSegmentsAtMost("bce, gradient", () -> bce.forwardBackward(logits, target, 3000, 1, gradient));
    assertSegmentsAtMost("ce", () -> crossEntropy.forward(logits, classes, 3, 1000));
    assertSegmentsAtMost("ce, gradient", () -> crossEntropy.forwardBackward(logits, classes, 3, 1000, gradient));
  }

  /**
   * 1,000 calls in a row allocate nine segments of 64 bytes each at most, once the JIT compiler is done; that may take it 20
   * seconds.
   */
  private static void assertSegmentsAtMost(String what, Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    long bytes;
    do {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        call.run();
      }
      bytes = threads.getCurrentThreadAllocatedBytes() - before;
    } while (bytes > 1000 * 9 * 64 && System.nanoTime() < deadline);
    assertTrue(bytes <= 1000 * 9 * 64, "bytes in 1,000 calls of %s: %d".formatted(what, bytes));
  }
}
