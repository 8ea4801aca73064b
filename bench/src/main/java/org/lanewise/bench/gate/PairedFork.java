package org.lanewise.bench.gate;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToLongFunction;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.jmh.BenchmarkInputs;
import org.lanewise.kernels.spi.Operation;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.annotations.Measurement;

/**
 * What a fork of the gate does: both builds warmed up and measured in turns on the same arrays.
 *
 * <p>JMH starts the JVM and calls this once; its own timing is not used, for it would put all calls of one build before all
 * calls of the other, with whatever changes on the machine between them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(1)
public class PairedFork {
  /** Rounds that count: each is a block of each build, in random order. */
  static final int ROUNDS = 150;

  /** Nanoseconds a block: long against reading the clock, short against what changes on a machine. */
  private static final long BLOCK = 600_000;

  /** Rounds of a window of the warm-up. */
  private static final int WINDOW = 30;

  private static final double STEADY = 1.03;
  private static final long WARM_UP_AT_LEAST = 400_000_000;
  private static final long WARM_UP_AT_MOST = 2_500_000_000L;

  /** The one invocation. */
  @Benchmark
  public void rounds() {
    ForkOrder order = ForkOrder.ofProperties();
    long begin = System.nanoTime();
    try (Twin base = Twin.open("base", order.base());
        Twin candidate = Twin.open("candidate", order.candidate())) {
      measure(order, base, candidate, begin);
    }
  }

  private static void measure(ForkOrder order, Twin base, Twin candidate, long begin) {
    Work work = order.benchmark().work();
    Twin.Buffers on = buffers(work);
    Twin.Block baseBlock = base.block(order.benchmark().kernel(), work, on);
    Twin.Block candidateBlock = candidate.block(order.benchmark().kernel(), work, on);
    IntToLongFunction[] arms = {baseBlock.calls(), candidateBlock.calls()};
    SplittableRandom random = new SplittableRandom(order.seed());
    long drawn = System.nanoTime();
    // ---- warm-up
    int calls = 1;
    long[][] window = new long[2][WINDOW];
    double[] before = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
    int steady = 0;
    long warm = System.nanoTime();
    int windows = 0;
    while (true) {
      long windowStart = System.nanoTime();
      int rounds = 0;
      while (rounds < WINDOW && System.nanoTime() - windowStart < 300_000_000L) {
        int first = random.nextInt(2);
        window[first][rounds] = arms[first].applyAsLong(calls);
        window[1 - first][rounds] = arms[1 - first].applyAsLong(calls);
        rounds++;
        long slower = Math.min(window[0][rounds - 1], window[1][rounds - 1]);
        if (slower < BLOCK / 2) {
          calls = (int) Math.max(calls + 1, Math.min(2 * calls, calls * BLOCK / Math.max(1, slower)));
          rounds = 0;
        }
      }
      windows++;
      double[] now = {median(window[0], rounds) / calls, median(window[1], rounds) / calls};
      boolean same = true;
      for (int arm = 0; arm < 2; arm++) {
        same &= now[arm] < STEADY * before[arm] && before[arm] < STEADY * now[arm];
        before[arm] = now[arm];
      }
      steady = same ? steady + 1 : 0;
      long spent = System.nanoTime() - warm;
      System.err.printf("window %d at %d ms, calls %d, %.0f %.0f%n", windows, spent / 1_000_000, calls, now[0], now[1]);
      if (spent > WARM_UP_AT_MOST || (spent > WARM_UP_AT_LEAST && steady >= 3)) {
        break;
      }
    }
    long warmed = System.nanoTime();
    double[][] times = new double[2][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      int first = random.nextInt(2);
      times[first][round] = arms[first].applyAsLong(calls) / (double) calls;
      times[1 - first][round] = arms[1 - first].applyAsLong(calls) / (double) calls;
    }
    long end = System.nanoTime();
    double[] logs = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      logs[i] = Math.log(times[1][i] / times[0][i]);
    }
    Arrays.sort(logs);
    System.err.printf("draw %d warm %d rounds %d ms; ratio %.4f%n", (drawn - begin) / 1_000_000, (warmed - drawn) / 1_000_000, (end - warmed) / 1_000_000, Math.exp(logs[ROUNDS / 2]));
  }

  private static double median(long[] times, int length) {
    long[] sorted = Arrays.copyOf(times, length);
    Arrays.sort(sorted);
    return sorted[length / 2];
  }

  static Twin.Buffers buffers(Work work) {
    boolean bce = work.operation().equals(Operation.BCE_WITH_LOGITS.id());
    BenchmarkInputs<?> inputs =
        bce
            ? BenchmarkInputs.bceWithLogits(work.data(), work.batch(), work.classes())
            : BenchmarkInputs.crossEntropy(work.data(), work.batch(), work.classes());
    int elements = inputs.logits().length;
    return new Twin.Buffers(inputs.logits(), inputs.target(), new float[bce ? elements : work.batch()], new float[elements], new float[1]);
  }

  public static void main(String[] args) { new PairedFork().rounds(); }
}
