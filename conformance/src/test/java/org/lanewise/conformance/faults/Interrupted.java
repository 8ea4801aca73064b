package org.lanewise.conformance.faults;

import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/** A provider whose calls are interrupted after a time: what stands in, within one JVM, for a process that is killed. */
record Interrupted(KernelProvider kernel, long milliseconds) implements KernelProvider {
  private static final ScheduledExecutorService WATCH =
      Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("time limit").factory());

  private void limit(Runnable call) {
    Thread caller = Thread.currentThread();
    Future<?> end = WATCH.schedule(caller::interrupt, milliseconds, TimeUnit.MILLISECONDS);
    try {
      call.run();
    } finally {
      end.cancel(false);
      Thread.interrupted();
    }
  }

  @Override
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    BceWithLogitsKernel<A> bce = kernel.bceWithLogits(dtype);
    return call -> limit(() -> bce.compute(call));
  }

  @Override
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    CrossEntropyKernel<A> crossEntropy = kernel.crossEntropy(dtype);
    return call -> limit(() -> crossEntropy.compute(call));
  }

  @Override
  public String id() {
    return kernel.id();
  }

  @Override
  public String description() {
    return kernel.description();
  }

  @Override
  public Availability availability() {
    return kernel.availability();
  }

  @Override
  public int lanes() {
    return kernel.lanes();
  }

  @Override
  public List<Declaration> declarations() {
    return kernel.declarations();
  }
}
