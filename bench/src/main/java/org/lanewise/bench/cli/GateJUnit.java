package org.lanewise.bench.cli;

import java.util.ArrayList;
import java.util.List;
import org.lanewise.bench.gate.Conformance;
import org.lanewise.bench.gate.GateResult;
import org.lanewise.bench.gate.GateResult.Removed;
import org.lanewise.bench.gate.GateResult.Row;
import org.lanewise.bench.gate.rule.Judgement;
import org.lanewise.conformance.verdict.Verdict;

/** A run of the gate as test results: one test a benchmark, one a kernel's conformance, one for the run itself. */
final class GateJUnit {
  private GateJUnit() {}

  static JUnitXml.Suite suite(GateResult result) {
    List<JUnitXml.Test> tests = new ArrayList<>();
    for (Row row : result.rows()) {
      tests.add(test(result, row));
    }
    for (Conformance conformance : result.conformance()) {
      tests.add(
          new JUnitXml.Test(
              "gate.conformance",
              conformance.kernel(),
              conformance.passed() ? Verdict.PASSED : Verdict.FAILED,
              conformance.passed()
                  ? null
                  : conformance.failures().isEmpty() ? "No case was checked." : conformance.failures().getFirst(),
              String.join("\n", conformance.failures())));
    }
    for (Removed removed : result.removed()) {
      if (removed.waiver() != null) {
        tests.add(
            new JUnitXml.Test(
                "gate.removed", removed.benchmark().name(), Verdict.SKIPPED, "waived: " + removed.waiver(), ""));
      }
    }
    List<String> gaps = result.gaps();
    tests.add(
        new JUnitXml.Test(
            "gate",
            "run",
            gaps.isEmpty() ? Verdict.PASSED : Verdict.FAILED,
            gaps.isEmpty() ? null : gaps.getFirst(),
            String.join("\n", gaps)));
    return new JUnitXml.Suite("gate", tests);
  }

  private static JUnitXml.Test test(GateResult result, Row row) {
    Judgement judgement = row.judgement();
    Verdict verdict =
        row.isWaived()
            ? Verdict.SKIPPED
            : switch (judgement.verdict()) {
              case PASS, IMPROVED -> Verdict.PASSED;
              case REGRESSED, UNMEASURED -> Verdict.FAILED;
              case INCONCLUSIVE -> Verdict.SKIPPED;
            };
    String name = row.comparison().benchmark().name();
    return new JUnitXml.Test(
        "gate." + row.comparison().benchmark().kernel() + "." + row.comparison().benchmark().work().operation(),
        name,
        verdict,
        verdict == Verdict.PASSED ? null : "%s: %s".formatted(GateWords.verdict(row), GateWords.reason(result, row)),
        "ratio %s, 95 %% interval %s, power %s, forks %s"
            .formatted(
                GateWords.ratio(judgement.ratio()),
                GateWords.interval(judgement.low(), judgement.high()),
                GateWords.power(judgement),
                GateWords.forks(row.comparison())));
  }
}
