package org.lanewise.bench.baseline;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one core can do at best, so that a time can be held against the hardware: how fast it reads memory, and its clock.
 * Both are the best of many short tries, for whatever else runs can only slow them down. Together they take less than a
 * second where the machine is idle; what cannot be measured is null.
 */
public final class MachineSpeed {
  private static final long MIB = 1 << 20;

  /** So much more than the last cache holds leaves nothing of one pass in it for the next. */
  private static final int TIMES_THE_CACHE = 4;

  /** Where the machine does not tell; larger than most caches of one core. */
  private static final long CACHE_WHERE_UNKNOWN = 64 * MIB;

  /** A virtual machine may not tell of every cache. */
  private static final long SMALLEST_ARRAY = 64 * MIB;

  /** Beyond that, clearing the array alone would take too long. */
  private static final long LARGEST_ARRAY = 1024 * MIB;

  /** The values that one call reads, 64 KiB: the JIT compiler counts calls. */
  private static final int CHUNK = 1 << 13;

  /** A method that has not become faster for so long is compiled. */
  private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(200);

  private static final long READ_FOR = TimeUnit.MILLISECONDS.toNanos(150);
  private static final long GIVE_UP_AFTER = TimeUnit.MILLISECONDS.toNanos(900);
  private static final int FEWEST_PASSES = 3;

  private static final int ADDITIONS = 1 << 17;

  /** What is computed must go somewhere, or the compiler leaves the computation out. */
  @SuppressWarnings("UnusedVariable")
  private static volatile long sink;

  private MachineSpeed() {}

  /**
   * The bytes a second that one thread reads from memory.
   *
   * @param lastLevelCache the bytes of the largest cache; null where it is not known
   */
  public static @Nullable Long readBandwidth(@Nullable Long lastLevelCache) {
    long cache = lastLevelCache == null ? CACHE_WHERE_UNKNOWN : lastLevelCache;
    long bytes = Math.max(SMALLEST_ARRAY, TIMES_THE_CACHE * cache);
    Runtime runtime = Runtime.getRuntime();
    long free = runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory();
    return bytes > LARGEST_ARRAY || bytes > free / 2 ? null : readBandwidth((int) (bytes / Long.BYTES));
  }

  private static @Nullable Long readBandwidth(int length) {
    long[] values = new long[length]; // cleared, and so in memory and not only promised
    long giveUp = System.nanoTime() + GIVE_UP_AFTER;
    shortest(giveUp, () -> sum(values, 0));
    double best = Double.POSITIVE_INFINITY;
    long enough = System.nanoTime() + READ_FOR;
    for (int pass = 0; pass < FEWEST_PASSES || System.nanoTime() < enough; pass++) {
      long begin = System.nanoTime();
      long sum = 0;
      for (int offset = 0; offset <= length - CHUNK; offset += CHUNK) {
        sum += sum(values, offset);
        if (System.nanoTime() > giveUp) {
          return null; // still in the interpreter, or a machine so busy that the figure would be none of it
        }
      }
      sink = sum;
      best = Math.min(best, (double) (System.nanoTime() - begin));
    }
    int chunks = length / CHUNK;
    return Math.round((double) chunks * CHUNK * Long.BYTES / best * 1e9);
  }

  /**
   * The sum of a chunk. Eight sums of 64-bit values side by side read memory as fast as vectors do, and are compiled within
   * a tenth of a second, where the Vector API takes ten times as long.
   */
  private static long sum(long[] values, int offset) {
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    long e = 0;
    long f = 0;
    long g = 0;
    long h = 0;
    for (int i = offset; i < offset + CHUNK; i += 8) {
      a += values[i];
      b += values[i + 1];
      c += values[i + 2];
      d += values[i + 3];
      e += values[i + 4];
      f += values[i + 5];
      g += values[i + 6];
      h += values[i + 7];
    }
    return a + b + c + d + e + f + g + h;
  }

  /** The additions a second of which each needs the sum before it: as good as all CPUs do one a cycle. */
  public static @Nullable Long dependentAdds() {
    double best = shortest(System.nanoTime() + GIVE_UP_AFTER, () -> additions(ADDITIONS / 8));
    return Double.isFinite(best) ? Math.round(ADDITIONS / best * 1e9) : null;
  }

  /** Each of two numbers is added to the other in turn, which no compiler turns into a multiplication. */
  private static long additions(int eights) {
    long a = 0;
    long b = eights;
    for (int i = 0; i < eights; i++) {
      a += b;
      b += a;
      a += b;
      b += a;
      a += b;
      b += a;
      a += b;
      b += a;
    }
    return a;
  }

  /** The nanoseconds of the shortest call, once none has been shorter by a hundredth for a while. */
  private static double shortest(long giveUp, LongSupplier call) {
    double best = Double.POSITIVE_INFINITY;
    long lastShorter = System.nanoTime();
    while (true) {
      long begin = System.nanoTime();
      sink = call.getAsLong();
      long end = System.nanoTime();
      if (end - begin < 0.99 * best) {
        lastShorter = end;
      }
      best = Math.min(best, (double) (end - begin));
      if (end - lastShorter > PATIENCE || end > giveUp) {
        return best;
      }
    }
  }
}
