package org.lanewise.conformance.junit;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.validation.Level;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.Kernels;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

class FindingTestsTest {
  private static final Witness WITNESS = new Witness("loss", 3, "logits=0x1.0p0 target=0x0.0p0", 1.5, 1, 4194304);

  private static Finding finding(Rule rule, String id, Verdict verdict, @Nullable Witness witness, @Nullable String reason) {
    return new Finding(rule, id, "bce_with_logits", "float32", verdict, witness, reason);
  }

  private static List<DynamicNode> tests(@Nullable String glob, Finding... findings) {
    return new FindingTests(FindingTestsTest.class, Kernels.require("scalar"), Level.SMOKE, 7, glob).of(List.of(findings));
  }

  /** The display names on the way to each test. */
  private static List<String> names(List<? extends DynamicNode> nodes) {
    List<String> names = new ArrayList<>();
    for (DynamicNode node : nodes) {
      if (node instanceof DynamicContainer container) {
        names(children(container)).forEach(name -> names.add(container.getDisplayName() + " > " + name));
      } else {
        names.add(node.getDisplayName());
      }
    }
    return names;
  }

  private static List<DynamicNode> children(DynamicContainer container) {
    try (Stream<? extends DynamicNode> children = container.getChildren()) {
      return children.map(DynamicNode.class::cast).toList();
    }
  }

  private static DynamicTest only(List<? extends DynamicNode> nodes) {
    assertEquals(1, nodes.size(), nodes.toString());
    return nodes.getFirst() instanceof DynamicContainer container ? only(children(container)) : (DynamicTest) nodes.getFirst();
  }

  @Test
  void testsAreOrderedByRuleAndOperationAndNamedByTheirCase() {
    List<DynamicNode> tests =
        tests(
            null,
            finding(Rule.BOUND, "bce_with_logits/a/1", Verdict.PASSED, null, null),
            finding(Rule.AGREEMENT, "bce_with_logits/a/1", Verdict.PASSED, null, null),
            finding(Rule.AGREEMENT, "bce_with_logits/a/2", Verdict.NOT_APPLICABLE, null, "not about kernels"),
            finding(Rule.AGREEMENT, "cross_entropy/a/1", Verdict.SKIPPED, null, "Not supplied."),
            finding(Rule.AGREEMENT, "cross_entropy/a/2", Verdict.SKIPPED, null, "Not supplied."));

    assertEquals(
        List.of(
            "agreement: values agree with stored results of PyTorch > bce_with_logits > bce_with_logits/a/1",
            "agreement: values agree with stored results of PyTorch > 2 skipped: Not supplied.",
            "bound: errors stay within the declared bound > bce_with_logits > bce_with_logits/a/1"),
        names(tests));
  }

  @Test
  void whatPassedPasses() {
    DynamicTest test = only(tests(null, finding(Rule.FRESH, "id", Verdict.PASSED, WITNESS, null)));
    assertDoesNotThrow(test.getExecutable());
  }

  @Test
  void whatFailedSaysAllThatIsKnown() {
    DynamicTest test =
        only(tests(null, finding(Rule.BOUND, "bce_with_logits/a/1", Verdict.FAILED, WITNESS, "'loss' is off.")));

    AssertionFailedError error = assertThrows(AssertionFailedError.class, test.getExecutable());
    assertEquals(
        """
        FAILED bce_with_logits/a/1, rule bound (errors stay within the declared bound)
          'loss' is off.
          loss[3]: got 0x1.8p0 (1.5), expected 0x1.0p0 (1.0), 4.194e+06 ULP; inputs logits=0x1.0p0 target=0x0.0p0
          repeat: mvn test -Dtest=FindingTestsTest -Dlanewise.level=smoke -Dlanewise.seed=7 -Dlanewise.case='bce_with_logits/a/1'
          or:     ./lanewise validate KERNEL.jar --kernel scalar --level smoke --seed 7 --case 'bce_with_logits/a/1'""",
        error.getMessage());
    assertEquals(1.0, error.getExpected().getValue());
    assertEquals(1.5, error.getActual().getValue());
  }

  @Test
  void aCaseThatCannotBeTrustedFails() {
    DynamicTest test = only(tests(null, finding(Rule.AGREEMENT, "id", Verdict.MISTRUSTED, null, "It would accept zeros.")));
    AssertionFailedError error = assertThrows(AssertionFailedError.class, test.getExecutable());
    assertEquals("MISTRUSTED id, rule agreement", error.getMessage().split(" \\(")[0]);
  }

  @Test
  void whatIsLeftOutIsAbortedAndAVerdictOnNothingFails() {
    List<DynamicNode> tests = tests(null, finding(Rule.AGREEMENT, "id", Verdict.SKIPPED, null, "Not supplied."));
    assertEquals(2, tests.size());
    assertThrows(TestAbortedException.class, only(tests.subList(0, 1)).getExecutable());
    AssertionFailedError error = assertThrows(AssertionFailedError.class, only(tests.subList(1, 2)).getExecutable());
    assertEquals(
        "Nothing applies to the kernel 'scalar': declarations() names no operation and dtype that Lanewise has cases for;"
            + " declare what it supplies.",
        error.getMessage());

    error = assertThrows(AssertionFailedError.class, only(tests("no/such/*")).getExecutable());
    assertEquals(
        "Nothing that applies to the kernel 'scalar' has the id 'no/such/*'; choose another lanewise.case, in which * stands"
            + " for any text.",
        error.getMessage());
  }
}
