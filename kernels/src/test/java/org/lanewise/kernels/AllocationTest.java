package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.lanewise.kernels.Spread.Layout;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;

/**
 * 1,000 calls allocate 0 bytes on the heap, by the JVM's own count of what a thread has allocated.
 *
 * <p>Reading that counter costs nothing that it counts: {@link #reading_the_counter_allocates_nothing} shows it, so
 * nothing is subtracted. Until the JIT compiler has compiled a kernel for good, vectors are objects on the heap; so each
 * call is repeated until 1,000 in a row allocate nothing, or 20 seconds have passed. That is no loosening: what allocates
 * on every call, or on every thousandth, never gets there.
 */
class AllocationTest {
  private static final int CALLS = 1_000;

  private static final int[] SIZES = {1, 17, 1000, 1024, 16384, 65536};
  private static final int[][] SHAPES = {{1638, 10}, {16, 1000}, {3, 2049}};

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** How long to wait for the JIT compiler; once that was in vain, the tests that follow wait less. */
  private static long patience = TimeUnit.SECONDS.toNanos(20);

  /** The bytes that 1,000 calls allocate. */
  private static long allocated(Runnable call) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < CALLS; i++) {
      call.run();
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  /** The same once warm. */
  private static long allocatedWhenWarm(Runnable call) {
    long deadline = System.nanoTime() + patience;
    long bytes = allocated(call);
    while (bytes > 0 && System.nanoTime() < deadline) {
      bytes = allocated(call);
    }
    if (bytes > 0) {
      patience = TimeUnit.SECONDS.toNanos(1);
    }
    return bytes;
  }

  private static DynamicTest allocatesNothing(String name, Runnable call) {
    return DynamicTest.dynamicTest(name, () -> assertEquals(0, allocatedWhenWarm(call), "bytes in 1,000 calls of " + name));
  }

  @Test
  void reading_the_counter_allocates_nothing() {
    assertEquals(0, allocatedWhenWarm(() -> {}));
  }

  @Test
  void an_allocation_is_seen() {
    byte[][] kept = new byte[1][];
    long bytes = allocated(() -> kept[0] = new byte[24]);
    assertTrue(bytes >= 24 * CALLS, "bytes: " + bytes);
  }

  @TestFactory
  Stream<DynamicTest> bce_with_logits() {
    Random random = new Random(1);
    List<DynamicTest> tests = new ArrayList<>();
    for (String id : Samples.IDS) {
      BceWithLogits mean = BceWithLogits.on(Samples.provider(id)).threads(1);
      BceWithLogits none = mean.reduction(Reduction.NONE);
      BceWithLogitsKernel<float[]> kernel = Samples.bce(id);
      for (int size : SIZES) {
        float[] logits = Samples.Logits.WITHIN_20.array(size, random);
        float[] target = Samples.Target.HARD.array(size, random);
        float[] loss = new float[size];
        float[] gradient = new float[size];
        String what = "%s, %d elements".formatted(id, size);
        tests.add(allocatesNothing("forward, " + what, () -> mean.forward(logits, target, 1, size)));
        tests.add(
            allocatesNothing("forwardBackward, " + what, () -> mean.forwardBackward(logits, target, 1, size, gradient)));
        tests.add(
            allocatesNothing("elementwise, " + what, () -> none.elementwise(logits, target, 1, size, loss, gradient)));

        BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
        call.rows = 1;
        call.columns = size;
        call.logits.set(logits, 0, size, 1);
        call.target.set(target, 0, size, 1);
        call.loss.set(loss, 0, size, 1);
        call.logitsGradient.set(gradient, 0, size, 1);
        call.gradientScale = 1.0 / 3;
        tests.add(allocatesNothing("kernel, " + what, () -> kernel.compute(call)));
      }
      int rows = 40;
      int columns = 29;
      BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
      call.rows = rows;
      call.columns = columns;
      float[] values = Samples.Target.SOFT.array(rows * columns, random);
      Spread.pass(Spread.input(Layout.TRANSPOSED, rows, columns, 1, values, random), call.logits);
      Spread.pass(Spread.input(Layout.BROADCAST_ROW, rows, columns, 1, values, random), call.target);
      Spread.pass(Spread.input(Layout.BROADCAST_COLUMN, rows, columns, 1, values, random), call.upstream);
      Spread.pass(Spread.output(Layout.LONGER_ROWS, rows, columns, 1, random), call.loss);
      Spread.pass(Spread.output(Layout.EVERY_THIRD, rows, columns, 1, random), call.logitsGradient);
      call.gradientScale = 1;
      tests.add(allocatesNothing("kernel, %s, strided".formatted(id), () -> kernel.compute(call)));
    }
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> cross_entropy() {
    Random random = new Random(2);
    List<DynamicTest> tests = new ArrayList<>();
    for (String id : Samples.IDS) {
      CrossEntropy mean = CrossEntropy.on(Samples.provider(id)).threads(1);
      CrossEntropy none = mean.reduction(Reduction.NONE);
      CrossEntropyKernel<float[]> kernel = Samples.crossEntropy(id);
      for (int[] shape : SHAPES) {
        int batch = shape[0];
        int classes = shape[1];
        float[] logits = Samples.Logits.ORDINARY.array(batch * classes, random);
        long[] target = Samples.classIndices(batch, classes, random);
        target[1] = -100;
        float[] loss = new float[batch];
        float[] gradient = new float[batch * classes];
        String what = "%s, [%d, %d]".formatted(id, batch, classes);
        tests.add(allocatesNothing("forward, " + what, () -> mean.forward(logits, target, batch, classes)));
        tests.add(
            allocatesNothing(
                "forwardBackward, " + what, () -> mean.forwardBackward(logits, target, batch, classes, gradient)));
        tests.add(
            allocatesNothing(
                "rowwise, " + what, () -> none.rowwise(logits, target, batch, classes, loss, gradient)));

        CrossEntropyCall<float[]> call = new CrossEntropyCall<>();
        call.outer = batch;
        call.classes = classes;
        call.inner = 1;
        call.logits.set(logits, 0, classes, 1);
        call.target.set(target, 0, 1, 1);
        call.ignoreIndex = -100;
        call.classWeight = Samples.Target.SOFT.array(classes, random);
        call.loss.set(loss, 0, 1, 1);
        call.logitsGradient.set(gradient, 0, classes, 1);
        call.gradientScale = 1.0 / 3;
        tests.add(allocatesNothing("kernel, " + what, () -> kernel.compute(call)));
      }
      int outer = 5;
      int classes = 70;
      int inner = 3;
      CrossEntropyCall<float[]> call = new CrossEntropyCall<>();
      call.outer = outer;
      call.classes = classes;
      call.inner = inner;
      float[] logits = Samples.Logits.ORDINARY.array(outer * classes * inner, random);
      Spread.pass(Spread.input(Layout.LONGER_ROWS, outer, classes, inner, logits, random), call.logits);
      call.target.set(Samples.classIndices(outer * inner, classes, random), 0, inner, 1);
      Spread.pass(Spread.input(Layout.BROADCAST_VALUE, outer, inner, 1, logits, random), call.upstream);
      Spread.pass(Spread.output(Layout.TRANSPOSED, outer, inner, 1, random), call.loss);
      Spread.pass(Spread.output(Layout.EVERY_THIRD, outer, classes, inner, random), call.logitsGradient);
      call.ignoreIndex = -100;
      call.gradientScale = 1;
      tests.add(allocatesNothing("kernel, %s, strided".formatted(id), () -> kernel.compute(call)));
    }
    return tests.stream();
  }
}
