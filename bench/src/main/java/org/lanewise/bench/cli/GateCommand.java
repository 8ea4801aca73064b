package org.lanewise.bench.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.gate.*;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.grid.WorkFilter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lanewise gate}. */
@Command(name = "gate", sortOptions = false, description = "Compares two builds of the kernels: is the candidate slower?")
final class GateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--base")
  private Path base;

  @Option(names = "--candidate")
  private Path candidate;

  @Option(names = "--kernel", split = ",")
  private List<String> kernels = List.of("scalar", "vector");

  @Option(names = "--operation", split = ",")
  private List<String> operations = List.of();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    List<Work> points = new WorkFilter(operations, List.of(), List.of(), List.of(), List.of()).apply(Grid.load().preset("gate"));
    List<PairedBenchmark> benchmarks = new ArrayList<>();
    kernels.forEach(kernel -> points.forEach(work -> benchmarks.add(new PairedBenchmark(kernel, work))));
    try (Progress progress = Progress.on(err)) {
      GateRun run =
          new GateRun(base, candidate, WorkFolder.path().resolve("gate.log"), Duration.ofSeconds(30), _ -> Threshold.DEFAULT, System.nanoTime(), (fork, total, what, left) -> progress.step(fork, total, what, left));
      for (Comparison c : run.run(benchmarks)) {
        out.printf("%-70s %s %s alloc %d %d bits %b %s%n", c.benchmark().name(),
            c.first().stream().map(r -> "%+.2f".formatted(100 * r.logRatio())).toList(),
            c.confirmation().stream().map(r -> "%+.2f".formatted(100 * r.logRatio())).toList(), c.baseAllocated(), c.candidateAllocated(), c.sameBits(), c.problem());
        out.flush();
      }
    }
    return ExitCode.GOOD;
  }
}
