package org.lanewise.bench.gate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.Twin.Missing;

/**
 * Which benchmarks two builds have in common, found by computing a little of each on both.
 *
 * @param common what can be compared
 * @param added what only the candidate has
 * @param removed what only the base has
 * @param failed what both have and this machine cannot run
 * @param unknown what neither has, in sentences
 */
public record TwinBenchmarks(
    List<PairedBenchmark> common,
    List<PairedBenchmark> added,
    List<PairedBenchmark> removed,
    List<Comparison> failed,
    List<String> unknown) {

  /**
   * Tries benchmarks.
   *
   * @throws UserError if a jar is none of the kernels, or the two would be one build
   */
  public static TwinBenchmarks of(Path base, Path candidate, List<PairedBenchmark> benchmarks) {
    TwinBenchmarks found =
        new TwinBenchmarks(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    try (Twin first = Twin.open("base", base);
        Twin second = Twin.open("candidate", candidate)) {
      benchmarks.forEach(benchmark -> found.add(benchmark, first, second));
    }
    return found;
  }

  private void add(PairedBenchmark benchmark, Twin base, Twin candidate) {
    Twin.Block ofBase = null;
    Missing baseLacks = null;
    try {
      ofBase = base.trial(benchmark);
    } catch (Missing e) {
      baseLacks = e;
    }
    Twin.Block ofCandidate;
    try {
      ofCandidate = candidate.trial(benchmark);
    } catch (Missing e) {
      if (e.onlyHere || baseLacks != null && baseLacks.onlyHere) {
        failed.add(Comparison.failed(benchmark, String.valueOf(e.getMessage())));
      } else if (baseLacks != null) {
        unknown.add("%s %s".formatted(baseLacks.getMessage(), e.getMessage()));
      } else {
        removed.add(benchmark);
      }
      return;
    }
    if (ofBase != null) {
      Twin.requireDifferent(base, ofBase, candidate, ofCandidate);
      common.add(benchmark);
    } else if (baseLacks != null && baseLacks.onlyHere) {
      failed.add(Comparison.failed(benchmark, String.valueOf(baseLacks.getMessage())));
    } else {
      added.add(benchmark);
    }
  }
}
