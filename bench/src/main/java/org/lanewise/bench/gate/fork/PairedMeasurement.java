package org.lanewise.bench.gate.fork;

import com.sun.management.ThreadMXBean;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.gate.rule.PairedRounds;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.jmh.BenchmarkInputs;
import org.lanewise.kernels.spi.Operation;

/**
 * Measures one benchmark in this JVM: both builds in turns, on the same arrays.
 *
 * <p>A round is a block of calls of each build, in random order. So whatever the machine does for longer than a millisecond
 * touches both, and neither always comes after the other.
 */
@SuppressWarnings("ReturnValueIgnored") // blocks also run for what they do to caches, to arrays and to the JIT compiler
final class PairedMeasurement {
  /**
   * How often it is drawn anew where the kernels' own arrays lie. They belong to a thread, so each placement is a thread. On one
   * placement alone the same code differs from itself by up to 5 %, for as long as the JVM lives.
   */
  static final int PLACEMENTS = 50;

  /** Rounds that count, of each placement. */
  static final int ROUNDS = 150 / PLACEMENTS;

  /** The most bytes by which a placement is moved. */
  private static final int MOVE = 1 << 14;

  /** Nanoseconds a block: long against reading the clock, short against what changes on a machine. */
  private static final long BLOCK = 700_000;

  /** Rounds after which the warm-up looks whether anything still changes, and the nanoseconds after which it does anyway. */
  private static final int WINDOW = 20;

  private static final long WINDOW_AT_MOST = 300_000_000;

  /** So many windows in a row have to be alike: within this ratio, and nothing compiled. */
  private static final int STEADY_WINDOWS = 3;

  private static final double STEADY = 1.03;

  /**
   * Windows in which the calls that write every loss run as well. They come from the same compiled methods; if these saw them
   * for the first time later, two equal builds could by then be compiled to code that differs.
   */
  private static final int MIXED_WINDOWS = 3;

  /** The JIT compiler counts calls before it compiles to the end. Fewer will do where they take long, for those have loops. */
  private static final long CALLS = 12_000;

  private static final long ENOUGH = 400_000_000;
  private static final long AT_MOST = 10_000_000_000L;

  private final Work work;
  private final SplittableRandom random;
  private final Twin.Buffers on;
  private final IntToLongFunction[] arms;
  private final IntToLongFunction[] perValue;
  private int calls = 1;

  /** Written, so that it is allocated. */
  @SuppressWarnings("UnusedVariable")
  private volatile byte @Nullable [] padding;

  PairedMeasurement(PairedBenchmark benchmark, Twin base, Twin candidate, SplittableRandom random) {
    this.work = benchmark.work();
    this.random = random;
    this.on = buffers(work);
    boolean candidateFirst = random.nextBoolean();
    this.arms = pair(benchmark.kernel(), work, base, candidate, candidateFirst, on);
    this.perValue = pair(benchmark.kernel(), perValue(work), base, candidate, candidateFirst, on);
  }

  /** Which build is set up first is drawn as well: being first could be an advantage, and must not always be the base's. */
  private static IntToLongFunction[] pair(
      String kernel, Work work, Twin base, Twin candidate, boolean candidateFirst, Twin.Buffers on) {
    Twin.Block early = (candidateFirst ? candidate : base).block(kernel, work, on);
    Twin.Block late = (candidateFirst ? base : candidate).block(kernel, work, on);
    Twin.Block ofBase = candidateFirst ? late : early;
    Twin.Block ofCandidate = candidateFirst ? early : late;
    Twin.requireDifferent(base, ofBase, candidate, ofCandidate);
    return new IntToLongFunction[] {ofBase.calls(), ofCandidate.calls()};
  }

  /** The work that shows every loss and every gradient entry: a mean alone would hide small changes. */
  static Work perValue(Work work) {
    return new Work(
        work.operation(), work.dtype(), work.target(), work.batch(), work.classes(),
        "none", Work.FORWARD_BACKWARD, work.data());
  }

  /** The arrays that a work needs, the operands drawn. */
  static Twin.Buffers buffers(Work work) {
    boolean bce = work.operation().equals(Operation.BCE_WITH_LOGITS.id());
    BenchmarkInputs<?> inputs =
        bce
            ? BenchmarkInputs.bceWithLogits(work.data(), work.batch(), work.classes())
            : BenchmarkInputs.crossEntropy(work.data(), work.batch(), work.classes());
    int elements = inputs.logits().length;
    return new Twin.Buffers(
        inputs.logits(), inputs.target(), new float[bce ? elements : work.batch()], new float[elements], new float[1]);
  }

