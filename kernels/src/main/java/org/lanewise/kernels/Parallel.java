package org.lanewise.kernels;

import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Computes the blocks of a batch on several threads: the caller's, and helpers that all calls share.
 *
 * <p>Each thread takes the next block until there is none; the caller then waits for the blocks that others have taken,
 * which are being computed. It never waits for a helper that has not begun, so calls from within kernels, from helpers
 * and from many threads at once come to an end, however busy the helpers are.
 */
final class Parallel {
  /** The blocks of a batch. */
  interface Blocks {
    /** Computes one block. Several threads call at once, with different blocks. */
    void compute(int block);
  }

  /** What a call uses by itself. */
  static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  /** The most threads a call may use. More than there are processors gain nothing, but show that bits do not change. */
  static final int MOST = Math.max(16, PROCESSORS);

  /** How often the caller looks for the last blocks, which take some microseconds, before it goes to sleep. */
  private static final int LOOKS = 1_000;

  /** Started when first needed, and gone after a minute without work. */
  private static final ThreadPoolExecutor HELPERS =
      new ThreadPoolExecutor(
          1,
          MOST,
          1,
          TimeUnit.MINUTES,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().daemon().name("lanewise-", 1).inheritInheritableThreadLocals(false).factory());

  static {
    HELPERS.allowCoreThreadTimeOut(true);
  }

  private Parallel() {}

  /** A number of threads that a user asks for. */
  static int check(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is %d; pass 1 for the caller's thread alone, or more.".formatted(threads));
    }
    return threads;
  }

  /**
   * The number of threads of a call.
   *
   * @param wanted the number that the user asks for; 0 leaves it to the size of the batch
   * @param worthwhile the size from which on all processors are faster than one
   */
  static int threads(int wanted, int size, int worthwhile) {
    return wanted > 0 ? wanted : size >= worthwhile ? PROCESSORS : 1;
  }

  /**
   * Computes the blocks 0 to {@code count − 1}; afterwards no other thread touches them. Allocates nothing where one
   * thread does it.
   *
   * @param threads the most threads, the caller's included
   */
  static void compute(Blocks blocks, int count, int threads) {
    int helpers = Math.min(Math.min(threads, MOST), count) - 1;
    if (helpers < 1) {
      for (int block = 0; block < count; block++) {
        blocks.compute(block);
      }
    } else {
      new Job(blocks, count).run(helpers);
    }
  }

  private static synchronized void reserve(int helpers) {
    HELPERS.setCorePoolSize(Math.max(helpers, HELPERS.getCorePoolSize()));
  }

  private static final class Job implements Runnable {
    private final int count;
    private final Thread caller = Thread.currentThread();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger unfinished;

    /** Null when done: a helper that comes too late must not keep the caller's arrays alive. */
    private volatile @Nullable Blocks blocks;

    private volatile @Nullable Throwable failure;

    Job(Blocks blocks, int count) {
      this.blocks = blocks;
      this.count = count;
      this.unfinished = new AtomicInteger(count);
    }

    void run(int helpers) {
      if (helpers > HELPERS.getCorePoolSize()) {
        reserve(helpers);
      }
      try {
        for (int helper = 0; helper < helpers; helper++) {
          HELPERS.execute(this);
        }
      } catch (OutOfMemoryError noMoreThreads) {
        // Those that there are do it.
      }
      run();
      awaitOthers();
      blocks = null;
      Throwable thrown = failure;
      if (thrown != null) {
        Parallel.<RuntimeException>rethrow(thrown);
      }
    }

    @Override
    public void run() {
      for (int block = next.getAndIncrement(); block < count; block = next.getAndIncrement()) {
        int done = 1;
        try {
          Objects.requireNonNull(blocks).compute(block); // not done, for this block is not
        } catch (Throwable thrown) {
          failure = thrown;
          done += Math.max(0, count - next.getAndSet(count)); // nobody needs the rest
        }
        if (unfinished.addAndGet(-done) == 0 && Thread.currentThread() != caller) {
          LockSupport.unpark(caller);
        }
      }
    }

    /** Not to be interrupted: the caller's arrays are in use. */
    private void awaitOthers() {
      for (int look = 0; unfinished.get() > 0 && look < LOOKS; look++) {
        Thread.onSpinWait();
      }
      boolean interrupted = false;
      while (unfinished.get() > 0) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      if (interrupted) {
        caller.interrupt();
      }
    }
  }

  /** What a kernel threw, on whichever thread, is what the caller gets. */
  @SuppressWarnings("unchecked") // compute declares no checked exceptions; one that is smuggled goes on as it is
  private static <E extends Throwable> void rethrow(Throwable thrown) throws E {
    throw (E) thrown;
  }
}
