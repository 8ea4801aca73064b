package org.lanewise.bench.cli;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.grid.WorkFilter;
import org.lanewise.conformance.cases.Glob;
import picocli.CommandLine.Option;

/** The options that say which benchmarks the gate is about. */
final class GateSelection {
  @Option(
      names = "--preset",
      paramLabel = "NAME",
      completionCandidates = Choices.OfPreset.class,
      description = "Measure these points: ${COMPLETION-CANDIDATES} (default: gate).")
  private String preset = "gate";

  @Option(
      names = "--operation",
      paramLabel = "OP",
      split = ",",
      completionCandidates = Choices.OfMeasuredOperation.class,
      description = "Only these operations: ${COMPLETION-CANDIDATES}.")
  private List<String> operations = List.of();

  @Option(
      names = "--kernel",
      paramLabel = "ID",
      split = ",",
      completionCandidates = Choices.OfMeasuredKernel.class,
      description = "Only these kernels (default: scalar,vector).")
  private @Nullable List<String> kernels;

  @Option(
      names = "--benchmark",
      paramLabel = "GLOB",
      description = "Only benchmarks whose name matches, such as 'vector/*/forward/*'; may be given several times.")
  private List<String> globs = List.of();

  /** The benchmarks that were asked for; at least one. */
  List<PairedBenchmark> benchmarks() {
    List<Work> points =
        new WorkFilter(operations, List.of(), List.of(), List.of(), List.of())
            .apply(Grid.load().preset(preset)).stream().filter(GateSelection::hasBenchmark).toList();
    List<PairedBenchmark> benchmarks = new ArrayList<>();
    for (String kernel : new LinkedHashSet<>(kernels == null ? Subjects.BUILT_IN : kernels)) {
      points.forEach(work -> benchmarks.add(new PairedBenchmark(kernel, work)));
    }
    if (!globs.isEmpty()) {
      for (String glob : globs) {
        if (benchmarks.stream().map(PairedBenchmark::name).noneMatch(Glob.matching(glob))) {
          throw UserError.usage(
              "--benchmark '%s' matches none of %d benchmarks%s; in a pattern * stands for any text."
                  .formatted(glob, benchmarks.size(), benchmarks.isEmpty() ? "" : ", such as " + benchmarks.getFirst()));
        }
      }
      Predicate<String> wanted = globs.stream().map(Glob::matching).reduce(Predicate::or).orElseThrow();
      benchmarks.removeIf(benchmark -> !wanted.test(benchmark.name()));
    }
    if (benchmarks.isEmpty()) {
      throw UserError.usage(
          "No benchmark is selected; the gate compares float32 with hard targets, so choose points that have them.");
    }
    return benchmarks;
  }

  /** Whether the user chose anything. */
  boolean isGiven() {
    return isNarrowed() || kernels != null;
  }

  /** Whether the user asked for less, or other, than the preset that is the default. */
  boolean isNarrowed() {
    return !preset.equals("gate") || !globs.isEmpty() || !operations.isEmpty();
  }

  /** As for JMH: the array forms are there for float32 and hard targets. */
  private static boolean hasBenchmark(Work work) {
    return work.dtype().equals("float32") && Stream.of("binary", "indices").anyMatch(work.target()::equals);
  }
}
