package org.lanewise.conformance.validation;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.calls.Operand;
import org.lanewise.kernels.spi.KernelProvider;

/** Kernels called in this JVM. */
public final class LocalKernel implements KernelUnderTest {
  private final KernelProvider provider;

  /** @param provider an available provider */
  public LocalKernel(KernelProvider provider) {
    this.provider = provider;
  }

  @Override
  public KernelProvider provider() {
    return provider;
  }

  @Override
  public Repetition repeat(List<KernelCall> calls, int times, boolean concurrently) {
    List<KernelCall> alone = calls.stream().map(KernelCall::copy).toList();
    alone.forEach(call -> call.on(provider).run());
    return concurrently ? concurrently(calls, alone, times) : inTurn(calls, alone, times);
  }

  private Repetition inTurn(List<KernelCall> calls, List<KernelCall> alone, int times) {
    com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    boolean counted = threads.isThreadAllocatedMemorySupported() && threads.isThreadAllocatedMemoryEnabled();
    List<KernelCall> again = calls.stream().map(KernelCall::copy).toList();
    List<Runnable> runs = again.stream().map(call -> call.on(provider)).toList();
    long allocated = 0;
    int countedCalls = 0;
    for (int time = 0; time < times; time++) {
      again.forEach(KernelCall::spoilOutputs);
      long before = counted ? threads.getCurrentThreadAllocatedBytes() : 0;
      for (int i = 0; i < runs.size(); i++) {
        runs.get(i).run();
      }
      if (time >= times / 2) {
        allocated += counted ? threads.getCurrentThreadAllocatedBytes() - before : 0;
        countedCalls += again.size();
      }
      for (int i = 0; i < again.size(); i++) {
        String difference = difference(alone.get(i), again.get(i));
        if (difference != null) {
          return new Repetition("Call %d, made again: %s".formatted(i, difference), -1);
        }
      }
    }
    return new Repetition(null, counted && countedCalls > 0 ? allocated / countedCalls : -1);
  }

  private Repetition concurrently(List<KernelCall> calls, List<KernelCall> alone, int times) {
    AtomicReference<@Nullable String> difference = new AtomicReference<>();
    CountDownLatch ready = new CountDownLatch(calls.size());
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      KernelCall call = calls.get(i).copy();
      KernelCall expected = alone.get(i);
      Runnable run = call.on(provider);
      int number = i;
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    ready.countDown();
                    try {
                      ready.await();
                      for (int time = 0; time < times && difference.get() == null; time++) {
                        call.spoilOutputs();
                        run.run();
                        String found = difference(expected, call);
                        if (found != null) {
                          difference.compareAndSet(null, "Call %d, beside others: %s".formatted(number, found));
                        }
                      }
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    } catch (RuntimeException | Error e) {
                      difference.compareAndSet(null, "Call %d, beside others, ended with %s.".formatted(number, e));
                    }
                  }));
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new Repetition(difference.get(), -1);
  }

  /** A sentence on the first output that differs, or null. */
  static @Nullable String difference(KernelCall expected, KernelCall got) {
    List<Operand> right = expected.operands();
    List<Operand> wrong = got.operands();
    for (int i = 0; i < right.size(); i++) {
      int at = KernelCall.firstDifference(right.get(i).array(), wrong.get(i).array());
      if (at >= 0) {
        return "'%s' is %s at index %d, before it was %s."
            .formatted(right.get(i).name(), value(wrong.get(i), at), at, value(right.get(i), at));
      }
    }
    if (Double.compare(expected.lossSum(), got.lossSum()) != 0) {
      return "The loss sum is %s, before it was %s.".formatted(got.lossSum(), expected.lossSum());
    }
    return null;
  }

  private static Object value(Operand operand, int at) {
    return java.lang.reflect.Array.get(operand.array(), at);
  }

  /** Other flags need another JVM. */
  @Override
  public Optional<KernelUnderTest> inJvm(List<String> flags) {
    return Optional.empty();
  }

  @Override
  public void close() {}
}
