package org.lanewise.conformance.junit;

import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.validation.Level;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.spi.KernelProvider;
import org.opentest4j.AssertionFailedError;

/** Findings as dynamic tests. */
final class FindingTests {
  private final Class<?> test;
  private final KernelProvider kernel;
  private final Level level;
  private final long seed;
  private final @Nullable String glob;

  /**
   * Tests of one run.
   *
   * @param test the class whose tests they are
   * @param glob what the run was limited to, or null
   */
  FindingTests(Class<?> test, KernelProvider kernel, Level level, long seed, @Nullable String glob) {
    this.test = test;
    this.kernel = kernel;
    this.level = level;
    this.seed = seed;
    this.glob = glob;
  }

  /** A container a rule; a single failing test if nothing was judged, for a verdict on nothing must not be green. */
  List<DynamicNode> of(List<Finding> findings) {
    List<DynamicNode> nodes = new ArrayList<>();
    for (Rule rule : Rule.values()) {
      List<Finding> ofRule = findings.stream().filter(finding -> finding.rule() == rule).toList();
      List<DynamicNode> operations = operations(ofRule);
      if (!operations.isEmpty()) {
        nodes.add(dynamicContainer("%s: %s".formatted(rule.id(), rule.sentence()), operations));
      }
    }
    if (findings.stream().noneMatch(FindingTests::isJudged)) {
      nodes.add(
          dynamicTest(
              "nothing was judged",
              () -> {
                throw withoutStack(new AssertionFailedError(nothingJudged()));
              }));
    }
    return nodes;
  }

  private List<DynamicNode> operations(List<Finding> ofRule) {
    Map<String, List<DynamicNode>> judged = new LinkedHashMap<>();
    Map<String, Integer> skipped = new LinkedHashMap<>();
    for (Finding finding : ofRule) {
      if (isJudged(finding)) {
        judged.computeIfAbsent(finding.operation(), operation -> new ArrayList<>()).add(judged(finding));
      } else if (finding.verdict() == Verdict.SKIPPED) {
        skipped.merge(String.valueOf(finding.reason()), 1, Integer::sum);
      }
    }
    List<DynamicNode> nodes = new ArrayList<>();
    judged.forEach((operation, tests) -> nodes.add(dynamicContainer(operation, tests)));
    skipped.forEach((reason, count) -> nodes.add(skipped(reason, count)));
    return nodes;
  }

  private static boolean isJudged(Finding finding) {
    return switch (finding.verdict()) {
      case PASSED, FAILED, MISTRUSTED -> true;
      case SKIPPED, NOT_APPLICABLE -> false;
    };
  }

  private DynamicTest judged(Finding finding) {
    return dynamicTest(
        finding.id(),
        () -> {
          if (finding.verdict() != Verdict.PASSED) {
            fail(finding);
          }
        });
  }

  /** One test for all that was left out for the same reason. */
  private static DynamicTest skipped(String reason, int count) {
    return dynamicTest("%d skipped: %s".formatted(count, reason), () -> Assumptions.abort(reason));
  }

  private void fail(Finding finding) {
    Witness witness = finding.witness();
    throw withoutStack(
        witness == null
            ? new AssertionFailedError(message(finding, ""))
            // IDEs show the two values side by side.
            : new AssertionFailedError(message(finding, element(witness)), witness.expected(), witness.got()));
  }

  /** The kernel was called before the tests ran, so the stack would show JUnit alone. */
  private static AssertionFailedError withoutStack(AssertionFailedError error) {
    error.setStackTrace(new StackTraceElement[0]);
    return error;
  }

  private String message(Finding finding, String element) {
    return """
        %s %s, rule %s (%s)
          %s
        %s  repeat: mvn test -Dtest=%s -Dlanewise.level=%s -Dlanewise.seed=%d -Dlanewise.case='%s'
          or:     ./lanewise validate KERNEL.jar --kernel %s --level %s --seed %d --case '%s'"""
        .formatted(
            finding.verdict(),
            finding.id(),
            finding.rule().id(),
            finding.rule().sentence(),
            finding.reason(),
            element,
            test.getSimpleName(),
            level.id(),
            seed,
            finding.id(),
            kernel.id(),
            level.id(),
            seed,
            finding.id());
  }

  private static String element(Witness witness) {
    return "  %s[%d]: got %s, expected %s, %s ULP; inputs %s%n"
        .formatted(
            witness.output(),
            witness.index(),
            number(witness.got()),
            number(witness.expected()),
            String.format(Locale.ROOT, "%.4g", witness.ulp()),
            witness.input());
  }

  private static String number(double value) {
    return "%s (%s)".formatted(Double.toHexString(value), value);
  }

  private String nothingJudged() {
    return glob == null
        ? "Nothing applies to the kernel '%s': declarations() names no operation and dtype that Lanewise has cases for; declare what it supplies."
            .formatted(kernel.id())
        : "Nothing that applies to the kernel '%s' has the id '%s'; choose another lanewise.case, in which * stands for any text."
            .formatted(kernel.id(), glob);
  }
}
