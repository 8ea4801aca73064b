package org.lanewise.conformance.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.Kernels;

/** The built-in kernels keep every rule, and every rule that is about kernels is checked. */
class ValidationTest {
  /** All but allocation: what C2 makes of a kernel depends on all that ran in its JVM before, so that has a JVM of its own. */
  private static boolean fits(String id) {
    return !id.startsWith("allocation/");
  }

  @ParameterizedTest
  @CsvSource({"scalar, SMOKE", "vector, SMOKE", "vector, FULL"})
  void theBuiltInKernelsKeepEveryRule(String id, Level level) {
    List<Finding> findings = new ArrayList<>();
    List<Double> shares = new ArrayList<>();
    Validation validation =
        new Validation(
            ReferenceData.builtIn(), level, 1, ValidationTest::fits, findings::add, (done, step) -> shares.add(done));
    validation.ofKernels(new LocalKernel(Kernels.require(id)));

    assertEquals(0, shares.getFirst());
    assertEquals(shares.stream().sorted().toList(), shares);
    assertTrue(shares.getLast() > 0.6 && shares.getLast() < 1, shares::toString); // nothing starts a JVM here

    assertEquals(List.of(), findings.stream().filter(f -> f.verdict() == Verdict.FAILED).toList());
    Set<Rule> passed = EnumSet.noneOf(Rule.class);
    findings.stream().filter(f -> f.verdict() == Verdict.PASSED).forEach(f -> passed.add(f.rule()));
    assertEquals(
        EnumSet.complementOf(EnumSet.of(Rule.ERRORS, Rule.ALLOCATION)), passed, "rules that something passed");
    for (Observation seen : validation.observations()) {
      assertTrue(!(seen.maxUlp() > seen.allowed()), seen.toString());
      assertTrue(!Double.isNaN(seen.maxUlp()) || seen.equal() == seen.pairs(), seen.toString());
    }
  }
}
