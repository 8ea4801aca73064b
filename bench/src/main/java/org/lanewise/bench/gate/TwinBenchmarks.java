package org.lanewise.bench.gate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
 * @param loosened by kernel, what the base promises and the candidate does not, in sentences: the candidate is held to its own
 *     promises, so that one that promises less could otherwise be less accurate unseen
 */
public record TwinBenchmarks(
    List<PairedBenchmark> common,
    List<PairedBenchmark> added,
    List<PairedBenchmark> removed,
    List<Comparison> failed,
    List<String> unknown,
    Map<String, Set<String>> loosened) {

  /**
   * Tries benchmarks.
   *
   * @throws UserError if a jar is none of the kernels, the two would be one build, or neither has any of the benchmarks
   */
  public static TwinBenchmarks of(Path base, Path candidate, List<PairedBenchmark> benchmarks) {
    TwinBenchmarks found =
        new TwinBenchmarks(
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new TreeMap<>());
    try (Twin first = Twin.open("base", base);
        Twin second = Twin.open("candidate", candidate)) {
      benchmarks.forEach(benchmark -> found.add(benchmark, first, second));
    }
    if (found.unknown.size() == benchmarks.size()) {
      throw UserError.usage("No benchmark is left to compare: %s".formatted(found.unknown.getFirst()));
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
        failed.add(Comparison.failed(benchmark, e.getMessage()));
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
      comparePromises(benchmark, ofBase.promised(), ofCandidate.promised());
    } else if (baseLacks.onlyHere) {
      failed.add(Comparison.failed(benchmark, baseLacks.getMessage()));
    } else {
      added.add(benchmark);
    }
  }

  private void comparePromises(PairedBenchmark benchmark, Map<String, Double> base, Map<String, Double> candidate) {
    String of = "%s %s".formatted(benchmark.work().operation(), benchmark.work().dtype());
    new TreeMap<>(base)
        .forEach(
            (promise, before) -> {
              double now = candidate.getOrDefault(promise, Double.POSITIVE_INFINITY);
              if (now > before) {
                String sentence =
                    before == 0
                        ? "The base declares %s of %s, the candidate does not".formatted(promise, of)
                        : "The candidate declares a bound of %s ULP for %s of %s, the base %s"
                            .formatted(now, promise, of, before);
                loosened
                    .computeIfAbsent(benchmark.kernel(), _ -> new LinkedHashSet<>())
                    .add(sentence + "; --allow-looser-bounds accepts it.");
              }
            });
  }
}