  ForkResult run() {
    boolean steady = onFreshThread(this::warmUp);
    double[][] times = new double[2][PLACEMENTS * ROUNDS];
    for (int placement = 0; placement < PLACEMENTS; placement++) {
      int from = placement * ROUNDS;
      onFreshThread(
          () -> {
            place(times, from);
            return true;
          });
    }
    return onFreshThread(
        () -> {
          round(new long[2]);
          long[] allocated = {allocated(arms[0]), allocated(arms[1])};
          return new ForkResult(
              new PairedRounds(times[0], times[1]), allocated[0], allocated[1], outputs(0) == outputs(1), steady);
        });
  }

  /** One at a time: nothing here is shared between threads that run at once. */
  private <T> T onFreshThread(Callable<T> task) {
    FutureTask<T> future = new FutureTask<>(task);
    Thread.ofPlatform().start(future);
    try {
      return future.get();
    } catch (InterruptedException e) {
      throw new IllegalStateException("The measurement was interrupted.", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Rounds on arrays that lie where none did before, those of each build by themselves. */
  private void place(double[][] times, int from) {
    int first = random.nextInt(2);
    padding = new byte[random.nextInt(MOVE)];
    arms[first].applyAsLong(1);
    padding = new byte[random.nextInt(MOVE)];
    arms[1 - first].applyAsLong(1);
    long[] block = new long[2];
    round(block); // what is new to the caches
    for (int round = from; round < from + ROUNDS; round++) {
      round(block);
      times[0][round] = block[0] / (double) calls;
      times[1][round] = block[1] / (double) calls;
    }
  }

  private void round(long[] block) {
    int first = random.nextInt(2);
    block[first] = arms[first].applyAsLong(calls);
    block[1 - first] = arms[1 - first].applyAsLong(calls);
  }

  /** Runs both until neither changes any more, at the number of calls that makes a block long enough. */
  private boolean warmUp() {
    CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    long[][] window = new long[2][WINDOW];
    double[] before = new double[2];
    double[] now = new double[2];
    long[] block = new long[2];
    long begin = System.nanoTime();
    long made = 0;
    int alike = 0;
    for (int windows = 0; ; windows++) {
      long compiledBefore = compiler.getTotalCompilationTime();
      long windowBegin = System.nanoTime();
      int rounds = 0;
      while (rounds < WINDOW && (rounds == 0 || System.nanoTime() - windowBegin < WINDOW_AT_MOST)) {
        if (windows < MIXED_WINDOWS) {
          int first = random.nextInt(2);
          perValue[first].applyAsLong(1);
          perValue[1 - first].applyAsLong(1);
        }
        round(block);
        made += calls;
        window[0][rounds] = block[0];
        window[1][rounds] = block[1];
        rounds++;
        long time = Math.min(block[0], block[1]);
        if (time < BLOCK / 2) {
          calls = (int) Math.max(calls + 1, Math.min(2L * calls, calls * BLOCK / Math.max(1, time)));
          rounds = 0;
        }
      }
      boolean same = compiler.getTotalCompilationTime() == compiledBefore;
      for (int arm = 0; arm < 2; arm++) {
        Arrays.sort(window[arm], 0, rounds);
        now[arm] = window[arm][rounds / 2] / (double) calls;
        same &= now[arm] < STEADY * before[arm] && before[arm] < STEADY * now[arm];
        before[arm] = now[arm];
      }
      alike = same ? alike + 1 : 0;
      long spent = System.nanoTime() - begin;
      if (alike >= STEADY_WINDOWS && (made >= CALLS || spent >= ENOUGH)) {
        return true;
      }
      if (spent >= AT_MOST) {
        return false;
      }
    }
  }

  /** Bytes a call allocates, rounded up: the least of some blocks, for now and then the JVM allocates something itself. */
  private long allocated(IntToLongFunction arm) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int block = 0; block < 5; block++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      arm.applyAsLong(calls);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    return Math.ceilDiv(least, calls);
  }

  /** A digest of all that a build computes of these operands, each loss and gradient entry included. */
  private long outputs(int arm) {
    Arrays.fill(on.result(), Float.NaN);
    Arrays.fill(on.gradient(), Float.NaN);
    arms[arm].applyAsLong(1);
    long digest = digest(digest(0, on.result()), on.gradient());
    Arrays.fill(on.losses(), Float.NaN);
    Arrays.fill(on.gradient(), Float.NaN);
    perValue[arm].applyAsLong(1);
    return digest(digest(digest, on.losses()), on.gradient());
  }

  /** Each step is a bijection of the digest so far: one different bit is never lost again. */
  private static long digest(long start, float[] values) {
    long digest = start;
    for (float value : values) {
      digest = (digest ^ Float.floatToRawIntBits(value)) * 0x9E3779B97F4A7C15L;
      digest ^= digest >>> 29;
    }
    return digest;
  }
}
