package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.ResultFile;

/** Checked rows, one a kernel, case and contract, added up to one line a kernel, operation and contract. */
final class CheckedRows {
  /** The verdicts in the order in which they are told. */
  static final List<String> VERDICTS = List.of("PASSED", "FAILED", "MISTRUSTED", "SKIPPED", "NOT_APPLICABLE");

  /** What a line is about; natural order is the order of the table. */
  record Key(String kernel, String operation, String contract) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int byKernel = kernel.compareTo(other.kernel);
      int byOperation = operation.compareTo(other.operation);
      return byKernel != 0 ? byKernel : byOperation != 0 ? byOperation : contract.compareTo(other.contract);
    }
  }

  /** The verdicts of a line, and its largest error. */
  static final class Tally {
    private final Map<String, Integer> verdicts = new TreeMap<>();
    private double maxUlp = Double.NEGATIVE_INFINITY;
    private String witness = "";

    int count(String verdict) {
      return verdicts.getOrDefault(verdict, 0);
    }

    /** The largest error in ULP; NaN where no row told one. */
    double maxUlp() {
      return maxUlp == Double.NEGATIVE_INFINITY ? Double.NaN : maxUlp;
    }

    /** The case and the input of the largest error; empty where no row told one. */
    String witness() {
      return witness;
    }

    private void add(JsonObject row) {
      verdicts.merge(Fields.text(row, "verdict"), 1, Integer::sum);
      if (!row.has("max_ulp") || row.get("max_ulp").isJsonNull()) {
        return;
      }
      double error = Math.abs(Fields.number(row, "max_ulp"));
      if (error > maxUlp) {
        maxUlp = error;
        witness =
            row.get("worst") instanceof JsonObject worst
                ? "%s, %s: %s"
                    .formatted(Fields.text(row, "case"), Fields.text(worst, "output"), Fields.text(worst, "input"))
                : "";
      }
    }
  }

  private record Check(String kernel, String name, String contract) {}

  private record Judged(ResultFile file, List<JsonObject> rows) {}

  private final Map<Check, Judged> judged = new LinkedHashMap<>();
  private int replaced;

  /** Null when rows came since it was made. */
  private @Nullable Map<Key, Tally> tallies;

  /**
   * Adds a row; it replaces those of the same kernel, case and contract that other files hold.
   *
   * @throws IllegalArgumentException if it is none; the message says what it lacks
   */
  void add(JsonObject row, ResultFile file) {
    key(row); // refuses what lacks a part of it
    String verdict = Fields.text(row, "verdict");
    if (!VERDICTS.contains(verdict)) {
      throw new IllegalArgumentException(
          "its verdict '%s' is none of %s".formatted(verdict, String.join(", ", VERDICTS)));
    }
    new Tally().add(row); // refuses what is no number
    Check check = new Check(Fields.text(row, "kernel"), Fields.text(row, "case"), Fields.text(row, "contract"));
    Judged before = judged.get(check);
    if (before == null || before.file() != file) {
      replaced += before == null ? 0 : before.rows().size();
      judged.put(check, new Judged(file, new ArrayList<>(List.of(row))));
    } else {
      before.rows().add(row);
    }
    tallies = null;
  }

  private static Key key(JsonObject row) {
    return new Key(Fields.text(row, "kernel"), Fields.text(row, "operation"), Fields.text(row, "contract"));
  }

  /** Those that count, in the order they came. */
  List<JsonObject> rows() {
    return judged.values().stream().flatMap(one -> one.rows().stream()).toList();
  }

  /** How many rows gave way to those of a later file. */
  int replaced() {
    return replaced;
  }

  Map<Key, Tally> tallies() {
    if (tallies == null) {
      tallies = new TreeMap<>();
      for (JsonObject row : rows()) {
        tallies.computeIfAbsent(key(row), _ -> new Tally()).add(row);
      }
    }
    return tallies;
  }

  /** The rows that failed or cannot be trusted, in the order they came. */
  List<JsonObject> notGood() {
    return rows().stream()
        .filter(row -> List.of("FAILED", "MISTRUSTED").contains(Fields.text(row, "verdict")))
        .toList();
  }

  /** Who was judged. */
  List<String> kernels() {
    return tallies().keySet().stream().map(Key::kernel).distinct().toList();
  }

  int count(String kernel, String verdict) {
    return tallies().entrySet().stream()
        .filter(entry -> entry.getKey().kernel().equals(kernel))
        .mapToInt(entry -> entry.getValue().count(verdict))
        .sum();
  }

  int count(String verdict) {
    return tallies().values().stream().mapToInt(tally -> tally.count(verdict)).sum();
  }

  /**
   * How many cases were skipped altogether. A case that one contract judges is judged: of a kernel that declares no
   * bound nobody can ask whether it keeps it.
   */
  long skippedCases(String kernel) {
    Map<String, Set<String>> verdicts = new HashMap<>();
    for (JsonObject row : rows()) {
      if (Fields.text(row, "kernel").equals(kernel)) {
        verdicts.computeIfAbsent(Fields.text(row, "case"), _ -> new HashSet<>()).add(Fields.text(row, "verdict"));
      }
    }
    return verdicts.values().stream()
        .filter(of -> of.contains("SKIPPED") && Set.of("SKIPPED", "NOT_APPLICABLE").containsAll(of))
        .count();
  }
}
