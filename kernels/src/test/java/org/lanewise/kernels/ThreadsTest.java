package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Any number of threads gives the bits of one, and what goes wrong on a helper reaches the caller. */
class ThreadsTest {
  private static final int BLOCK = BceWithLogitsBatch.BLOCK;
  private static final int[] THREADS = {2, 3, 7};
  private static final int[] SIZES = {
    0, 1, 1009, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 7, 7 * BLOCK - 5, 100_003, (1 << 20) + 17
  };

  private static Tensor tensor(float[] values, int... shape) {
    return Tensor.of(values, shape);
  }

  private static void same(String what, LossAndGradient one, LossAndGradient many) {
    assertTrue(one.loss().sameBits(many.loss()), () -> what + ": loss");
    assertTrue(one.logitsGradient().sameBits(many.logitsGradient()), () -> what + ": gradient");
  }

  @Test
  void bce_with_logits() {
    Random random = new Random(11);
    KernelProvider kernel = Kernels.auto();
    for (Reduction reduction : Reduction.values()) {
      for (int size : SIZES) {
        Tensor logits = tensor(Samples.Logits.WITHIN_20.array(size, random), size);
        Tensor target = tensor(Samples.Target.SOFT.array(size, random), size);
        BceWithLogits loss = BceWithLogits.on(kernel).reduction(reduction);
        everyThreadCount("%s %d".formatted(reduction, size), loss, logits, target);
        everyThreadCount("%s %d weighted".formatted(reduction, size), loss.weight(logits).posWeight(target), logits, target);
      }
      int[][] shapes = {{3, 40_000}, {40_000, 3}, {17, 5000}, {2 * BLOCK + 1, 1}};
      for (int[] shape : shapes) {
        Tensor logits = tensor(Samples.Logits.ORDINARY.array(shape[0] * shape[1], random), shape);
        Tensor target = tensor(Samples.Target.HARD.array(shape[0] * shape[1], random), shape);
        Tensor perClass = tensor(Samples.Target.SOFT.array(shape[1], random), shape[1]);
        Tensor perRow = tensor(Samples.Target.SOFT.array(shape[0], random), shape[0], 1);
        BceWithLogits loss = BceWithLogits.on(kernel).reduction(reduction).weight(perRow).posWeight(perClass);
        everyThreadCount("%s %dx%d".formatted(reduction, shape[0], shape[1]), loss, logits, target);
      }
    }
  }

  private static void everyThreadCount(String what, BceWithLogits loss, Tensor logits, Tensor target) {
    LossAndGradient one = loss.threads(1).forwardBackward(logits, target);
    for (int threads : THREADS) {
      same(what + ", " + threads + " threads", one, loss.threads(threads).forwardBackward(logits, target));
      assertTrue(one.loss().sameBits(loss.threads(threads).forward(logits, target)), what + ", forward");
    }
    same(what + ", default", one, loss.forwardBackward(logits, target));
  }

  @Test
  void cross_entropy() {
    Random random = new Random(12);
    KernelProvider kernel = Kernels.auto();
    int[][] shapes = {
      {0, 10, 1}, {1, 10, 1}, {1638, 10, 1}, {1639, 10, 1}, {30_011, 10, 1}, {4, 50_257, 1}, {17, 1000, 1}, {131, 255, 1},
      {40_000, 1, 1}, {2, 7, 9001}, {3, 33, 601}, {1, 20_000, 3}, {BLOCK, 2, 1}, {105_000, 10, 1}
    };
    for (Reduction reduction : Reduction.values()) {
      for (int[] s : shapes) {
        int logitsInAll = s[0] * s[1] * s[2];
        int rows = s[0] * s[2];
        int[] shape = s[2] == 1 ? new int[] {s[0], s[1]} : s;
        int[] rowShape = s[2] == 1 ? new int[] {s[0]} : new int[] {s[0], s[2]};
        Tensor logits = tensor(Samples.Logits.WITHIN_20.array(logitsInAll, random), shape);
        long[] indices = Samples.classIndices(rows, s[1], random);
        for (int row = 0; row < rows; row += 5) {
          indices[row] = -100;
        }
        Tensor target = Tensor.of(indices, rowShape);
        Tensor weight = tensor(Samples.Target.SOFT.array(s[1], random), s[1]);
        CrossEntropy loss = CrossEntropy.on(kernel).reduction(reduction);
        for (CrossEntropy each : List.of(loss, loss.weight(weight))) {
          LossAndGradient one = each.threads(1).forwardBackward(logits, target);
          for (int threads : THREADS) {
            String what = "%s %dx%dx%d, %d threads".formatted(reduction, s[0], s[1], s[2], threads);
            same(what, one, each.threads(threads).forwardBackward(logits, target));
            assertTrue(one.loss().sameBits(each.threads(threads).forward(logits, target)), what);
          }
          same("default", one, each.forwardBackward(logits, target));
        }
      }
    }
  }

