package org.lanewise.conformance.junit;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.lanewise.conformance.cases.Glob;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.validation.Level;
import org.lanewise.conformance.validation.LocalKernel;
import org.lanewise.conformance.validation.Validation;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.KernelProvider;

/**
 * The whole verdict on a kernel as tests: extend this class, say which kernel, and every case shows in the IDE and in CI by its
 * name, under the rule that it is about.
 *
 * <p>System properties: {@code lanewise.level} is {@code smoke}, {@code full} (default) or {@code exhaustive}; {@code
 * lanewise.seed} draws the fresh cases of an earlier run again; {@code lanewise.case} is a pattern of ids to run alone, such as
 * that of a failure.
 *
 * <p>The kernel runs in the JVM of the tests, so a crash ends them, and what other flags of the JVM do to its bits is not tried;
 * {@code lanewise validate} does both.
 */
public abstract class KernelConformanceTest {
  /** For subclasses. */
  protected KernelConformanceTest() {}

  /** The kernel under test. */
  protected abstract KernelProvider kernel();

  /** One container a rule, in it one an operation and dtype, in it a test a case. */
  @TestFactory
  public final Stream<DynamicNode> conformance() {
    KernelProvider kernel = kernel();
    Availability availability = kernel.availability();
    if (!availability.available()) {
      return Stream.of(
          skipped("%s cannot run here".formatted(kernel.id()), "%s %s".formatted(availability.reason(), availability.remedy())));
    }
    String level = System.getProperty("lanewise.level", Level.FULL.id());
    Long given = Long.getLong("lanewise.seed");
    long seed = given == null ? new SecureRandom().nextInt(1_000_000) : given;
    String glob = System.getProperty("lanewise.case");
    Predicate<String> ids = glob == null ? id -> true : Glob.matching(glob);
    System.out.printf("Lanewise: kernel %s, level %s, seed %d%n", kernel.id(), level, seed);
    List<Finding> findings = new ArrayList<>();
    new Validation(
            ReferenceData.builtIn(),
            Level.valueOf(level.toUpperCase(Locale.ROOT)),
            seed,
            ids,
            findings::add,
            step -> {})
        .ofKernels(new LocalKernel(kernel));
    String options = "--level %s --seed %d".formatted(level, seed);
    return nodes(kernel, findings, seed, options);
  }

  private static Stream<DynamicNode> nodes(KernelProvider kernel, List<Finding> findings, long seed, String options) {
    Map<Rule, Map<String, List<DynamicNode>>> byRule = new LinkedHashMap<>();
    Map<String, DynamicNode> skipped = new LinkedHashMap<>();
    boolean judged = false;
    for (Finding finding : findings) {
      String what = "%s %s".formatted(finding.operation(), finding.dtype());
      switch (finding.verdict()) {
        case NOT_APPLICABLE -> {}
        case SKIPPED -> {
          String name = "%s: %s".formatted(finding.rule().id(), what);
          skipped.putIfAbsent(name + finding.reason(), skipped(name, String.valueOf(finding.reason())));
        }
        default -> {
          judged = true;
          byRule
              .computeIfAbsent(finding.rule(), rule -> new LinkedHashMap<>())
              .computeIfAbsent(what, operation -> new ArrayList<>())
              .add(DynamicTest.dynamicTest(finding.id(), () -> check(finding, seed, options)));
        }
      }
    }
    if (!judged) {
      return Stream.of(
          DynamicTest.dynamicTest(
              "something is judged",
              () ->
                  Assertions.fail(
                      "No case applies to the kernel '%s': %s"
                          .formatted(
                              kernel.id(),
                              skipped.isEmpty()
                                  ? "it declares no kernels, or no id matches lanewise.case."
                                  : String.join(" ", findings.stream().map(f -> String.valueOf(f.reason())).distinct().toList())))));
    }
    Stream<DynamicNode> rules =
        byRule.entrySet().stream()
            .map(
                rule ->
                    DynamicContainer.dynamicContainer(
                        "%s: %s".formatted(rule.getKey().id(), rule.getKey().sentence()),
                        rule.getValue().entrySet().stream()
                            .map(what -> DynamicContainer.dynamicContainer(what.getKey(), what.getValue()))));
    return skipped.isEmpty()
        ? rules
        : Stream.concat(rules, Stream.of(DynamicContainer.dynamicContainer("not judged", skipped.values())));
  }

  private static DynamicTest skipped(String name, String reason) {
    return DynamicTest.dynamicTest(name, () -> Assumptions.abort(reason));
  }

  private static void check(Finding finding, long seed, String options) {
    if (finding.verdict() == Verdict.PASSED) {
      return;
    }
    StringBuilder text = new StringBuilder();
    text.append("%s breaks the rule %s (%s).%n".formatted(finding.id(), finding.rule().id(), finding.rule().sentence()));
    text.append("  %s%n".formatted(finding.reason()));
    Witness witness = finding.witness();
    if (witness != null) {
      text.append("  %s[%d]:%n".formatted(witness.output(), witness.index()));
      text.append("    got      %s (%s)%n".formatted(Double.toHexString(witness.got()), witness.got()));
      text.append("    expected %s (%s)%n".formatted(Double.toHexString(witness.expected()), witness.expected()));
      text.append("    off by   %.4g ULP%n".formatted(witness.ulp()));
      text.append("    inputs   %s%n".formatted(witness.input()));
    }
    text.append("  repeat: mvn test -Dlanewise.seed=%d -Dlanewise.case='%s'%n".formatted(seed, finding.id()));
    text.append("      or: lanewise validate YOUR.jar %s --case '%s'".formatted(options, finding.id()));
    Assertions.fail(text.toString());
  }
}
