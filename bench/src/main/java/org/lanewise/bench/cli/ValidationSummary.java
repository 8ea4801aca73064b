package org.lanewise.bench.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.results.Json;
import org.lanewise.conformance.validation.Accuracy;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.validation.Observation;
import org.lanewise.conformance.validation.Validation;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;

/** What was found of one implementation, and how it is told to people and to programs. */
final class ValidationSummary {
  /** So many failures of a rule are printed; the result file has them all. */
  private static final int PRINTED_FAILURES = 3;

  /** What a witness says of an element that no input decides alone. */
  private static final String WHOLE_BATCH = "the whole batch";

  private final String implementation;
  private final List<Finding> findings;
  private final Accuracy accuracy;
  private final List<Observation> observations;
  private final String repeatOptions;

  /**
   * A summary.
   *
   * @param implementation its id
   * @param repeatOptions what the command that repeats a failure needs beside {@code --case}
   */
  ValidationSummary(String implementation, List<Finding> findings, Validation validation, String repeatOptions) {
    this.implementation = implementation;
    this.findings = findings;
    this.accuracy = validation.accuracy();
    this.observations = List.copyOf(validation.observations());
    this.repeatOptions = repeatOptions;
  }

  private long count(Verdict verdict) {
    return findings.stream().filter(finding -> finding.verdict() == verdict).count();
  }

  /** Good only if something passed and nothing failed. */
  int exitCode() {
    if (count(Verdict.FAILED) > 0) {
      return ExitCode.NOT_CONFORMING;
    }
    return count(Verdict.PASSED) == 0 || count(Verdict.MISTRUSTED) > 0 ? ExitCode.ENVIRONMENT : ExitCode.GOOD;
  }

  /** Prints failures, rules, coverage and accuracy; the verdict comes last. */
  void print(PrintWriter out) {
    printFailures(out);
    printRules(out);
    printCoverage(out);
    printAccuracy(out);
    printIdentities(out);
  }

  private void printFailures(PrintWriter out) {
    for (Rule rule : Rule.values()) {
      List<Finding> failed =
          findings.stream().filter(f -> f.rule() == rule && f.verdict() == Verdict.FAILED).toList();
      for (Finding finding : failed.subList(0, Math.min(PRINTED_FAILURES, failed.size()))) {
        out.printf("FAILED %s: %s%n  %s%n", rule.id(), finding.id(), finding.reason());
        out.print(text(finding.witness()));
        out.printf("  repeat: %s%n", repeat(finding));
      }
      if (failed.size() > PRINTED_FAILURES) {
        out.printf("  … and %d more that break %s; --json FILE lists them all.%n", failed.size() - PRINTED_FAILURES, rule.id());
      }
    }
  }

  /** An element as a line; nothing where there is none. */
  private static String text(@Nullable Witness witness) {
    return witness == null
        ? ""
        : "  %s[%d]: got %s, expected %s, %s ULP; inputs %s%n"
            .formatted(
                witness.output(),
                witness.index(),
                number(witness.got()),
                number(witness.expected()),
                Verification.ulp(witness.ulp()),
                witness.input());
  }

  private static String number(double value) {
    return "%s (%s)".formatted(Double.toHexString(value), value);
  }

  private String repeat(Finding finding) {
    return "%s validate%s --case %s".formatted(Shell.launcher(), repeatOptions, Shell.quoted(finding.id()));
  }

  private void printRules(PrintWriter out) {
    TextTable table = new TextTable("lrrl", "rule", "passed", "failed", "");
    for (Rule rule : Rule.values()) {
      Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
      findings.stream().filter(f -> f.rule() == rule).forEach(f -> counts.merge(f.verdict(), 1, Integer::sum));
      int passed = counts.getOrDefault(Verdict.PASSED, 0);
      int failed = counts.getOrDefault(Verdict.FAILED, 0);
      if (passed + failed > 0) {
        table.row(rule.id(), Integer.toString(passed), Integer.toString(failed), rule.sentence());
      } else if (rule.onlyIfDeclared()) {
        table.row(rule.id(), "-", "-", "not declared, so not required");
      }
    }
    out.printf("%n%s", table);
  }

  /** What was not judged, with the reasons. */
  private void printCoverage(PrintWriter out) {
    Set<String> judged = new LinkedHashSet<>();
    Map<String, Integer> skipped = new LinkedHashMap<>();
    for (Finding finding : findings) {
      if (finding.verdict() == Verdict.PASSED || finding.verdict() == Verdict.FAILED) {
        judged.add(finding.id());
      } else if (finding.verdict() == Verdict.SKIPPED && finding.rule() != Rule.BOUND) {
        skipped.merge("%s: %s".formatted(finding.rule().id(), finding.reason()), 1, Integer::sum);
      } else if (finding.verdict() == Verdict.MISTRUSTED) {
        skipped.merge("MISTRUSTED, the data is at fault: " + finding.reason(), 1, Integer::sum);
      }
    }
    out.printf("%n%,d %s judged.%n", judged.size(), judged.size() == 1 ? "case or call series" : "cases and call series");
    skipped.forEach((reason, count) -> out.printf("not judged: %,d, %s%n", count, reason));
  }

