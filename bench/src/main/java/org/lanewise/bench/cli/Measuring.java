package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.run.AlsoMeasured;
import org.lanewise.bench.run.BenchmarkProgress;
import org.lanewise.bench.run.BenchmarkRunner;
import org.lanewise.bench.run.Effort;
import org.lanewise.bench.run.MeasuredByItself;
import org.lanewise.bench.run.Profilers;
import org.lanewise.kernels.spi.KernelProvider;

/** What the commands that measure have in common. */
final class Measuring {
  private Measuring() {}

  /** Where the kernels are measured. */
  static JsonObject environment(List<KernelProvider> kernels) {
    JsonObject environment = Environment.measured();
    for (KernelProvider kernel : kernels) {
      if (kernel instanceof MeasuredByItself device) {
        device.describe(environment);
      }
    }
    return environment;
  }

  /** The rows that the kernels give a point. */
  static int rowsOf(List<KernelProvider> kernels) {
    return kernels.stream()
        .mapToInt(kernel -> kernel instanceof MeasuredByItself device ? device.transfers().size() : 1)
        .sum();
  }

  /**
   * Measures points with progress on standard error; a point that fails says so at once.
   *
   * @param threads the most threads of a call
   * @param log receives what JMH prints
   * @param foreign a jar or a native library with kernels that are not built in; null for none
   */
  static List<MeasuredRow> measure(
      List<Work> points,
      List<KernelProvider> kernels,
      Effort effort,
      int threads,
      Path log,
      PrintWriter err,
      @Nullable Path foreign) {
    BenchmarkRunner runner = new BenchmarkRunner(effort, threads, log, foreign, Profilers.always());
    return measure(runner, points, kernels, AlsoMeasured.nothing(), err);
  }

  /** As above, by a runner that can be stopped. */
  static List<MeasuredRow> measure(
      BenchmarkRunner runner,
      List<Work> points,
      List<KernelProvider> kernels,
      AlsoMeasured also,
      PrintWriter err) {
    try (Progress progress = Progress.on(err)) {
      return runner.run(
          points,
          kernels,
          also,
          new BenchmarkProgress() {
            private final Set<String> told = new HashSet<>();

            @Override
            public void started(int index, int total, Work work, String name, Duration left) {
              String step = "%s %s %s %s".formatted(name, work.operation(), work.shape(), work.direction());
              progress.step(index, total, step, left);
            }

            @Override
            public void finished(MeasuredRow row) {
              String name = row.implementation().name();
              // What a machine lacks, it lacks at every point.
              if (row.error() != null && (!also.names().contains(name) || told.add(name + row.error()))) {
                progress.note("%s on %s: %s".formatted(row.work(), name, row.error()));
              }
            }
          });
    }
  }
}
