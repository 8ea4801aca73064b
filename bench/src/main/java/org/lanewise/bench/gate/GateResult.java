package org.lanewise.bench.gate;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.Judge;
import org.lanewise.bench.gate.rule.Judgement;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.gate.rule.SuiteMean;
import org.lanewise.bench.gate.rule.Threshold;

/**
 * A whole run of the gate, judged.
 *
 * @param environment where it ran, and what was compared
 * @param rows what was compared
 * @param added benchmarks that only the candidate has
 * @param removed benchmarks that only the base has
 * @param conformance of the candidate, by kernel
 */
public record GateResult(
    JsonObject environment,
    List<Row> rows,
    List<PairedBenchmark> added,
    List<Removed> removed,
    List<Conformance> conformance) {
  /** What all kernels share, checked with each of them. */
  private static final String FRONT_DOOR = "front-door";

  /**
   * One benchmark.
   *
   * @param comparison the facts
   * @param threshold by which they were judged
   * @param waiver why a regression is accepted; null where it is not
   * @param judgement the verdict
   */
  public record Row(Comparison comparison, Threshold threshold, @Nullable String waiver, Judgement judgement) {
    /** Judges a comparison. */
    public static Row of(Comparison comparison, Threshold threshold, @Nullable String waiver) {
      return new Row(comparison, threshold, waiver, Judge.of(comparison, threshold));
    }

    /** Whether a verdict that would count against the candidate is accepted. What was not measured cannot be. */
    public boolean isWaived() {
      return waiver != null
          && (judgement.verdict() == Verdict.REGRESSED || judgement.verdict() == Verdict.INCONCLUSIVE);
    }
  }

  /**
   * A benchmark that the candidate lacks.
   *
   * @param benchmark which
   * @param waiver why that is accepted; null where it is not
   */
  public record Removed(PairedBenchmark benchmark, @Nullable String waiver) {}

  /** Keeps copies of the lists. */
  public GateResult {
    rows = List.copyOf(rows);
    added = List.copyOf(added);
    removed = List.copyOf(removed);
    conformance = List.copyOf(conformance);
  }

  /** Judges a run by a policy. */
  public static GateResult of(
      JsonObject environment,
      List<Comparison> comparisons,
      List<PairedBenchmark> added,
      List<PairedBenchmark> removed,
      List<Conformance> conformance,
      GatePolicy policy,
      boolean newBits) {
    List<Row> rows = new ArrayList<>();
    for (Comparison comparison : comparisons) {
      PairedBenchmark benchmark = comparison.benchmark();
      Threshold threshold = policy.threshold(benchmark);
      rows.add(Row.of(comparison, newBits ? threshold.withNewBits() : threshold, policy.waiver(benchmark)));
    }
    return new GateResult(
        environment,
        rows,
        added,
        removed.stream().map(benchmark -> new Removed(benchmark, policy.waiver(benchmark))).toList(),
        conformance);
  }

  /** How many benchmarks got the verdict; those waived do not count. */
  public long count(Verdict verdict) {
    return rows.stream().filter(row -> row.judgement.verdict() == verdict && !row.isWaived()).count();
  }

  /** What keeps the run from being a pass although no benchmark shows it, each in a sentence. */
  public List<String> gaps() {
    List<String> gaps = new ArrayList<>();
    if (rows.isEmpty()) {
      gaps.add("No benchmark was compared.");
    }
    if (environment.get("complete") != null && !environment.get("complete").getAsBoolean()) {
      gaps.add("The run was interrupted.");
    }
    for (Removed gone : removed) {
      if (gone.waiver == null) {
        gaps.add("The candidate lacks %s; a waiver in %s accepts it.".formatted(gone.benchmark, GatePolicy.FILE));
      }
    }
    rows.stream()
        .flatMap(row -> Stream.of(FRONT_DOOR, row.comparison.benchmark().kernel()))
        .distinct()
        .filter(kernel -> conformance.stream().noneMatch(c -> c.kernel().equals(kernel) && c.checked() > 0))
        .forEach(kernel -> gaps.add("The conformance of '%s' was not checked.".formatted(kernel)));
    return gaps;
  }

  /** The verdict on the run: the worst of its parts. */
  public Verdict verdict() {
    if (count(Verdict.REGRESSED) > 0 || conformance.stream().anyMatch(c -> !c.failures().isEmpty())) {
      return Verdict.REGRESSED;
    }
    if (count(Verdict.UNMEASURED) > 0 || !gaps().isEmpty()) {
      return Verdict.UNMEASURED;
    }
    if (count(Verdict.INCONCLUSIVE) > 0) {
      return Verdict.INCONCLUSIVE;
    }
    return count(Verdict.IMPROVED) > 0 ? Verdict.IMPROVED : Verdict.PASS;
  }

  /**
   * What the process should exit with.
   *
   * @param ci whether inconclusive is a warning only, as on machines that nobody can make quieter
   */
  public int exitCode(boolean ci) {
    return switch (verdict()) {
      case PASS, IMPROVED -> ExitCode.GOOD;
      case REGRESSED -> ExitCode.NOT_CONFORMING;
      case UNMEASURED -> ExitCode.ENVIRONMENT;
      case INCONCLUSIVE -> ci ? ExitCode.GOOD : ExitCode.INCONCLUSIVE;
    };
  }

  /** The mean over all benchmarks; null where nothing was measured. */
  public @Nullable SuiteMean mean() {
    return SuiteMean.of(
        rows.stream()
            .filter(row -> row.judgement.verdict() != Verdict.UNMEASURED)
            .map(Row::comparison)
            .toList());
  }

  /**
   * The row's p after Holm's correction: the probability that chance shows so much anywhere among all benchmarks of the
   * run. NaN where the row's first forks point nowhere.
   */
  public double holm(Row row) {
    double p = row.judgement.p();
    if (Double.isNaN(p)) {
      return Double.NaN;
    }
    List<Double> ascending =
        rows.stream()
            .map(other -> other.judgement.p())
            .filter(other -> !Double.isNaN(other))
            .sorted(Comparator.naturalOrder())
            .toList();
    double corrected = 0;
    for (int i = 0; i < ascending.size() && ascending.get(i) <= p; i++) {
      corrected = Math.max(corrected, ascending.get(i) * (rows.size() - i));
    }
    return Math.min(1, corrected);
  }

  /** The benchmarks of either side, all of them. */
  public List<PairedBenchmark> benchmarks() {
    return Stream.of(
            rows.stream().map(row -> row.comparison.benchmark()), added.stream(), removed.stream().map(Removed::benchmark))
        .flatMap(benchmarks -> benchmarks)
        .toList();
  }
}
