package org.lanewise.bench.gate.fork;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.run.ForkHeap;
import org.lanewise.bench.run.Jmh;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Starts the forks of the gate, one after the other, and watches them. */
final class ForkRunner {
  private final Path base;
  private final Path candidate;
  private final Path log;
  private final Duration limit;
  private volatile boolean stopped;

  /**
   * A runner.
   *
   * @param log receives what JMH and the forks print; appended to
   * @param limit how long a fork may take for each benchmark before it counts as hung
   */
  ForkRunner(Path base, Path candidate, Path log, Duration limit) {
    this.base = base;
    this.candidate = candidate;
    this.log = log;
    this.limit = limit;
  }

  /**
   * What came of a benchmark in a fork: a result, or a problem in one sentence.
   *
   * @param result null where there is a problem
   * @param problem null where there is a result
   */
  record Outcome(@Nullable ForkResult result, @Nullable String problem) {}

  /** Measures benchmarks in a fresh JVM, in the given order. */
  Map<PairedBenchmark, Outcome> run(List<PairedBenchmark> benchmarks, long seed) {
    try {
      Files.createDirectories(log.toAbsolutePath().getParent());
      try (ForkFolder folder = ForkFolder.create()) {
        new ForkOrder(base, candidate, benchmarks, seed).write(folder.path());
        String failure = fork(folder.path(), benchmarks);
        return outcomes(folder.path(), benchmarks, failure);
      }
    } catch (IOException e) {
      throw UserError.unwritable(log, e);
    }
  }

  /** Ends the fork that runs; no other is started. */
  void stop() {
    stopped = true;
    endForks();
  }

  boolean isStopped() {
    return stopped;
  }

  /** Runs a fork to its end; why it failed, or null. */
  private @Nullable String fork(Path folder, List<PairedBenchmark> benchmarks) throws IOException {
    if (stopped) {
      return "The gate was stopped.";
    }
    Work largest = benchmarks.stream().map(PairedBenchmark::work).max(Comparator.comparingLong(Work::elements)).orElseThrow();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    Duration allowed = limit.multipliedBy(benchmarks.size());
    try (PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        Watch watch = new Watch(allowed)) {
      Runner runner =
          new Runner(
              new OptionsBuilder()
                  .include("^" + Pattern.quote(PairedFork.class.getName() + ".rounds") + "$")
                  .jvmArgs(ForkHeap.flags(PairedMeasurement.perValue(largest)))
                  .jvmArgsPrepend(ForkOrder.flag(folder))
                  .shouldFailOnError(false)
                  .build(),
              OutputFormatFactory.createFormatInstance(out, VerboseMode.NORMAL));
      boolean ended = !runWhenFree(runner, watch).isEmpty();
      if (watch.fired()) {
        return "A fork did not end within %d seconds and was killed; see %s.".formatted(allowed.toSeconds(), log);
      }
      return ended ? null : Jmh.failure(said.toString(StandardCharsets.UTF_8), log);
    } finally {
      try (OutputStream chatter = Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        said.writeTo(chatter);
      }
    }
  }

  /** Another JMH run between two forks of a gate is no reason to throw away the forks before: it is waited for. */
  private Collection<RunResult> runWhenFree(Runner runner, Watch watch) {
    try {
      return Jmh.runWhenFree(runner, Jmh.OTHER_RUN, () -> stopped, watch::begin);
    } catch (RunnerException e) {
      throw Jmh.notStarted(e);
    }
  }

  private static Map<PairedBenchmark, Outcome> outcomes(
      Path folder, List<PairedBenchmark> benchmarks, @Nullable String failure) {
    Map<PairedBenchmark, Outcome> outcomes = new HashMap<>();
    for (int i = 0; i < benchmarks.size(); i++) {
      Path file = ForkOrder.result(folder, i);
      Outcome outcome;
      try {
        outcome =
            Files.exists(file)
                ? new Outcome(ForkResult.read(file), null)
                : new Outcome(null, failure == null ? "A fork ended without a result." : failure);
      } catch (IOException | IllegalArgumentException e) {
        outcome = new Outcome(null, "What a fork measured cannot be used: %s.".formatted(e.getMessage()));
      }
      outcomes.put(benchmarks.get(i), outcome);
    }
    return outcomes;
  }

  private static void endForks() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
  }

  /** Ends forks that take too long. */
  private static final class Watch implements AutoCloseable {
    private final long allowed;
    private final Thread thread;
    private volatile long end;
    private volatile boolean fired;
    private volatile boolean over;

    Watch(Duration allowed) {
      this.allowed = allowed.toNanos();
      begin();
      thread =
          Thread.ofPlatform()
              .daemon()
              .name("watch of a fork")
              .start(
                  () -> {
                    while (!over) {
                      if (System.nanoTime() - end > 0) {
                        fired = true;
                        endForks();
                      }
                      LockSupport.parkNanos(this, Duration.ofMillis(100).toNanos());
                    }
                  });
    }

    void begin() {
      end = System.nanoTime() + allowed;
    }

    boolean fired() {
      return fired;
    }

    @Override
    public void close() {
      over = true;
      LockSupport.unpark(thread);
    }
  }
}
