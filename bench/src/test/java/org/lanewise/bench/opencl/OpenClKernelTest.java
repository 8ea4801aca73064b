package org.lanewise.bench.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.validation.Level;
import org.lanewise.conformance.validation.LocalKernel;
import org.lanewise.conformance.validation.Validation;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;

/** The kernels in OpenCL C conform, on whatever device there is, and a fault in them would be found. */
class OpenClKernelTest {
  private final Random random = new Random(11);

  @BeforeAll
  static void requireDevice() {
    OpenClDevice.require();
  }

  /** What the kernels are judged by, of one operation. */
  private static Stream<CaseResult> judge(KernelProvider kernel, Operation operation) {
    ReferenceData data = ReferenceData.builtIn(operation.id());
    Conformance conformance = new Conformance(data);
    KernelSubject subject = new KernelSubject(kernel);
    return data.cases().stream().flatMap((ReferenceCase reference) -> conformance.judge(subject, reference).stream());
  }

  @ParameterizedTest
  @MethodSource("operations")
  void everyStoredFloat32CasePasses(Operation operation) {
    List<CaseResult> results =
        judge(new OpenClKernelProvider(), operation)
            .filter(result -> result.verdict() != Verdict.NOT_APPLICABLE && result.verdict() != Verdict.SKIPPED)
            .toList();
    List<CaseResult> others = results.stream().filter(result -> result.verdict() != Verdict.PASSED).toList();
    assertEquals(List.of(), others);
    assertTrue(results.size() > 400, () -> "only %d results".formatted(results.size()));
  }

  static Operation[] operations() {
    return Operation.values();
  }

  /** Places, strides, sizes, neighbours, repetition and threads, and newly drawn cases. */
  @Test
  void everyFormOfTheCallPasses() {
    List<Finding> bad = new ArrayList<>();
    List<Finding> passed = new ArrayList<>();
    try (LocalKernel kernel = new LocalKernel(new OpenClKernelProvider())) {
      new Validation(
              ReferenceData.builtIn(),
              Level.SMOKE,
              20260101,
              _ -> true,
              finding -> (finding.verdict() == Verdict.PASSED ? passed : bad).add(finding),
              (_, _) -> {})
          .ofKernels(kernel);
    }
    bad.removeIf(finding -> finding.verdict() == Verdict.NOT_APPLICABLE || finding.verdict() == Verdict.SKIPPED);
    assertEquals(List.of(), bad);
    assertTrue(passed.size() > 100, () -> "only %d findings".formatted(passed.size()));
  }

