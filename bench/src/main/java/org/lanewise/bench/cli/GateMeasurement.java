package org.lanewise.bench.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.GatePolicy;
import org.lanewise.bench.gate.fork.GateRun;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.PairedBenchmark;

/** Compares two builds, with progress on standard error. */
final class GateMeasurement {
  /** Ten times what a benchmark takes on a busy machine. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final GateRun run;
  private final PrintWriter err;
  private volatile @Nullable Progress progress;

  GateMeasurement(Path base, Path candidate, GatePolicy policy, PrintWriter err) {
    Path log = WorkFolder.path().resolve("gate").resolve("forks.log");
    try {
      Files.createDirectories(log.toAbsolutePath().getParent());
      Files.deleteIfExists(log);
    } catch (IOException e) {
      throw UserError.unwritable(log, e);
    }
    this.err = err;
    this.run =
        new GateRun(
            base,
            candidate,
            log,
            LIMIT,
            policy::threshold,
            System.nanoTime(),
            (fork, total, what, left) -> Objects.requireNonNull(progress).step(fork, total, what, left));
  }

  List<Comparison> run(List<PairedBenchmark> benchmarks, boolean confirm) {
    try (Progress shown = Progress.on(err)) {
      progress = shown;
      return run.run(benchmarks, confirm);
    }
  }

  /** Ends it early, from another thread; what was measured is given. */
  void stop() {
    run.stop();
  }
}