  /** In float64 the last bit of a sum shows the order of its terms, which float32 would round away. */
  @Test
  void block_sums_are_added_in_one_order() {
    int size = 40 * BLOCK;
    Tensor logits = Recipe.uniform(DType.FLOAT64, 15, -20, size);
    Tensor target = Recipe.uniform(DType.FLOAT64, 16, -23, size);
    BceWithLogits loss = BceWithLogits.on(Samples.provider("scalar")).reduction(Reduction.SUM);
    double one = loss.threads(1).forward(logits, target).item();
    for (int i = 0; i < 10; i++) {
      assertEquals(one, loss.threads(7).forward(logits, target).item());
    }
  }

  @Test
  void many_callers_at_once() throws Exception {
    Random random = new Random(13);
    int size = 5 * BLOCK + 3;
    float[] logits = Samples.Logits.WITHIN_20.array(size, random);
    float[] target = Samples.Target.HARD.array(size, random);
    BceWithLogits loss = BceWithLogits.create();
    float expected = loss.threads(1).forward(logits, target, 1, size);
    try (ExecutorService callers = Executors.newFixedThreadPool(6)) {
      List<Future<?>> running = new ArrayList<>();
      for (int caller = 0; caller < 6; caller++) {
        BceWithLogits own = loss.threads(1 + caller);
        Callable<Void> calls =
            () -> {
              float[] gradient = new float[size];
              for (int i = 0; i < 150; i++) {
                assertEquals(expected, own.forwardBackward(logits, target, 1, size, gradient));
              }
              return null;
            };
        running.add(callers.submit(calls));
      }
      for (Future<?> call : running) {
        call.get();
      }
    }
  }

  @Test
  void helpers_take_part() {
    Set<Thread> seen = ConcurrentHashMap.newKeySet();
    AtomicInteger waiting = new AtomicInteger();
    BceWithLogits loss =
        on(
            () -> {
              // No block ends before four threads have one each.
              if (seen.add(Thread.currentThread())) {
                waiting.incrementAndGet();
              }
              while (waiting.get() < 4) {
                Thread.onSpinWait();
              }
            });
    float[] values = new float[40 * BLOCK];
    assertTimeoutPreemptively(Duration.ofSeconds(30), () -> loss.threads(4).forward(values, values, 1, values.length));
    assertEquals(4, seen.size());
    seen.clear();
    loss.threads(1).forward(values, values, 1, values.length);
    assertEquals(Set.of(Thread.currentThread()), seen);
  }

  @Test
  void what_a_kernel_throws_on_a_helper_reaches_the_caller() {
    Thread caller = Thread.currentThread();
    Error thrown = new AssertionError("on a helper");
    AtomicInteger running = new AtomicInteger();
    BceWithLogits loss =
        on(
            () -> {
              running.incrementAndGet();
              try {
                if (Thread.currentThread() != caller) {
                  throw thrown;
                }
                Thread.sleep(1); // leaves the helpers blocks to fail on
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } finally {
                running.decrementAndGet();
              }
            });
    float[] values = new float[200 * BLOCK];
    for (int i = 0; i < 20; i++) {
      assertSame(
          thrown, assertThrows(AssertionError.class, () -> loss.threads(3).forward(values, values, 1, values.length)));
      assertEquals(0, running.get(), "a block is still computed after the call has ended");
    }
    // The helpers survive it.
    assertEquals((float) Math.log(2), BceWithLogits.create().threads(3).forward(values, values, 1, values.length));
  }

