package org.lanewise.conformance.validation;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.KernelCall;
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
  public Optional<Repetition> repeat(List<KernelCall> calls, int times, boolean concurrently) {
    List<KernelCall> furthest = calls.stream().map(KernelCall::copy).toList();
    long allocated = concurrently ? concurrently(calls, furthest, times) : inTurn(calls, furthest, times);
    return Optional.of(new Repetition(furthest, allocated));
  }

  private long inTurn(List<KernelCall> calls, List<KernelCall> furthest, int times) {
    com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    boolean counted = threads.isThreadAllocatedMemorySupported() && threads.isThreadAllocatedMemoryEnabled();
    List<KernelCall> again = calls.stream().map(KernelCall::copy).toList();
    Runnable[] runs = again.stream().map(call -> call.on(provider)).toArray(Runnable[]::new);
    long allocated = 0;
    for (int time = 0; time < times; time++) {
      again.forEach(KernelCall::spoilOutputs);
      long before = counted ? threads.getCurrentThreadAllocatedBytes() : 0;
      for (Runnable run : runs) {
        run.run();
      }
      allocated += counted && time >= times / 2 ? threads.getCurrentThreadAllocatedBytes() - before : 0;
      for (int i = 0; i < runs.length; i++) {
        furthest.get(i).keepFurthest(calls.get(i), again.get(i));
      }
    }
    return counted ? allocated : -1;
  }

  private long concurrently(List<KernelCall> calls, List<KernelCall> furthest, int times) {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    CountDownLatch ready = new CountDownLatch(calls.size());
    List<Thread> threads = new ArrayList<>();
    List<KernelCall> copies = KernelCall.copies(calls);
    for (int i = 0; i < calls.size(); i++) {
      KernelCall expected = calls.get(i);
      KernelCall worst = furthest.get(i);
      KernelCall call = copies.get(i);
      Runnable run = call.on(provider);
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    try {
                      ready.countDown();
                      ready.await();
                      for (int time = 0; time < times && thrown.get() == null; time++) {
                        call.spoilOutputs();
                        run.run();
                        worst.keepFurthest(expected, call);
                      }
                    } catch (Throwable e) { // whatever an implementation throws is told by the caller's thread
                      thrown.compareAndSet(null, e);
                    }
                  }));
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Waiting for the calls was interrupted.", e);
    }
    switch (thrown.get()) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
    return -1;
  }

  /** Other flags need another JVM. */
  @Override
  public Optional<KernelUnderTest> inJvm(List<String> flags) {
    return Optional.empty();
  }

  @Override
  public void close() {}
}
