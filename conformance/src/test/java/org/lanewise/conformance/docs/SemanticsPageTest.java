package org.lanewise.conformance.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.cases.TorchRule;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.subject.FrontDoorSubject;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.Kernels;

/**
 * {@code docs/pytorch-semantics.md}: every rule of PyTorch, the cases that cover it and the verdict. The page is generated;
 * {@code -Dlanewise.write.docs=true} writes it anew.
 */
class SemanticsPageTest {
  private static final int LISTED_CASES = 3;
  private static final ReferenceData DATA = ReferenceData.builtIn();

  @Test
  void everyRuleHasACaseAndEveryCaseARule() {
    Set<String> rules = DATA.rules().stream().map(TorchRule::id).collect(Collectors.toSet());
    Set<String> covered = DATA.cases().stream().flatMap(c -> c.rules().stream()).collect(Collectors.toSet());
    assertTrue(rules.size() > 900, rules.size() + " rules");
    assertEquals(Set.of(), rules.stream().filter(rule -> !covered.contains(rule)).collect(Collectors.toSet()));
    assertEquals(Set.of(), covered.stream().filter(rule -> !rules.contains(rule)).collect(Collectors.toSet()));
    for (ReferenceCase reference : DATA.cases()) {
      assertTrue(!reference.rules().isEmpty(), reference.id() + " names no rule");
    }
  }

  @Test
  void thePageIsUpToDate() throws IOException {
    Path page = Path.of("../docs/pytorch-semantics.md");
    String text = page();
    if (Boolean.getBoolean("lanewise.write.docs")) {
      Files.writeString(page, text);
    }
    assertEquals(text, Files.readString(page), "generate it again with -Dlanewise.write.docs=true");
  }

  private static String page() {
    Map<String, List<ReferenceCase>> casesOfRule = new LinkedHashMap<>();
    DATA.cases()
        .forEach(c -> c.rules().forEach(r -> casesOfRule.computeIfAbsent(r, key -> new ArrayList<>()).add(c)));
    Map<String, Verdict> verdicts = verdicts();
    Map<String, List<TorchRule>> sections = new TreeMap<>(SemanticsPageTest::bySection);
    DATA.rules().forEach(rule -> sections.computeIfAbsent(rule.section(), key -> new ArrayList<>()).add(rule));
    StringBuilder text = new StringBuilder();
    text.append("# PyTorch's semantics, rule by rule\n\n")
        .append("At the end of this page you know which rules of PyTorch ")
        .append(DATA.torchVersion())
        .append(" Lanewise covers, by which stored cases, and that it keeps them. The page is generated from the reference ")
        .append("data and a run of the checker (front door, and kernel `scalar`); a test fails when it is out of date. ")
        .append("Verdicts are PASSED where every case of a rule passes.\n\n")
        .append("`./lanewise verify --case 'ID'` repeats a case. Sections: 1 formulas, 2 dtypes, 3 shapes, options and check ")
        .append("order, 4 special values, 5 many rows, 8 worked examples, and evaluation metrics.\n");
    sections.forEach(
        (section, rules) -> {
          text.append("\n## Section %s: %d rules\n\n".formatted(section, rules.size()));
          text.append("| rule | text | cases | verdict |\n|---|---|---|---|\n");
          for (TorchRule rule : rules) {
            List<ReferenceCase> cases = casesOfRule.getOrDefault(rule.id(), List.of());
            boolean passed = cases.stream().allMatch(c -> verdicts.get(c.id()) == Verdict.PASSED);
            text.append(
                "| `%s` | %s | %s | %s |\n"
                    .formatted(rule.id(), rule.text().replace("|", "\\|"), listed(cases), passed ? "PASSED" : "**not passed**"));
          }
        });
    return text.toString();
  }

  private static String listed(List<ReferenceCase> cases) {
    String first = cases.stream().limit(LISTED_CASES).map(c -> "`" + c.id() + "`").collect(Collectors.joining(", "));
    return cases.size() <= LISTED_CASES ? first : "%s and %d more".formatted(first, cases.size() - LISTED_CASES);
  }

  private static int bySection(String a, String b) {
    boolean numberA = Character.isDigit(a.charAt(0));
    boolean numberB = Character.isDigit(b.charAt(0));
    return numberA == numberB ? a.compareTo(b) : numberA ? -1 : 1;
  }

  /** The worse verdict on each case, by the first implementation that it is for. */
  private static Map<String, Verdict> verdicts() {
    Conformance conformance = new Conformance(DATA);
    List<Subject> subjects = List.of(new FrontDoorSubject(), new KernelSubject(Kernels.require("scalar")));
    Map<String, Verdict> verdicts = new LinkedHashMap<>();
    for (ReferenceCase reference : DATA.cases()) {
      for (Subject subject : subjects) {
        for (CaseResult result : conformance.judge(subject, reference)) {
          if (result.verdict() == Verdict.FAILED || result.verdict() == Verdict.MISTRUSTED) {
            verdicts.put(reference.id(), result.verdict());
          } else if (result.verdict() == Verdict.PASSED) {
            verdicts.putIfAbsent(reference.id(), Verdict.PASSED);
          }
        }
      }
    }
    return verdicts;
  }
}
