package org.lanewise.conformance.judgement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.subject.FrontDoorSubject;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.Kernels;

/** The built-in kernels and the front door against the packaged data. */
class BuiltInKernelsTest {
  private static final ReferenceData DATA = ReferenceData.builtIn();
  private static final Conformance CONFORMANCE = new Conformance(DATA);

  @TestFactory
  Stream<DynamicTest> everyCaseOfEveryOperationPasses() {
    List<Subject> subjects =
        List.of(
            new KernelSubject(Kernels.require("scalar")),
            new KernelSubject(Kernels.require("vector")),
            new FrontDoorSubject());
    return subjects.stream()
        .flatMap(
            subject ->
                DATA.cases().stream()
                    .filter(subject::lists)
                    .map(ReferenceCase::operation)
                    .distinct()
                    .map(operation -> DynamicTest.dynamicTest(subject.id() + " " + operation, () -> passes(subject, operation))));
  }

  private static void passes(Subject subject, String operation) {
    int passed = 0;
    List<String> others = new ArrayList<>();
    for (ReferenceCase reference : DATA.cases()) {
      if (!reference.operation().equals(operation)) {
        continue;
      }
      for (CaseResult result : CONFORMANCE.judge(subject, reference)) {
        if (result.verdict() == Verdict.PASSED) {
          passed++;
        } else if (result.verdict() == Verdict.FAILED || result.verdict() == Verdict.MISTRUSTED) {
          others.add(result.toString());
        }
      }
    }
    assertEquals(List.of(), others);
    assertTrue(passed > 20, passed + " passed");
  }

  @Test
  void realModelsAreAmongTheCases() {
    for (String id : List.of("bce_with_logits/real_model/digits-attributes-none", "cross_entropy/real_model/digits-none")) {
      ReferenceCase reference = DATA.require(id);
      assertTrue(reference.inputs().get("logits").size(0) >= 100, id);
      assertTrue(reference.expectation() instanceof Expectation.Outputs, id);
    }
  }

  @Test
  void everyCaseNamesARule() {
    for (ReferenceCase reference : DATA.cases()) {
      assertFalse(reference.rules().isEmpty(), reference.id());
    }
  }
}
