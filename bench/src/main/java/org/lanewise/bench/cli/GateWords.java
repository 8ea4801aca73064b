package org.lanewise.bench.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.lanewise.bench.gate.Conformance;
import org.lanewise.bench.gate.GateResult;
import org.lanewise.bench.gate.GateResult.Removed;
import org.lanewise.bench.gate.GateResult.Row;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.Judgement;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.gate.rule.SuiteMean;

/** What the outputs of the gate say in the same words. */
final class GateWords {
  private GateWords() {}

  /**
   * The verdict on the run in one line: {@code Regressed: 1 regressed, 1 inconclusive, 22 pass of 24 benchmarks}; then
   * what decides and is no benchmark's.
   */
  static String headline(GateResult result) {
    List<String> counts = new ArrayList<>();
    List<Verdict> worstFirst =
        List.of(Verdict.REGRESSED, Verdict.UNMEASURED, Verdict.INCONCLUSIVE, Verdict.IMPROVED, Verdict.PASS);
    for (Verdict verdict : worstFirst) {
      if (result.count(verdict) > 0) {
        counts.add("%d %s".formatted(result.count(verdict), verdict));
      }
    }
    long waived = result.rows().stream().filter(Row::isWaived).count();
    if (waived > 0) {
      counts.add("%d waived".formatted(waived));
    }
    String verdict = result.verdict().toString();
    StringBuilder text =
        new StringBuilder(
            "%s: %s of %d benchmarks."
                .formatted(
                    verdict.substring(0, 1).toUpperCase(Locale.ROOT) + verdict.substring(1),
                    counts.isEmpty() ? "0" : String.join(", ", counts),
                    result.rows().size()));
    for (Conformance conformance : result.conformance()) {
      if (!conformance.failures().isEmpty()) {
        text.append(" '%s' does not conform.".formatted(conformance.kernel()));
      }
    }
    List<String> gaps = result.gaps();
    if (!gaps.isEmpty()) {
      text.append(" ").append(gaps.getFirst());
      text.append(gaps.size() > 1 ? " And %d more.".formatted(gaps.size() - 1) : "");
    }
    return text.toString();
  }

  /** Which build was compared with which, in a sentence; empty where the file does not say. */
  static String compared(GateResult result) {
    JsonElement base = result.environment().get("base");
    JsonElement candidate = result.environment().get("candidate");
    return !(base instanceof JsonPrimitive) || !(candidate instanceof JsonPrimitive)
        ? ""
        : "Candidate: %s. Base: %s.".formatted(candidate.getAsString(), base.getAsString());
  }

  /** Rows that are not simply a pass, worst first. */
  static List<Row> notable(GateResult result) {
    return result.rows().stream()
        .filter(row -> row.judgement().verdict() != Verdict.PASS)
        .sorted(Comparator.comparingInt(GateWords::severity))
        .toList();
  }

  private static int severity(Row row) {
    int severity =
        switch (row.judgement().verdict()) {
          case REGRESSED -> 0;
          case UNMEASURED -> 1;
          case INCONCLUSIVE -> 2;
          case IMPROVED -> 3;
          case PASS -> 4;
        };
    return row.isWaived() ? 10 + severity : severity;
  }

  /** {@code regressed}, {@code regressed, waived}. */
  static String verdict(Row row) {
    return row.judgement().verdict() + (row.isWaived() ? ", waived" : "");
  }

  /** Why, in sentences. */
  static String reason(GateResult result, Row row) {
    StringBuilder text = new StringBuilder(row.judgement().reason());
    if (row.judgement().verdict() != Verdict.UNMEASURED && !Double.isNaN(result.holm(row))) {
      text.append(
          " Chance: p = %s, among all benchmarks %s."
              .formatted(probability(row.judgement().p()), probability(result.holm(row))));
    }
    if (row.isWaived()) {
      text.append(" Waived: ").append(row.waiver());
    }
    return text.toString();
  }

  /** What concerns the run and no single benchmark, each in a sentence. */
  static List<String> notes(GateResult result) {
    List<String> notes = new ArrayList<>(result.gaps());
    for (Conformance conformance : result.conformance()) {
      notes.add(
          conformance.failures().isEmpty()
              ? "Conformance of '%s': %d cases checked, all conform.".formatted(conformance.kernel(), conformance.checked())
              : "Conformance of '%s': %s"
                  .formatted(conformance.kernel(), String.join(" ", conformance.failures())));
    }
    result.added().forEach(benchmark -> notes.add("Added: %s.".formatted(benchmark)));
    for (Removed removed : result.removed()) {
      if (removed.waiver() != null) {
        notes.add("Removed: %s. Waived: %s".formatted(removed.benchmark(), removed.waiver()));
      }
    }
    SuiteMean mean = result.mean();
    if (mean != null) {
      notes.add(
          "Geometric mean of the ratios: %s (%s).%s"
              .formatted(
                  ratio(mean.ratio()),
                  interval(mean.low(), mean.high()),
                  mean.isBroadLoss() ? " Warning: the suite as a whole has become slower." : ""));
    }
    return notes;
  }

  static String ratio(double ratio) {
    return Double.isNaN(ratio) ? "" : String.format(Locale.ROOT, "%.3f", ratio);
  }

  static String interval(double low, double high) {
    return Double.isNaN(low) ? "" : String.format(Locale.ROOT, "%.3f to %.3f", low, high);
  }

  /** The probability of finding a slowdown, never rounded up to what it has not reached. */
  static String power(Judgement judgement) {
    double power = judgement.power();
    return Double.isNaN(power)
        ? ""
        : power > 0.99 ? ">0.99" : String.format(Locale.ROOT, "%.2f", Math.floor(power * 100) / 100);
  }

  static String forks(Comparison comparison) {
    int fresh = comparison.confirmation().size();
    return comparison.first().size() + (fresh == 0 ? "" : "+" + fresh);
  }

  private static String probability(double p) {
    return String.format(Locale.ROOT, p < 0.001 ? "%.0e" : "%.3f", p);
  }
}
