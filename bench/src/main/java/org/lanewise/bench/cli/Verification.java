package org.lanewise.bench.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.results.Json;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Contract;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;

/** The verdicts on some implementations and cases, and how they are told to people and to programs. */
final class Verification {
  /** More failures than this are not printed one by one; the result file has them all. */
  private static final int PRINTED_FAILURES = 20;

  private final List<CaseResult> results = new ArrayList<>();
  private final Map<RowKey, Row> rows = new LinkedHashMap<>();
  private final String repeatOptions;

  /** One row of the summary. */
  record RowKey(String subject, String operation) {}

  /** What the summary says of one implementation and operation; a case counts by the worse of its two verdicts. */
  static final class Row {
    private final Map<Verdict, Integer> cases = new EnumMap<>(Verdict.class);

    /** The largest error against the truth; null where none was measured. */
    private @Nullable Witness worst;

    int count(Verdict verdict) {
      return cases.getOrDefault(verdict, 0);
    }

    /** The largest error, for a table. */
    String maxUlp() {
      return worst == null ? "-" : ulp(Math.abs(worst.ulp()));
    }

    /** Where the largest error was found, as lines below the row; empty where none was measured. */
    String worstInput(String margin) {
      return worst == null
          ? ""
          : Paragraph.of("worst: %s at %s".formatted(worst.output(), worst.input()), margin, margin + "  ");
    }

    private void add(List<CaseResult> contracts) {
      cases.merge(worse(contracts), 1, Integer::sum);
      for (CaseResult result : contracts) {
        if (result.contract() == Contract.TRUE
            && result.worst() != null
            && (worst == null || result.maxUlp() > Math.abs(worst.ulp()))) {
          worst = result.worst();
        }
      }
    }

    private static Verdict worse(List<CaseResult> contracts) {
      Set<Verdict> verdicts = contracts.stream().map(CaseResult::verdict).collect(Collectors.toSet());
      for (Verdict verdict : List.of(Verdict.FAILED, Verdict.MISTRUSTED, Verdict.PASSED, Verdict.SKIPPED)) {
        if (verdicts.contains(verdict)) {
          return verdict;
        }
      }
      return Verdict.NOT_APPLICABLE;
    }
  }

  private Verification(String repeatOptions) {
    this.repeatOptions = repeatOptions;
  }

  /**
   * Judges every implementation by every case.
   *
   * @param data all of the data
   * @param cases those to judge
   * @param repeatOptions what the command that repeats a failure needs beside kernel and case, such as {@code --cases}
   * @param err is told how far it is
   */
  static Verification run(
      ReferenceData data, List<Subject> subjects, List<ReferenceCase> cases, String repeatOptions, PrintWriter err) {
    Conformance conformance = new Conformance(data);
    Verification verification = new Verification(repeatOptions);
    double total = (double) subjects.size() * cases.size();
    int done = 0;
    try (Progress progress = Progress.on(err)) {
      for (Subject subject : subjects) {
        for (ReferenceCase reference : cases) {
          progress.share(done++ / total, "verifying %s, %s".formatted(subject.id(), reference.operation()));
          verification.add(subject, reference, conformance.judge(subject, reference));
        }
      }
    }
    return verification;
  }

  private void add(Subject subject, ReferenceCase reference, List<CaseResult> contracts) {
    if (!contracts.isEmpty()) {
      results.addAll(contracts);
      rows.computeIfAbsent(new RowKey(subject.id(), reference.operation()), key -> new Row()).add(contracts);
    }
  }

  Map<RowKey, Row> rows() {
    return rows;
  }

  List<CaseResult> results() {
    return results;
  }

  /** How many cases have the verdict, over all implementations. */
  int count(Verdict verdict) {
    return rows.values().stream().mapToInt(row -> row.count(verdict)).sum();
  }

  /** Good only if something passed and nothing failed or was mistrusted. */
  int exitCode() {
    if (count(Verdict.FAILED) > 0) {
      return ExitCode.NOT_CONFORMING;
    }
    return count(Verdict.MISTRUSTED) > 0 || count(Verdict.PASSED) == 0 ? ExitCode.ENVIRONMENT : ExitCode.GOOD;
  }

  /** Prints every case that failed or is mistrusted, with what repeats it; up to a limit. */
  void printFailures(PrintWriter out) {
    List<CaseResult> bad =
        results.stream()
            .filter(result -> result.verdict() == Verdict.FAILED || result.verdict() == Verdict.MISTRUSTED)
            .toList();
    for (CaseResult result : bad.subList(0, Math.min(PRINTED_FAILURES, bad.size()))) {
      out.printf(
          "%s %s %s, contract %s: %s%n",
          result.verdict(), result.subject(), result.reference().id(), result.contract().id(), result.reason());
      Witness worst = result.worst();
      if (worst != null) {
        out.printf(
            "  index %d: got %s, expected %s, %s ULP; inputs %s%n",
            worst.index(),
            number(worst.got()),
            number(worst.expected()),
            ulp(worst.ulp()),
            worst.input());
      }
      out.printf("  repeat: %s%n", repeat(result));
    }
    if (bad.size() > PRINTED_FAILURES) {
      out.printf("… and %d more; --json FILE lists them all.%n", bad.size() - PRINTED_FAILURES);
    }
  }

