package org.lanewise.bench.cli;

import java.util.SplittableRandom;

/** Threads that keep processors and memory busy in bursts, as neighbours on a shared machine do. */
final class Burners implements AutoCloseable {
  private static final int LONGEST_MILLIS = 400;

  /** Longs: one half burns in the first-level cache, the other in memory. */
  private static final int IN_CACHE = 1 << 8;

  private static final int IN_MEMORY = 1 << 22;

  private volatile boolean over;

  @SuppressWarnings("UnusedVariable") // written, so that it is computed
  private volatile long sink;


  Burners(int count) {
    for (int i = 0; i < count; i++) {
      int size = i % 2 == 0 ? IN_CACHE : IN_MEMORY;
      Thread.ofPlatform().daemon().name("burner").start(() -> burn(new long[size]));
    }
  }

  private void burn(long[] data) {
    SplittableRandom random = new SplittableRandom();
    while (!over) {
      long end = System.nanoTime() + 1_000_000L * random.nextInt(LONGEST_MILLIS);
      long sum = 0;
      while (System.nanoTime() - end < 0) {
        for (int i = 0; i < data.length; i++) {
          sum += data[i] * 31 + i;
          data[i] = sum;
        }
      }
      sink = sum;
      try {
        Thread.sleep(random.nextInt(LONGEST_MILLIS));
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  @Override
  public void close() {
    over = true;
  }
}
