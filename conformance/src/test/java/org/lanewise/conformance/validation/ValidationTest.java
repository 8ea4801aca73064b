package org.lanewise.conformance.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.Kernels;

/** The built-in kernels keep every rule. */
class ValidationTest {
  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void theBuiltInKernelsKeepEveryRule(String id) {
    List<Finding> findings = new ArrayList<>();
    long begin = System.nanoTime();
    for (Level level : List.of(Level.SMOKE, Level.FULL)) {
    findings.clear();
    new Validation(
            ReferenceData.builtIn(), level, 1, any -> true, findings::add,
            step -> System.err.printf("%6.2f %s%n", (System.nanoTime() - begin) * 1e-9, step))
        .ofKernels(new LocalKernel(Kernels.require(id)));
    Map<Rule, Map<Verdict, Integer>> counts = new EnumMap<>(Rule.class);
    findings.forEach(
        f -> counts.computeIfAbsent(f.rule(), r -> new TreeMap<>()).merge(f.verdict(), 1, Integer::sum));
    System.err.printf("%6.2f %s%n", (System.nanoTime() - begin) * 1e-9, counts);
    }
    assertEquals(List.of(), findings.stream().filter(f -> f.verdict() == Verdict.FAILED).toList());
  }
}