  private void printAccuracy(PrintWriter out) {
    if (accuracy.errors().isEmpty()) {
      return;
    }
    TextTable table =
        new TextTable("lrrrrrrrr", "errors in ULP", "values", "≤ 0.5", "≤ 1", "≤ 4", "> 4", "mean", "bias", "max");
    List<String> worst = new ArrayList<>();
    accuracy
        .errors()
        .forEach(
            (what, errors) -> {
              long[] bins = errors.histogram();
              table.row(
                  what,
                  Long.toString(errors.count()),
                  percent(bins[0], errors.count()),
                  percent(bins[0] + bins[1], errors.count()),
                  percent(bins[0] + bins[1] + bins[2] + bins[3], errors.count()),
                  percent(errors.count() - bins[0] - bins[1] - bins[2] - bins[3], errors.count()),
                  Verification.ulp(errors.mean()),
                  Verification.ulp(errors.bias()),
                  Verification.ulp(Math.abs(errors.worst().ulp())));
              if (!errors.worst().input().equals(WHOLE_BATCH)) {
                worst.add("  %s: %s".formatted(what, errors.worst().input()));
              }
            });
    out.printf("%n%sWorst inputs:%n%s%n", table, String.join("\n", worst));
  }

  private void printIdentities(PrintWriter out) {
    if (observations.isEmpty()) {
      return;
    }
    TextTable table = new TextTable("lrrr", "observed, not required", "of", "hold", "max ULP");
    for (Observation seen : observations) {
      table.row(
          "%s %s: %s".formatted(seen.operation(), seen.dtype(), seen.identity()),
          Integer.toString(seen.pairs()),
          Integer.toString(seen.equal()),
          Double.isNaN(seen.maxUlp()) ? "" : Verification.ulp(seen.maxUlp()));
    }
    out.printf("%n%s", table);
  }

  private static String percent(long part, long whole) {
    return part == 0 ? "-" : String.format(Locale.ROOT, "%.2f %%", 100.0 * part / whole);
  }

  /** One line: the verdict, and what was broken. */
  String verdict() {
    return switch (exitCode()) {
      case ExitCode.GOOD -> "%s: PASSED".formatted(implementation);
      case ExitCode.NOT_CONFORMING -> {
        Set<String> broken = new LinkedHashSet<>();
        for (Rule rule : Rule.values()) {
          if (findings.stream().anyMatch(f -> f.rule() == rule && f.verdict() == Verdict.FAILED)) {
            broken.add(rule.id());
          }
        }
        yield "%s: FAILED, it breaks %s".formatted(implementation, String.join(", ", broken));
      }
      default ->
          count(Verdict.MISTRUSTED) > 0
              ? "%s: no verdict, the data is at fault: %d cases are MISTRUSTED".formatted(implementation, count(Verdict.MISTRUSTED))
              : "%s: no verdict, for nothing applied to it".formatted(implementation);
    };
  }

  /** The rows of a result file of kind {@code validate}. */
  List<JsonObject> toJson() {
    List<JsonObject> rows = new ArrayList<>();
    for (Finding finding : findings) {
      JsonObject row = new JsonObject();
      row.addProperty("implementation", implementation);
      row.addProperty("rule", finding.rule().id());
      row.addProperty("operation", finding.operation());
      row.addProperty("dtype", finding.dtype());
      row.addProperty("case", finding.id());
      row.addProperty("verdict", finding.verdict().name());
      row.add("worst", finding.witness() == null ? null : Verification.witness(finding.witness()));
      row.addProperty("reason", finding.reason());
      row.addProperty("repeat", finding.verdict() == Verdict.FAILED ? repeat(finding) : null);
      rows.add(row);
    }
    return rows;
  }

  /** The findings as tests. */
  JUnitXml.Suite suite() {
    return new JUnitXml.Suite(
        implementation,
        findings.stream()
            .map(
                finding ->
                    new JUnitXml.Test(
                        implementation + "." + finding.rule().id(),
                        finding.id(),
                        finding.verdict(),
                        finding.reason(),
                        "%srepeat: %s".formatted(text(finding.witness()), repeat(finding))))
            .toList());
  }

  /** What was observed and decides nothing: errors, one object an output, and identities. */
  JsonArray observed() {
    JsonArray rows = new JsonArray();
    accuracy
        .errors()
        .forEach(
            (what, errors) -> {
              JsonObject row = new JsonObject();
              row.addProperty("implementation", implementation);
              row.addProperty("output", what);
              row.addProperty("values", errors.count());
              JsonArray histogram = new JsonArray();
              long[] bins = errors.histogram();
              for (int i = 0; i < bins.length; i++) {
                JsonObject bin = new JsonObject();
                bin.add("to_ulp", i < Accuracy.BINS.size() ? new JsonPrimitive(Accuracy.BINS.get(i)) : new JsonPrimitive("inf"));
                bin.addProperty("count", bins[i]);
                histogram.add(bin);
              }
              row.add("histogram", histogram);
              row.add("mean_ulp", Json.number(errors.mean()));
              row.add("bias_ulp", Json.number(errors.bias()));
              row.add("worst", Verification.witness(errors.worst()));
              rows.add(row);
            });
    for (Observation seen : observations) {
      JsonObject row = new JsonObject();
      row.addProperty("implementation", implementation);
      row.addProperty("operation", seen.operation());
      row.addProperty("dtype", seen.dtype());
      row.addProperty("identity", seen.identity());
      row.addProperty("values", seen.pairs());
      row.addProperty("hold", seen.equal());
      row.add("max_ulp", Json.number(seen.maxUlp()));
      row.add("allowed_ulp", Json.number(seen.allowed()));
      row.addProperty("worst", seen.worst());
      rows.add(row);
    }
    return rows;
  }
}
