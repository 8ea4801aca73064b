package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

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
    private @Nullable JsonObject worst;
    private String worstCase = "";

    int count(String verdict) {
      return verdicts.getOrDefault(verdict, 0);
    }

    /** The largest error in ULP; NaN where no row told one. */
    double maxUlp() {
      return maxUlp == Double.NEGATIVE_INFINITY ? Double.NaN : maxUlp;
    }

    /** The case and the input of the largest error; empty where no row told one. */
    String witness() {
      return worst == null
          ? ""
          : "%s, %s: %s".formatted(worstCase, Fields.text(worst, "output"), Fields.text(worst, "input"));
    }

    private void add(JsonObject row) {
      verdicts.merge(Fields.text(row, "verdict"), 1, Integer::sum);
      if (!row.has("max_ulp") || row.get("max_ulp").isJsonNull()) {
        return;
      }
      double error = Math.abs(Fields.number(row, "max_ulp"));
      if (error > maxUlp) {
        maxUlp = error;
        worst = row.get("worst") instanceof JsonObject object ? object : null;
        worstCase = Fields.text(row, "case");
      }
    }
  }

  private final Map<Key, Tally> tallies = new TreeMap<>();
  private final List<JsonObject> notGood = new ArrayList<>();

  /**
   * Adds a row.
   *
   * @throws IllegalArgumentException if it is none; the message says what it lacks
   */
  void add(JsonObject row) {
    Key key = new Key(Fields.text(row, "kernel"), Fields.text(row, "operation"), Fields.text(row, "contract"));
    String verdict = Fields.text(row, "verdict");
    if (!VERDICTS.contains(verdict)) {
      throw new IllegalArgumentException(
          "its verdict '%s' is none of %s".formatted(verdict, String.join(", ", VERDICTS)));
    }
    tallies.computeIfAbsent(key, _ -> new Tally()).add(row);
    if (verdict.equals("FAILED") || verdict.equals("MISTRUSTED")) {
      notGood.add(row);
    }
  }

  Map<Key, Tally> tallies() {
    return tallies;
  }

  /** The rows that failed or cannot be trusted, in the order they came. */
  List<JsonObject> notGood() {
    return notGood;
  }

  /** Who was judged. */
  List<String> kernels() {
    return tallies.keySet().stream().map(Key::kernel).distinct().toList();
  }

  int count(String kernel, String verdict) {
    return tallies.entrySet().stream()
        .filter(entry -> entry.getKey().kernel().equals(kernel))
        .mapToInt(entry -> entry.getValue().count(verdict))
        .sum();
  }

  int count(String verdict) {
    return tallies.values().stream().mapToInt(tally -> tally.count(verdict)).sum();
  }
}
