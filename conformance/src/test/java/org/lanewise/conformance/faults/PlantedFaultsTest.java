package org.lanewise.conformance.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.validation.Level;
import org.lanewise.conformance.validation.LocalKernel;
import org.lanewise.conformance.validation.Validation;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;

/**
 * What a validation is worth: it refuses every implementation with a planted fault, under the rule that the fault breaks, and
 * passes every honest kernel, however it computes. {@code docs/planted-faults.md} is generated from the run; {@code
 * -Dlanewise.write.docs=true} writes it anew.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PlantedFaultsTest {
  private static final ReferenceData DATA = ReferenceData.builtIn();
  private static final long SEED = 20_260_101;

  /** A fault that stored cases alone would show at once proves nothing. */
  private static final double LEAST_SHARE = 0.5;

  private static final double SMOKE_SHARE = 0.8;

  /**
   * What became of a fault.
   *
   * @param stored how it fares on the stored cases
   * @param smoke the first finding under its own rule at level smoke; null if there is none
   * @param full the same at level full
   * @param others the other rules that were found broken before
   */
  private record Outcome(Fault fault, StoredCases stored, @Nullable Finding smoke, @Nullable Finding full, List<Rule> others) {
    static Outcome of(Fault fault) {
      Map<Rule, Finding> failed = new EnumMap<>(Rule.class);
      Finding smoke = first(fault, Level.SMOKE, failed);
      Finding full = smoke != null ? smoke : first(fault, Level.FULL, failed);
      failed.remove(fault.rule());
      return new Outcome(fault, StoredCases.judge(fault.subject()), smoke, full, List.copyOf(failed.keySet()));
    }
  }

  /** Ends a validation that has shown what it was to show. */
  private static final class Found extends RuntimeException {
    private static final long serialVersionUID = 1;

    Found() {
      super("found", null, false, false);
    }
  }

  /** The first finding that a fault has broken its own rule. What full does includes what smoke does. */
  private static @Nullable Finding first(Fault fault, Level level, Map<Rule, Finding> failed) {
    Validation validation =
        new Validation(
            DATA,
            level,
            SEED,
            id -> true,
            finding -> {
              if (finding.verdict() == Verdict.FAILED) {
                failed.putIfAbsent(finding.rule(), finding);
                if (finding.rule() == fault.rule()) {
                  throw new Found();
                }
              }
            },
            (_, _) -> {});
    try {
      if (fault.kernel() != null) {
        validation.ofKernels(new LocalKernel(fault.kernel()));
      } else {
        validation.ofOperations(fault.operation());
      }
    } catch (Found found) {
      // that is enough
    }
    return failed.get(fault.rule());
  }

  /** What became of an honest kernel. */
  private record Passed(KernelProvider kernel, Level level, int passed, List<Finding> refused) {
    static Passed of(KernelProvider kernel, Level level) {
      List<Finding> findings = new ArrayList<>();
      new Validation(DATA, level, SEED, id -> true, findings::add, (_, _) -> {}).ofKernels(new LocalKernel(kernel));
      Map<Verdict, List<Finding>> byVerdict = findings.stream().collect(Collectors.groupingBy(Finding::verdict));
      List<Finding> refused = new ArrayList<>(byVerdict.getOrDefault(Verdict.FAILED, List.of()));
      refused.addAll(byVerdict.getOrDefault(Verdict.MISTRUSTED, List.of()));
      return new Passed(kernel, level, byVerdict.getOrDefault(Verdict.PASSED, List.of()).size(), refused);
    }
  }

  private Map<String, Outcome> outcomes = Map.of();
  private List<Passed> verdicts = List.of();

  @BeforeAll
  void judge() {
    outcomes = Fault.all().parallelStream().map(Outcome::of).collect(Collectors.toMap(o -> o.fault.id(), o -> o));
    verdicts =
        HonestKernels.all().parallelStream()
            .flatMap(kernel -> Stream.of(Level.SMOKE, Level.FULL).map(level -> Passed.of(kernel, level)))
            .toList();
  }

  @TestFactory
  Stream<DynamicTest> everyFaultIsFoundUnderItsOwnRule() {
    return Fault.all().stream()
        .map(
            fault ->
                DynamicTest.dynamicTest(
                    fault.id() + " " + fault.rule(),
                    () -> {
                      Outcome outcome = outcomes.get(fault.id());
                      assertTrue(
                          outcome.full != null,
                          () -> "%s Not found; the rules found broken are %s.".formatted(fault.slip(), outcome.others));
                    }));
  }

  @TestFactory
  Stream<DynamicTest> everyFaultPassesMostStoredCases() {
    return Fault.all().stream()
        .map(
            fault ->
                DynamicTest.dynamicTest(
                    fault.id(),
                    () -> {
                      StoredCases stored = outcomes.get(fault.id()).stored;
                      assertTrue(stored.applicable() > 400, stored.applicable() + " cases");
                      assertTrue(stored.share() >= LEAST_SHARE, stored.share() + " of the cases");
                    }));
  }

  @Test
  void mostAreFoundAtSmoke() {
    List<String> later =
        outcomes.values().stream().filter(outcome -> outcome.smoke == null).map(outcome -> outcome.fault.id()).toList();
    assertTrue(later.size() <= (1 - SMOKE_SHARE) * outcomes.size(), later.toString());
  }

  @Test
  void everyRuleHasAFault() {
    assertTrue(Fault.all().size() >= 45, Fault.all().size() + " faults");
    assertEquals(Fault.all().size(), Fault.all().stream().map(Fault::id).distinct().count());
    assertEquals(
        List.of(Rule.values()), Fault.all().stream().map(Fault::rule).distinct().sorted().toList());
  }

  @TestFactory
  Stream<DynamicTest> honestKernelsPass() {
    assertTrue(HonestKernels.all().size() >= 8);
    return verdicts.stream()
        .map(
            verdict ->
                DynamicTest.dynamicTest(
                    verdict.kernel.id() + " " + verdict.level.id(),
                    () -> {
                      assertEquals(List.of(), verdict.refused);
                      assertTrue(verdict.passed > 500, verdict.passed + " findings");
                    }));
  }

  @Test
  void thePageIsUpToDate() throws IOException {
    Path page = Path.of("../docs/planted-faults.md");
    String text = page();
    if (Boolean.getBoolean("lanewise.write.docs")) {
      Files.writeString(page, text);
    }
    assertEquals(text, Files.readString(page), "generate it again with -Dlanewise.write.docs=true");
  }

  private String page() {
    List<Fault> faults = Fault.all();
    long atSmoke = outcomes.values().stream().filter(outcome -> outcome.smoke != null).count();
    StringBuilder text = new StringBuilder();
    text.append("# Planted faults\n\n")
        .append("At the end of this page you know which mistakes `lanewise validate` finds, under which rule, and which kernels it ")
        .append("must not refuse. The page is generated by a test, which fails when a fault is no longer found, an honest kernel ")
        .append("no longer passes, or the page is out of date.\n\n")
        .append("## %d implementations with one mistake each\n\n".formatted(faults.size()))
        .append("Each is right but for one slip that authors make, and passes at least half of the stored cases that apply to ")
        .append("it: testing by those alone, its author might have been content. It must be refused under the rule that the ")
        .append("slip breaks, whatever other rules it breaks besides. All are found at level `full`, %d of %d already at `smoke`.\n\n"
            .formatted(atSmoke, faults.size()))
        .append("| fault | mistake | kind | rule | first failing case | stored cases passed | at `smoke` |\n")
        .append("|---|---|---|---|---|---|---|\n");
    for (Fault fault : faults) {
      Outcome outcome = outcomes.get(fault.id());
      text.append(
          "| `%s` | %s | %s | %s | %s | %.0f %% | %s |\n"
              .formatted(
                  fault.id(),
                  fault.slip(),
                  fault.kind(),
                  fault.rule().id(),
                  outcome.full == null ? "not found" : "`%s`".formatted(outcome.full.id()),
                  100 * outcome.stored.share(),
                  outcome.smoke == null ? "no" : "yes"));
    }
    text.append("\n## %d honest kernels of other design\n\n".formatted(HonestKernels.all().size()))
        .append("A verdict that refuses one of these would ask for more than the rules. All pass at `smoke` and `full`. Bounds are in ULP, ")
        .append("as in a declaration: of losses, gradients, mixed terms and reduced losses; – promises nothing.\n\n")
        .append("| kernel | computes by | operation | declared bounds | reproducible bits | allocates nothing |\n")
        .append("|---|---|---|---|---|---|\n");
    for (KernelProvider kernel : HonestKernels.all()) {
      for (Declaration declaration : kernel.declarations()) {
        text.append(
            "| `%s` | %s | `%s` | %s, %s, %s, %s | %s | %s |\n"
                .formatted(
                    kernel.id(),
                    kernel.description(),
                    declaration.operation().id(),
                    bound(declaration.lossUlp()),
                    bound(declaration.gradientUlp()),
                    bound(declaration.mixedUlp()),
                    bound(declaration.reducedUlp()),
                    declaration.reproducibleBits() ? "promised" : "–",
                    declaration.allocationFree() ? "promised" : "–"));
      }
    }
    return text.toString();
  }

  private static String bound(double ulp) {
    return Double.isInfinite(ulp) ? "–" : String.format(Locale.ROOT, "%s", ulp);
  }
}
