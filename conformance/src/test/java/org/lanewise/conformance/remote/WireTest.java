package org.lanewise.conformance.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.calls.Operand;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.validation.KernelUnderTest;
import org.lanewise.conformance.validation.LocalKernel;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.LossAndGradient;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** A kernel in a process of its own is, to whoever calls it, the kernel. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WireTest {
  private final KernelProvider scalar = Kernels.require("scalar");
  private final Random random = new Random(5);
  private ChildProcess process;
  private RemoteImplementation remote;

  @BeforeAll
  void start() {
    process = Children.of(KernelChild.class);
    remote = RemoteImplementation.of(process, true);
  }

  @AfterAll
  void end() {
    remote.close();
  }

  private KernelUnderTest kernel(String id) {
    return remote.kernels().stream().filter(k -> k.provider().id().equals(id)).findFirst().orElseThrow();
  }

  @Test
  void aProcessSaysOfItsKernelsWhatTheySayThemselves() {
    KernelProvider there = kernel("scalar").provider();
    assertEquals(scalar.description(), there.description());
    assertEquals(scalar.availability(), there.availability());
    assertEquals(scalar.lanes(), there.lanes());
    assertEquals(scalar.declarations(), there.declarations());
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "float64"})
  void callsHaveTheSameResultsToTheBit(String dtype) {
    KernelProvider there = kernel("scalar").provider();
    for (int i = 0; i < 150; i++) {
      KernelCall call = i % 2 == 0 ? bce(DType.of(dtype)) : crossEntropy(DType.of(dtype));
      KernelCall remotely = call.copy();
      call.on(scalar).run();
      remotely.on(there).run();
      assertSame(call, remotely);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "float64"})
  void everyBitOfEveryOperandArrives(String dtype) {
    KernelProvider there = kernel(KernelChild.COPIES).provider();
    KernelProvider here =
        KernelChild.providers().stream().filter(p -> p.id().equals(KernelChild.COPIES)).findFirst().orElseThrow();
    BceWithLogitsCall<Object> bce = new BceWithLogitsCall<>();
    bce.rows = 1;
    bce.columns = 100;
    for (Strided<Object> operand :
        List.of(bce.logits, bce.target, bce.upstream, bce.loss, bce.logitsGradient, bce.targetGradient)) {
      operand.set(anyBits(DType.of(dtype), 100), 0, 100, 1);
    }
    bce.gradientScale = -0.0;
    CrossEntropyCall<Object> ce = new CrossEntropyCall<>();
    ce.outer = 1;
    ce.classes = 100;
    ce.inner = 1;
    for (Strided<Object> operand : List.of(ce.logits, ce.logitsGradient, ce.targetGradient)) {
      operand.set(anyBits(DType.of(dtype), 100), 0, 100, 1);
    }
    ce.classWeight = anyBits(DType.of(dtype), 100);
    ce.labelSmoothing = Double.NaN;
    ce.gradientScale = Double.NEGATIVE_INFINITY;
    for (KernelCall call : List.of(KernelCall.of(DType.of(dtype), bce), KernelCall.of(DType.of(dtype), ce))) {
      KernelCall remotely = call.copy();
      call.on(here).run();
      remotely.on(there).run();
      assertSame(call, remotely);
    }
  }

  private Object anyBits(DType dtype, int length) {
    Tensor tensor = Tensor.zeros(dtype, length);
    for (int i = 0; i < length; i++) {
      switch (tensor.array()) {
        case float[] floats -> floats[i] = Float.intBitsToFloat(i < 20 ? 0x7f800001 + i : random.nextInt());
        case double[] doubles -> doubles[i] = Double.longBitsToDouble(i < 20 ? 0x7ff0000000000001L + i : random.nextLong());
        default -> throw new IllegalArgumentException(dtype.id());
      }
    }
    return tensor.array();
  }

  private static void assertSame(KernelCall expected, KernelCall got) {
    List<Operand> operands = expected.operands();
    List<Operand> others = got.operands();
    for (int o = 0; o < operands.size(); o++) {
      assertArrayEquals(bits(operands.get(o).array()), bits(others.get(o).array()), operands.get(o).name());
    }
    assertEquals(Double.doubleToLongBits(expected.lossSum()), Double.doubleToLongBits(got.lossSum()), "loss_sum");
    assertEquals(Double.doubleToLongBits(expected.weightSum()), Double.doubleToLongBits(got.weightSum()), "weight_sum");
  }

  private static long[] bits(Object array) {
    return switch (array) {
      case float[] floats -> {
        long[] bits = new long[floats.length];
        for (int i = 0; i < bits.length; i++) {
          bits[i] = Float.floatToRawIntBits(floats[i]);
        }
        yield bits;
      }
      case double[] doubles -> {
        long[] bits = new long[doubles.length];
        for (int i = 0; i < bits.length; i++) {
          bits[i] = Double.doubleToRawLongBits(doubles[i]);
        }
        yield bits;
      }
      default -> (long[]) array;
    };
  }

  /** A call with some of the operands, each in a place of its own, some far into its array. */
  private KernelCall bce(DType dtype) {
    BceWithLogitsCall<Object> call = new BceWithLogitsCall<>();
    call.rows = random.nextInt(4);
    call.columns = 1 + random.nextInt(20);
    call.gradientScale = random.nextGaussian();
    int rows = call.rows;
    int columns = call.columns;
    place(call.logits, dtype, true, rows, columns);
    place(call.target, dtype, true, rows, columns);
    place(call.weight, dtype, random.nextBoolean(), rows, columns);
    place(call.posWeight, dtype, random.nextBoolean(), rows, columns);
    place(call.upstream, dtype, random.nextBoolean(), rows, columns);
    place(call.loss, dtype, random.nextBoolean(), rows, columns);
    place(call.logitsGradient, dtype, random.nextBoolean(), rows, columns);
    place(call.targetGradient, dtype, random.nextBoolean(), rows, columns);
    return KernelCall.of(dtype, call);
  }

  private KernelCall crossEntropy(DType dtype) {
    CrossEntropyCall<Object> call = new CrossEntropyCall<>();
    call.outer = random.nextInt(4);
    call.classes = 2 + random.nextInt(9);
    call.inner = 1 + random.nextInt(4);
    call.gradientScale = random.nextGaussian();
    call.labelSmoothing = random.nextBoolean() ? 0 : random.nextDouble();
    call.ignoreIndex = random.nextBoolean() ? 1 : Long.MIN_VALUE;
    int classes = call.classes * call.inner;
    boolean indices = random.nextBoolean();
    placeClasses(call.logits, dtype, true, call);
    placeClasses(call.probabilities, dtype, !indices, call);
    if (indices) {
      long[] target = new long[200 + call.outer * call.inner];
      for (int i = 0; i < target.length; i++) {
        target[i] = random.nextInt(call.classes);
      }
      call.target.set(target, random.nextInt(200), call.inner, 1);
    }
    if (random.nextBoolean()) {
      call.classWeightOffset = random.nextInt(200);
      call.classWeight = values(dtype, call.classWeightOffset + classes + 9);
    }
    place(call.upstream, dtype, random.nextBoolean(), call.outer, call.inner);
    place(call.loss, dtype, random.nextBoolean(), call.outer, call.inner);
    placeClasses(call.logitsGradient, dtype, random.nextBoolean(), call);
    placeClasses(call.targetGradient, dtype, !indices && random.nextBoolean(), call);
    return KernelCall.of(dtype, call);
  }

  private void place(Strided<Object> operand, DType dtype, boolean present, int rows, int columns) {
    if (present) {
      int columnStride = 1 + random.nextInt(3);
      int rowStride = columns * columnStride + random.nextInt(3);
      int offset = random.nextInt(200);
      operand.set(values(dtype, offset + rows * rowStride + random.nextInt(200)), offset, rowStride, columnStride);
    }
  }

  private void placeClasses(Strided<Object> operand, DType dtype, boolean present, CrossEntropyCall<Object> call) {
    if (present) {
      int classStride = call.inner + random.nextInt(3);
      int rowStride = call.classes * classStride + random.nextInt(3);
      int offset = random.nextInt(200);
      operand.set(values(dtype, offset + call.outer * rowStride + random.nextInt(200)), offset, rowStride, classStride);
    }
  }

  private Object values(DType dtype, int length) {
    Tensor tensor = Tensor.zeros(dtype, length);
    for (int i = 0; i < length; i++) {
      switch (tensor.array()) {
        case float[] floats -> floats[i] = (float) random.nextGaussian();
        case double[] doubles -> doubles[i] = random.nextGaussian();
        default -> throw new IllegalArgumentException(dtype.id());
      }
    }
    return tensor.array();
  }

  @Test
  void casesAreJudgedAsInThisJvm() {
    Conformance conformance = new Conformance(ReferenceData.builtIn());
    List<ReferenceCase> cases =
        ReferenceData.builtIn().cases().stream()
            .filter(c -> c.operation().equals("bce_with_logits") || c.operation().equals("cross_entropy"))
            .filter(c -> c.id().hashCode() % 8 == 0)
            .toList();
    KernelSubject here = new KernelSubject(scalar);
    KernelSubject there = new KernelSubject(kernel("scalar").provider());
    int passed = 0;
    for (ReferenceCase reference : cases) {
      List<CaseResult> expected = conformance.judge(here, reference);
      assertEquals(expected, conformance.judge(there, reference));
      passed += (int) expected.stream().filter(result -> result.verdict() == Verdict.PASSED).count();
    }
    assertTrue(passed > 50, passed + " verdicts to compare");
  }

  /** Neighbouring blocks lie in each other's margins. */
  @Test
  void threadsOfTheFrontDoorKeepEachOthersResults() {
    int size = 12 << 14;
    float[] logits = (float[]) values(DType.FLOAT32, size);
    float[] target = (float[]) values(DType.FLOAT32, size);
    KernelProvider there = kernel("scalar").provider();
    LossAndGradient expected = both(scalar, logits, target);
    for (int i = 0; i < 3; i++) {
      LossAndGradient got = both(there, logits, target);
      assertTrue(expected.loss().sameBits(got.loss()), "loss");
      assertTrue(expected.logitsGradient().sameBits(got.logitsGradient()), "gradient");
    }
  }

  private static LossAndGradient both(KernelProvider provider, float[] logits, float[] target) {
    return BceWithLogits.on(provider)
        .reduction(Reduction.NONE)
        .threads(4)
        .forwardBackward(Tensor.of(logits, logits.length), Tensor.of(target, target.length), null);
  }

  /** What changed around a block while its answer was awaited is not put back. */
  @Test
  void anAnswerTakesNothingBackThatOthersWrote() {
    KernelCall call = plain(4, 100);
    Message request = Message.of("request", "kernel");
    CallMessage.write(call, "", request.tensors());
    Message answer = Message.of("answer", "kernel");
    request.tensors().forEach((name, tensor) -> answer.tensors().put(name, copy(tensor)));
    float[] loss = loss(call);
    float[] answered = (float[]) answer.tensors().get("loss").array();
    answered[64] = 7;
    loss[99] = 5; // by another thread, meanwhile
    CallMessage.readResults(call, "", request.tensors(), answer.tensors());
    assertEquals(5, loss[99]);
    assertEquals(7, loss[100]);
  }

  private static Tensor copy(Tensor tensor) {
    return Tensor.of(((float[]) tensor.array()).clone(), tensor.numel());
  }

  private KernelCall plain(int columns, int offset) {
    BceWithLogitsCall<Object> call = new BceWithLogitsCall<>();
    call.rows = 1;
    call.columns = columns;
    call.gradientScale = 1;
    for (Strided<Object> operand : List.of(call.logits, call.target, call.loss)) {
      operand.set(values(DType.FLOAT32, 2 * offset + columns), offset, columns, 1);
    }
    return KernelCall.of(DType.FLOAT32, call);
  }

  private static float[] loss(KernelCall call) {
    return (float[]) call.bceWithLogits().loss.array;
  }

  @Test
  void whatAKernelDoesOutsideTheBlockShows() {
    for (String sick : List.of("writes-past-the-end", "writes-before", "writes-an-input", "reads-outside")) {
      KernelCall here = plain(6, 70);
      KernelCall there = here.copy();
      KernelCall honest = here.copy();
      KernelProvider local = KernelChild.providers().stream().filter(p -> p.id().equals(sick)).findFirst().orElseThrow();
      honest.on(scalar).run();
      here.on(local).run();
      there.on(kernel(sick).provider()).run();
      assertSame(here, there);
      boolean shows = false;
      for (int o = 0; o < honest.operands().size(); o++) {
        shows |= !java.util.Arrays.equals(bits(honest.operands().get(o).array()), bits(there.operands().get(o).array()));
      }
      assertTrue(shows, sick);
    }
  }

  @Test
  void repeatedCallsAreThoseOfALocalKernel() {
    List<KernelCall> calls = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      calls.add(i % 2 == 0 ? bce(DType.FLOAT32) : crossEntropy(DType.FLOAT64));
      calls.getLast().on(scalar).run();
    }
    // Not what the kernel gives: the result furthest from it is then the kernel's, and has to come back.
    calls.getFirst().setSums(1e9, 0);
    for (boolean concurrently : new boolean[] {false, true}) {
      KernelUnderTest.Repetition expected = new LocalKernel(scalar).repeat(calls, 4, concurrently).orElseThrow();
      KernelUnderTest.Repetition got = kernel("scalar").repeat(calls, 4, concurrently).orElseThrow();
      for (int i = 0; i < calls.size(); i++) {
        assertSame(expected.furthest().get(i), got.furthest().get(i));
      }
      assertEquals(concurrently, got.allocatedBytes() < 0);
    }
  }

  @Test
  void theSameKernelRunsInAJvmWithOtherFlags() {
    KernelCall call = plain(5, 70);
    KernelCall remotely = call.copy();
    call.on(scalar).run();
    try (KernelUnderTest there = kernel("scalar").inJvm(List.of("-Xint")).orElseThrow()) {
      remotely.on(there.provider()).run();
    }
    assertSame(call, remotely);
    assertFalse(RemoteImplementation.of(process, false).kernels().getFirst().inJvm(List.of("-Xint")).isPresent());
  }

  @Test
  void twoThreadsTakeTurns() throws InterruptedException {
    KernelProvider there = kernel("scalar").provider();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 2; t++) {
      int columns = 3 + 4 * t;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      for (int i = 0; i < 50; i++) {
                        KernelCall call = plain(columns, 70);
                        KernelCall remotely = call.copy();
                        call.on(scalar).run();
                        remotely.on(there).run();
                        assertSame(call, remotely);
                      }
                    } catch (Throwable e) {
                      thrown.set(e);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(null, thrown.get());
  }
}
