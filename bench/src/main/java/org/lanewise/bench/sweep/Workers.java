package org.lanewise.bench.sweep;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

/** The threads of a sweep. When one fails the others need not go on. */
final class Workers {
  private final String operation;
  private final BooleanSupplier stop;
  private final AtomicBoolean failed = new AtomicBoolean();

  /**
   * @param operation what is swept, for messages
   * @param stop asked often; once true, the threads end with what they have done
   */
  Workers(String operation, BooleanSupplier stop) {
    this.operation = operation;
    this.stop = stop;
  }

  /**
   * Runs the work on every thread.
   *
   * @param work given whether to stop; shares what there is to do with the others
   * @param done the share that is done
   * @param progress told that share about twice a second
   * @return what each thread found
   */
  <T> List<T> run(int threads, Function<BooleanSupplier, T> work, DoubleSupplier done, DoubleConsumer progress) {
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<T>> workers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        workers.add(pool.submit(() -> guarded(work)));
      }
      List<T> found = new ArrayList<>();
      for (Future<T> worker : workers) {
        found.add(await(worker, done, progress));
      }
      return found;
    }
  }

  private <T> T guarded(Function<BooleanSupplier, T> work) {
    try {
      return work.apply(() -> failed.get() || stop.getAsBoolean());
    } catch (Throwable e) {
      failed.set(true);
      throw e;
    }
  }

  private <T> T await(Future<T> worker, DoubleSupplier done, DoubleConsumer progress) {
    while (true) {
      try {
        return worker.get(500, TimeUnit.MILLISECONDS);
      } catch (TimeoutException _) {
        progress.accept(done.getAsDouble());
      } catch (ExecutionException e) {
        throw new IllegalStateException("The sweep of %s ended early: %s".formatted(operation, e.getCause()), e);
      } catch (InterruptedException e) {
        failed.set(true);
        Thread.currentThread().interrupt();
        throw new IllegalStateException("The sweep was interrupted.", e);
      }
    }
  }
}
