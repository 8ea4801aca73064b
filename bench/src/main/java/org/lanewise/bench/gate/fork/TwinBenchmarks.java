package org.lanewise.bench.gate.fork;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.fork.Twin.Missing;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.PairedBenchmark;

/**
 * Which benchmarks two builds have in common, found by computing a little of each on both.
 *
 * @param common what can be compared
 * @param added what only the candidate has
 * @param removed what only the base has
 * @param failed what both have and cannot be run, because of this machine or of the kernel
 * @param unknown what neither has
 * @param loosened by kernel, what the base promises and the candidate does not, in sentences: the candidate is held to its own
 *     promises, so that one that promises less could otherwise be less accurate unseen
 */
public record TwinBenchmarks(
    List<PairedBenchmark> common,
    List<PairedBenchmark> added,
    List<PairedBenchmark> removed,
    List<Comparison> failed,
    List<Unknown> unknown,
    Map<String, Set<String>> loosened) {

  /**
   * What neither build has.
   *
   * @param why a sentence
   */
  public record Unknown(PairedBenchmark benchmark, String why) {}

  private TwinBenchmarks() {
    this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new TreeMap<>());
  }

  /**
   * Tries benchmarks, in a JVM of its own.
   *
   * @throws UserError if a jar is none of the kernels, the two would be one build, neither has anything of a kernel that was
   *     asked for, or a kernel ends the JVM or does not return
   */
  public static TwinBenchmarks of(Path base, Path candidate, List<PairedBenchmark> benchmarks) {
    TwinBenchmarks found = TrialFork.run(new ForkOrder(base, candidate, benchmarks, 0));
    for (String kernel : benchmarks.stream().map(PairedBenchmark::kernel).distinct().toList()) {
      List<Unknown> nothing = found.unknown.stream().filter(one -> one.benchmark.kernel().equals(kernel)).toList();
      if (nothing.size() == benchmarks.stream().filter(one -> one.kernel().equals(kernel)).count()) {
        throw UserError.usage("No benchmark of '%s' is left to compare: %s".formatted(kernel, nothing.getFirst().why));
      }
    }
    return found;
  }

  /** Tries benchmarks in this JVM. */
  static TwinBenchmarks triedHere(Path base, Path candidate, List<PairedBenchmark> benchmarks) {
    TwinBenchmarks found = new TwinBenchmarks();
    try (Twin first = Twin.open("base", base);
        Twin second = Twin.open("candidate", candidate)) {
      benchmarks.forEach(benchmark -> found.add(benchmark, first, second));
    }
    return found;
  }

  private void add(PairedBenchmark benchmark, Twin base, Twin candidate) {
    try {
      Trial ofBase = Trial.of(benchmark, base);
      Trial ofCandidate = Trial.of(benchmark, candidate);
      if (ofBase.block != null && ofCandidate.block != null) {
        Twin.requireDifferent(base, ofBase.block, candidate, ofCandidate.block);
        common.add(benchmark);
        comparePromises(benchmark.kernel(), ofBase.block.promised(), ofCandidate.block.promised());
      } else if (ofBase.isOnlyHere() || ofCandidate.isOnlyHere()) {
        failed.add(Comparison.failed(benchmark, ofBase.isOnlyHere() ? ofBase.why() : ofCandidate.why()));
      } else if (ofBase.block != null) {
        removed.add(benchmark);
      } else if (ofCandidate.block != null) {
        added.add(benchmark);
      } else {
        unknown.add(new Unknown(benchmark, "%s %s".formatted(ofBase.why(), ofCandidate.why())));
      }
    } catch (UserError e) {
      throw e;
    } catch (RuntimeException | Error e) { // of the kernel: whatever it throws
      failed.add(Comparison.failed(benchmark, "A call of the kernel threw %s.".formatted(e)));
    }
  }

  /** One build's side of a trial: a block, or why there is none. */
  private record Trial(Twin.@Nullable Block block, @Nullable Missing missing) {
    static Trial of(PairedBenchmark benchmark, Twin twin) {
      try {
        return new Trial(twin.trial(benchmark), null);
      } catch (Missing e) {
        return new Trial(null, e);
      }
    }

    boolean isOnlyHere() {
      return missing != null && missing.onlyHere;
    }

    String why() {
      return missing == null ? "" : String.valueOf(missing.getMessage());
    }
  }

  private void comparePromises(String kernel, Map<String, Double> base, Map<String, Double> candidate) {
    new TreeMap<>(base)
        .forEach(
            (promise, before) -> {
              double now = candidate.getOrDefault(promise, Double.POSITIVE_INFINITY);
              if (now > before) {
                String sentence =
                    before == 0
                        ? "The base declares %s, the candidate does not".formatted(promise)
                        : "The candidate declares a bound of %s ULP for %s, the base %s".formatted(now, promise, before);
                loosened
                    .computeIfAbsent(kernel, _ -> new LinkedHashSet<>())
                    .add(sentence + "; --allow-looser-bounds accepts it.");
              }
            });
  }

  /** What {@link #of(JsonObject, List)} reads. */
  JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.add("common", names(common));
    json.add("added", names(added));
    json.add("removed", names(removed));
    JsonObject problems = new JsonObject();
    failed.forEach(one -> problems.addProperty(one.benchmark().name(), one.problem()));
    json.add("failed", problems);
    JsonObject reasons = new JsonObject();
    unknown.forEach(one -> reasons.addProperty(one.benchmark.name(), one.why));
    json.add("unknown", reasons);
    JsonObject sentences = new JsonObject();
    loosened.forEach(
        (kernel, all) -> {
          JsonArray array = new JsonArray();
          all.forEach(array::add);
          sentences.add(kernel, array);
        });
    json.add("loosened", sentences);
    return json;
  }

  static TwinBenchmarks of(JsonObject json, List<PairedBenchmark> benchmarks) {
    TwinBenchmarks found = new TwinBenchmarks();
    for (PairedBenchmark benchmark : benchmarks) {
      String name = benchmark.name();
      if (isIn(json.getAsJsonArray("common"), name)) {
        found.common.add(benchmark);
      } else if (isIn(json.getAsJsonArray("added"), name)) {
        found.added.add(benchmark);
      } else if (isIn(json.getAsJsonArray("removed"), name)) {
        found.removed.add(benchmark);
      } else if (json.getAsJsonObject("failed").has(name)) {
        found.failed.add(Comparison.failed(benchmark, json.getAsJsonObject("failed").get(name).getAsString()));
      } else {
        found.unknown.add(new Unknown(benchmark, json.getAsJsonObject("unknown").get(name).getAsString()));
      }
    }
    json.getAsJsonObject("loosened")
        .asMap()
        .forEach(
            (kernel, all) -> {
              Set<String> sentences = new LinkedHashSet<>();
              all.getAsJsonArray().forEach(sentence -> sentences.add(sentence.getAsString()));
              found.loosened.put(kernel, sentences);
            });
    return found;
  }

  private static JsonArray names(List<PairedBenchmark> benchmarks) {
    JsonArray names = new JsonArray();
    benchmarks.forEach(benchmark -> names.add(benchmark.name()));
    return names;
  }

  private static boolean isIn(JsonArray names, String name) {
    return names.asList().stream().anyMatch(one -> one.getAsString().equals(name));
  }
}
