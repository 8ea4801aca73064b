package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.lanewise.bench.gate.rule.PairedRounds;
import org.lanewise.bench.grid.Work;

/** What files of the gate hold: two builds benchmark by benchmark, and whether the candidate's kernels conform. */
final class GateRows {
  /**
   * A benchmark that both builds have.
   *
   * @param ratio the candidate's time over the base's; NaN where it could not be measured, as are low and high
   * @param forks the ratio of each fork
   */
  record Compared(
      Work work,
      String kernel,
      String verdict,
      String reason,
      double ratio,
      double low,
      double high,
      List<Double> forks) {}

  private final List<Compared> compared = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private boolean conforming = true;
  private boolean removed;

  void add(JsonObject row) {
    if (row.has("kernel")) {
      addConformance(row);
      return;
    }
    Work work = Work.of(Fields.object(row.get("work"), "work"));
    String kernel = Fields.text(Fields.object(row.get("implementation"), "implementation"), "name");
    String waiver = row.has("waiver") ? Fields.text(row, "waiver") : "";
    if (row.has("only")) {
      boolean gone = Fields.text(row, "only").equals("base");
      String what = gone ? "Removed" : "Added";
      removed |= gone && waiver.isEmpty();
      notes.add("%s: %s, %s.%s".formatted(what, kernel, work, waiver.isEmpty() ? "" : " Waived: " + waiver));
      return;
    }
    JsonObject judgement = Fields.object(row.get("judgement"), "judgement");
    JsonObject rounds = Fields.object(row.get("rounds"), "rounds");
    List<Double> forks = new ArrayList<>();
    forks(Fields.array(rounds, "first"), forks);
    forks(Fields.array(rounds, "confirmation"), forks);
    compared.add(
        new Compared(
            work,
            kernel,
            Fields.text(judgement, "verdict") + (waiver.isEmpty() ? "" : ", waived"),
            Fields.text(judgement, "reason") + (waiver.isEmpty() ? "" : " Waived: " + waiver),
            Fields.numberOrNan(judgement, "ratio"),
            Fields.numberOrNan(judgement, "low"),
            Fields.numberOrNan(judgement, "high"),
            forks));
  }

  private void addConformance(JsonObject row) {
    String kernel = Fields.text(row, "kernel");
    JsonArray failures = Fields.array(row, "failures");
    conforming &= failures.isEmpty();
    notes.add(
        failures.isEmpty()
            ? "Conformance of '%s': %s checked, all conform."
                .formatted(kernel, Words.count((long) Fields.number(row, "checked"), "case"))
            : "Conformance of '%s': %s".formatted(kernel, Fields.shown(failures)));
  }

  private static void forks(JsonArray all, List<Double> ratios) {
    for (JsonElement element : all) {
      JsonObject fork = Fields.object(element, "rounds");
      ratios.add(Math.exp(new PairedRounds(times(fork, "base"), times(fork, "candidate")).logRatio()));
    }
  }

  private static double[] times(JsonObject fork, String build) {
    return Fields.numbers(fork, build).stream().mapToDouble(time -> time).toArray();
  }

  List<Compared> compared() {
    return compared;
  }

  /** What is not about a benchmark that both builds have, in sentences. */
  List<String> notes() {
    return notes;
  }

  /** Whether no kernel of a candidate failed a case. */
  boolean conforming() {
    return conforming;
  }

  /** Whether the candidate lacks a benchmark of the base, and no waiver says why. */
  boolean removed() {
    return removed;
  }

  boolean isEmpty() {
    return compared.isEmpty() && notes.isEmpty();
  }

  long count(String verdict) {
    return compared.stream().filter(row -> row.verdict().equals(verdict)).count();
  }
}