  @Test
  void calls_from_kernels_and_from_helpers_come_to_an_end() {
    float[] values = new float[6 * BLOCK];
    BceWithLogits inner = BceWithLogits.create().threads(7);
    BceWithLogits middle = on(() -> inner.forward(values, values, 1, values.length)).threads(7);
    BceWithLogits outer = on(() -> middle.forward(values, values, 1, values.length)).threads(7);
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> assertEquals((float) Math.log(2), outer.forward(values, values, 1, values.length)));
  }

  @Test
  void an_interrupt_is_kept() {
    float[] values = new float[6 * BLOCK];
    BceWithLogits loss =
        on(
            () -> {
              long end = System.nanoTime() + 2_000_000;
              while (System.nanoTime() < end) {
                Thread.onSpinWait();
              }
            });
    Thread.currentThread().interrupt();
    float result = loss.threads(4).forward(values, values, 1, values.length);
    assertTrue(Thread.interrupted(), "the interrupt is lost");
    assertEquals((float) Math.log(2), result);
  }

  @Test
  void a_split_call_allocates_less_than_4_KiB_on_all_threads_together() {
    Random random = new Random(14);
    int size = 40 * BLOCK;
    float[] logits = Samples.Logits.WITHIN_20.array(size, random);
    float[] target = Samples.Target.HARD.array(size, random);
    long[] indices = Samples.classIndices(size / 10, 10, random);
    float[] gradient = new float[size];
    for (String id : Samples.IDS) {
      BceWithLogits bce = BceWithLogits.on(Samples.provider(id)).threads(3);
      CrossEntropy crossEntropy = CrossEntropy.on(Samples.provider(id)).threads(3);
      allocatesLittle(id + " BCE", () -> bce.forwardBackward(logits, target, 1, size, gradient));
      allocatesLittle(id + " CE", () -> crossEntropy.forwardBackward(logits, indices, size / 10, 10, gradient));
    }
  }

  private static void allocatesLittle(String what, Runnable call) {
    int calls = 100;
    long deadline = System.nanoTime() + 20_000_000_000L;
    long perCall;
    do {
      long before = allocatedByAll();
      for (int i = 0; i < calls; i++) {
        call.run();
      }
      perCall = (allocatedByAll() - before) / calls;
    } while (perCall >= 4096 && System.nanoTime() < deadline);
    System.out.printf("%s on 3 threads: %d bytes a call%n", what, perCall);
    assertTrue(perCall < 4096, what + ": " + perCall + " bytes a call");
  }

  /** The caller and the helpers: other threads of a JVM, such as JUnit's, allocate as they like. */
  private static long allocatedByAll() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = threads.getCurrentThreadAllocatedBytes();
    Thread[] all = new Thread[1000];
    int count = Thread.enumerate(all);
    for (int i = 0; i < count; i++) {
      if (all[i].getName().startsWith("lanewise-")) {
        bytes += Math.max(0, threads.getThreadAllocatedBytes(all[i].threadId()));
      }
    }
    return bytes;
  }

  @Test
  void no_threads_are_refused() {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> BceWithLogits.create().threads(0));
    assertEquals("threads is 0; pass 1 for the caller's thread alone, or more.", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> CrossEntropy.create().threads(-1));
  }

  /** A loss whose kernel does something before each block. */
  private static BceWithLogits on(Runnable before) {
    return BceWithLogits.on(new Intercepted(before));
  }

  private record Intercepted(Runnable before) implements KernelProvider {
    @Override
    public String id() {
      return "intercepted";
    }

    @Override
    public String description() {
      return "does something before each block";
    }

    @Override
    public Availability availability() {
      return Availability.AVAILABLE;
    }

    @Override
    public int lanes() {
      return 1;
    }

    @Override
    public List<Declaration> declarations() {
      return Kernels.auto().declarations();
    }

    @Override
    public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
      BceWithLogitsKernel<A> kernel = Kernels.auto().bceWithLogits(dtype);
      return call -> {
        before.run();
        kernel.compute(call);
      };
    }

    @Override
    public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
      return Kernels.auto().crossEntropy(dtype);
    }
  }
}
