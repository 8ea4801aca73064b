package org.lanewise.conformance.faults;

import java.util.ArrayList;
import java.util.List;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Verdict;

/** How an implementation fares on the stored cases alone: what an author who tested by them would see. */
record StoredCases(int applicable, int passed, List<CaseResult> failures) {
  private static final ReferenceData DATA = ReferenceData.builtIn();

  /** A case applies where it is run, and passes where neither contract fails. */
  static StoredCases judge(Subject subject) {
    Conformance conformance = new Conformance(DATA);
    int applicable = 0;
    int passed = 0;
    List<CaseResult> failures = new ArrayList<>();
    for (ReferenceCase reference : DATA.cases()) {
      List<CaseResult> results = conformance.judge(subject, reference);
      if (results.stream().allMatch(StoredCases::notRun)) {
        continue;
      }
      applicable++;
      List<CaseResult> failed = results.stream().filter(result -> result.verdict() == Verdict.FAILED).toList();
      if (failed.isEmpty()) {
        passed++;
      }
      failures.addAll(failed);
    }
    return new StoredCases(applicable, passed, List.copyOf(failures));
  }

  private static boolean notRun(CaseResult result) {
    return result.verdict() == Verdict.SKIPPED || result.verdict() == Verdict.NOT_APPLICABLE;
  }

  /** The part of the applicable cases that pass. */
  double share() {
    return (double) passed / applicable;
  }
}
