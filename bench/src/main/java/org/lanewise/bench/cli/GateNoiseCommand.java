package org.lanewise.bench.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.gate.GatePolicy;
import org.lanewise.bench.gate.fork.TwinBenchmarks;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.Noise;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lanewise gate noise}: what slowdown could be found on this machine now. */
@Command(
    name = "noise",
    sortOptions = false,
    description = "Tells in a minute or two what slowdown could be found on this machine now.",
    footer = {
      "",
      "Compares a build with itself: what differs is noise. Of each operation and kernel one benchmark is enough, so the"
          + " default is --benchmark '*/forward/*/512x10/*' and '*/forward/*/16384/*'.",
      "",
      "Examples:",
      "  ./lanewise gate noise",
      "  ./lanewise gate noise --kernel vector --operation cross_entropy"
    })
final class GateNoiseCommand implements Callable<Integer> {
  private static final List<String> SHAPES = List.of("16384", "512x10");

  @Spec private CommandSpec spec;
  @Mixin private GateSelection selection;

  @Option(names = "--base", paramLabel = "JAR|git:COMMIT", description = "The build (default: that of the working tree).")
  private @Nullable String base;

  private final GateWork work = new GateWork();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<PairedBenchmark> benchmarks = selection.benchmarks();
    if (!selection.isNarrowed()) {
      benchmarks.removeIf(benchmark -> benchmark.work().backward() || !SHAPES.contains(benchmark.work().shape()));
    }
    List<Comparison> comparisons;
    try (Interruption _ = new Interruption(work::stop)) {
      comparisons = compared(benchmarks, spec.commandLine().getErr());
    }
    if (work.isStopped()) {
      return ExitCode.INCONCLUSIVE;
    }
    TextTable table = new TextTable("lllrr", "kernel", "operation", "shape", "forks differ by up to", "found from");
    List<String> problems = new ArrayList<>();
    for (Comparison comparison : comparisons) {
      PairedBenchmark benchmark = comparison.benchmark();
      if (comparison.problem() != null) {
        problems.add("%s: %s".formatted(benchmark, comparison.problem()));
        continue;
      }
      Noise noise = Noise.of(comparison);
      table.row(
          benchmark.kernel(),
          benchmark.work().operation() + (benchmark.work().backward() ? " forward+backward" : " forward"),
          benchmark.work().shape(),
          percent(noise.spread()),
          Double.isNaN(noise.detectable()) ? "nothing" : percent(noise.detectable()));
    }
    out.print(table);
    problems.forEach(out::println);
    out.flush();
    return problems.isEmpty() ? ExitCode.GOOD : ExitCode.ENVIRONMENT;
  }

  private List<Comparison> compared(List<PairedBenchmark> benchmarks, PrintWriter err) {
    KernelsJar build;
    try (Steps steps = new Steps(err, "gate")) {
      build = base == null ? KernelsJar.ofWorkingTree() : KernelsJar.named(base, steps);
    }
    Path jar = build.copied("base").jar();
    Path same = build.copied("candidate").jar();
    TwinBenchmarks found = TwinBenchmarks.of(jar, same, benchmarks);
    GateMeasurement measurement = work.begin(new GateMeasurement(jar, same, GatePolicy.none(), err));
    List<Comparison> comparisons = new ArrayList<>(measurement.run(found.common(), false));
    comparisons.addAll(found.failed());
    return comparisons;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