  /** Prints the table of counts, one row an implementation and operation. */
  void printSummary(PrintWriter out) {
    out.printf("%-11s %-16s %6s %6s %7s %8s%n", "kernel", "operation", "passed", "failed", "skipped", "max ULP");
    rows.forEach(
        (key, row) -> {
          out.printf(
              "%-11s %-16s %6d %6d %7d %8s%n",
              key.subject(),
              key.operation(),
              row.count(Verdict.PASSED),
              row.count(Verdict.FAILED),
              row.count(Verdict.SKIPPED),
              row.maxUlp());
          out.print(row.worstInput("  "));
        });
    int mistrusted = count(Verdict.MISTRUSTED);
    if (mistrusted > 0) {
      out.printf("%d cases are MISTRUSTED: they would accept wrong outputs, so the data is at fault.%n", mistrusted);
    }
    if (count(Verdict.PASSED) == 0 && count(Verdict.FAILED) == 0) {
      out.println("No case was checked: each was skipped, not applicable or mistrusted.");
    }
  }

  static String ulp(double ulp) {
    return Math.abs(ulp) < 1e4 || !Double.isFinite(ulp)
        ? String.format(Locale.ROOT, "%.2f", ulp)
        : String.format(Locale.ROOT, "%.2e", ulp);
  }

  private static String number(double value) {
    return "%s (%s)".formatted(Double.toHexString(value), value);
  }

  String repeat(CaseResult result) {
    return "./lanewise verify --kernel %s --case '%s'%s"
        .formatted(result.subject(), result.reference().id(), repeatOptions);
  }

  /** The rows of a result file of kind {@code verify}. */
  List<JsonObject> toJson() {
    List<JsonObject> json = new ArrayList<>();
    for (CaseResult result : results) {
      JsonObject row = new JsonObject();
      row.addProperty("kernel", result.subject());
      row.addProperty("operation", result.reference().operation());
      row.addProperty("dtype", result.reference().dtype());
      row.addProperty("case", result.reference().id());
      row.addProperty("region", result.reference().region());
      row.addProperty("contract", result.contract().id());
      row.addProperty("verdict", result.verdict().name());
      Witness worst = result.worst();
      row.add("max_ulp", worst == null ? null : Json.number(result.maxUlp()));
      row.add("worst", worst == null ? null : witness(worst));
      row.addProperty("reason", result.reason());
      row.addProperty("repeat", result.verdict() == Verdict.FAILED ? repeat(result) : null);
      json.add(row);
    }
    return json;
  }

  /** How many cases there are of each operation, dtype and region, by verdict; a case counts by the worse of its two. */
  JsonArray counts() {
    Map<List<String>, Map<Verdict, Integer>> counts = new TreeMap<>(Comparator.comparing(List::toString));
    Map<List<String>, List<CaseResult>> byCase = new LinkedHashMap<>();
    for (CaseResult result : results) {
      byCase.computeIfAbsent(List.of(result.subject(), result.reference().id()), key -> new ArrayList<>()).add(result);
    }
    for (List<CaseResult> contracts : byCase.values()) {
      ReferenceCase reference = contracts.getFirst().reference();
      counts
          .computeIfAbsent(
              List.of(contracts.getFirst().subject(), reference.operation(), reference.dtype(), reference.region()),
              key -> new EnumMap<>(Verdict.class))
          .merge(Row.worse(contracts), 1, Integer::sum);
    }
    JsonArray json = new JsonArray();
    counts.forEach(
        (key, verdicts) -> {
          JsonObject row = new JsonObject();
          row.addProperty("kernel", key.get(0));
          row.addProperty("operation", key.get(1));
          row.addProperty("dtype", key.get(2));
          row.addProperty("region", key.get(3));
          verdicts.forEach((verdict, count) -> row.addProperty(verdict.name(), count));
          json.add(row);
        });
    return json;
  }

  static JsonObject witness(Witness worst) {
    JsonObject json = new JsonObject();
    json.addProperty("output", worst.output());
    json.addProperty("index", worst.index());
    json.addProperty("input", worst.input());
    json.add("got", hex(worst.got()));
    json.add("expected", hex(worst.expected()));
    json.add("ulp", Json.number(worst.ulp()));
    return json;
  }

  private static JsonPrimitive hex(double value) {
    return Double.isFinite(value) ? new JsonPrimitive(Double.toHexString(value)) : Json.number(value);
  }

  /** The verdicts as tests, one suite an implementation. */
  List<JUnitXml.Suite> suites() {
    List<JUnitXml.Suite> suites = new ArrayList<>();
    for (String subject : subjects()) {
      List<JUnitXml.Test> tests = new ArrayList<>();
      for (CaseResult result : results) {
        if (result.subject().equals(subject)) {
          tests.add(
              new JUnitXml.Test(
                  subject + "." + result.contract().id(),
                  result.reference().id(),
                  result.verdict(),
                  result.reason(),
                  "%s\nrepeat: %s".formatted(result.worst(), repeat(result))));
        }
      }
      suites.add(new JUnitXml.Suite(subject, tests));
    }
    return suites;
  }

  /** The ids of the implementations that were judged. */
  private Set<String> subjects() {
    return rows.keySet().stream().map(RowKey::subject).collect(Collectors.toCollection(LinkedHashSet::new));
  }
}