  /** Faults: a name, the operation, a text of the source and what it is replaced with. */
  static Arguments[] faults() {
    return new Arguments[] {
      Arguments.of("exponential of BCE", Operation.BCE_WITH_LOGITS, "fma(r, BCE_Q1, BCE_Q0)", "fma(r, BCE_Q1 * 1.001f, BCE_Q0)"),
      Arguments.of("no correction of the quotient", Operation.BCE_WITH_LOGITS, "correction = residual * reciprocal", "correction = 0"),
      Arguments.of("pos_weight left out", Operation.BCE_WITH_LOGITS, "pos_weight[AT(pos_weight)]", "1"),
      Arguments.of("a part of the sum lost", Operation.BCE_WITH_LOGITS, "distance > 0; distance /= 2) {\n    barrier(CLK_LOCAL_MEM_FENCE);\n    if (item < distance) {\n      slots", "distance > 1; distance /= 2) {\n    barrier(CLK_LOCAL_MEM_FENCE);\n    if (item < distance) {\n      slots"),
      Arguments.of("exponential of CE", Operation.CROSS_ENTROPY, "CE_Q2), r, CE_Q1)", "CE_Q2), r, CE_Q1 * 1.001f)"),
      Arguments.of("no shift by the largest", Operation.CROSS_ENTROPY, "(float) rint((double) shifted_max * 0x1.71547652b82fep0) - CE_HEADROOM", "0"),
      Arguments.of("the target in the sum", Operation.CROSS_ENTROPY, "others += c == t ? 0.0f : e;", "others += e;"),
      Arguments.of("smoothing over the other classes", Operation.CROSS_ENTROPY, "call.smoothing / call.classes", "call.smoothing / (call.classes - 1)"),
      Arguments.of("classes skipped", Operation.CROSS_ENTROPY, "#define STEP GROUP", "#define STEP (GROUP + 1)"),
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void aFaultInTheSourceIsFound(String name, Operation operation, String right, String wrong) {
    KernelProvider spoilt =
        new OpenClKernelProvider(
            source -> {
              assertTrue(source.contains(right), () -> "the source has no " + right);
              return source.replace(right, wrong);
            });
    assertTrue(judge(spoilt, operation).anyMatch(result -> result.verdict() == Verdict.FAILED), name);
  }

  @Test
  void aSourceThatDoesNotCompileIsOneSentence() {
    KernelProvider broken = new OpenClKernelProvider(source -> source + "\nkernel void broken( {}\n");
    OpenClException e =
        assertThrows(OpenClException.class, () -> BceWithLogits.on(broken).forward(new float[1], new float[1], 1, 1));
    assertTrue(e.getMessage().startsWith("The OpenCL compiler refuses the kernels"), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
    String reason = broken.availability().reason();
    assertTrue(reason.startsWith("The OpenCL compiler refuses the kernels") && reason.endsWith("."), reason);
    assertTrue(broken.availability().remedy().startsWith("Repair or update the driver"), broken.availability().remedy());
  }

  /** The same steps in the same order, so on a device that rounds divisions, as PoCL does, the same bits. */
  @Test
  void bceHasTheBitsOfTheScalarKernel() {
    assumeTrue(Device.here().device().roundsDivisions(), "the device does not round divisions");
    int size = 1 << 18;
    float[] logits = new float[size];
    float[] target = new float[size];
    for (int i = 0; i < size; i++) {
      logits[i] = i % 2 == 0 ? (float) (10 * random.nextGaussian()) : Float.intBitsToFloat(random.nextInt());
      target[i] = i % 3 == 0 ? random.nextFloat() : random.nextInt(2);
    }
    float[][] losses = new float[2][size];
    float[][] gradients = new float[2][size];
    KernelProvider[] kernels = {Kernels.require("scalar"), new OpenClKernelProvider()};
    for (int k = 0; k < 2; k++) {
      BceWithLogits.on(kernels[k]).reduction(Reduction.NONE).elementwise(logits, target, size, 1, losses[k], gradients[k]);
    }
    assertArrayEquals(losses[0], losses[1]);
    assertArrayEquals(gradients[0], gradients[1]);
  }

  /** A whole batch is one block, so its sum is the device's own; the mean is still that of the scalar kernel. */
  @Test
  void meansOfLargeBatchesAreThoseOfTheScalarKernel() {
    int batch = 3000;
    int classes = 100;
    float[] logits = new float[batch * classes];
    float[] labels = new float[batch * classes];
    long[] target = new long[batch];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (5 * random.nextGaussian());
      labels[i] = random.nextInt(2);
      target[i / classes] = random.nextInt(classes);
    }
    float[] means = new float[4];
    KernelProvider[] kernels = {Kernels.require("scalar"), new OpenClKernelProvider()};
    for (int k = 0; k < 2; k++) {
      means[k] = BceWithLogits.on(kernels[k]).forward(logits, labels, batch, classes);
      means[2 + k] = CrossEntropy.on(kernels[k]).forward(logits, target, batch, classes);
    }
    assertEquals(means[0], means[1], Math.ulp(means[0]));
    assertEquals(means[2], means[3], Math.ulp(means[2]));
  }

  /** PoCL, left to itself, would step over the division that the JVM relies on to fail. */
  @Test
  void javaStillNoticesADivisionByZero() {
    BceWithLogits.on(new OpenClKernelProvider()).forward(new float[1], new float[1], 1, 1);
    int[] divisors = {0};
    for (int i = 0; i < 20_000; i++) { // also when compiled
      assertThrows(ArithmeticException.class, () -> Objects.checkIndex(7 / divisors[0], 100));
    }
  }

  @Test
  void deviceMemoryIsReused() {
    BceWithLogits loss = BceWithLogits.on(new OpenClKernelProvider());
    loss.forward(new float[1000], new float[1000], 1000, 1);
    long before = DeviceBuffer.made();
    for (int size : new int[] {1000, 10, 999, 500}) {
      loss.forward(new float[size], new float[size], size, 1);
    }
    assertEquals(before, DeviceBuffer.made());
    loss.forward(new float[1 << 21], new float[1 << 21], 1 << 21, 1);
    assertNotEquals(before, DeviceBuffer.made());
    assertFalse(DeviceBuffer.made() > before + 5);
  }
}
