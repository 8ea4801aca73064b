package org.lanewise.conformance.judgement;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Contract;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Judges implementations by the reference data, each case under both contracts.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class Conformance {
  /** PyTorch's largest relative error among scalar results, by operation, dtype and region. */
  private final Map<List<Object>, Double> relativeErrors = new HashMap<>();

  private @Nullable Errors errors;

  /** @param data all cases of the data, also where only some are to be judged: the tolerance of scalars needs them */
  public Conformance(ReferenceData data) {
    for (ReferenceCase reference : data.cases()) {
      // Where PyTorch deviates from the truth its error is no measure of rounding.
      if (reference.expectation() instanceof Expectation.Outputs expected && reference.deviations().isEmpty()) {
        expected
            .outputs()
            .forEach(
                (name, output) ->
                    relativeErrors.merge(scalarKey(reference, output), Tolerance.relativeError(output), Math::max));
      }
    }
  }

  /** Tells the error of each element that is judged from now on. */
  public void observe(Errors listener) {
    this.errors = listener;
  }

  /** Who is told; null for nobody. */
  @Nullable Errors listener() {
    return errors;
  }

  /** Is told errors, element by element. */
  @FunctionalInterface
  public interface Errors {
    /**
     * The error of one element whose inputs and truth are finite.
     *
     * @param output the name of the output tensor
     * @param ulp signed, in ULP of the true value; of the largest term of its sum where terms may cancel
     * @param witness the element
     */
    void error(ReferenceCase reference, String output, double ulp, Supplier<Witness> witness);
  }

  private static List<Object> scalarKey(ReferenceCase reference, Expectation.Output output) {
    return List.of(reference.operation(), output.dtype(), reference.region());
  }

  /** The verdicts on one implementation and case, one a contract; empty if the case is not listed for it. */
  public List<CaseResult> judge(Subject subject, ReferenceCase reference) {
    if (!subject.lists(reference)) {
      return List.of();
    }
    Map<String, Tensor> inputs;
    try {
      inputs = reference.inputs();
    } catch (IllegalArgumentException | ArithmeticException | NegativeArraySizeException e) {
      throw doesNotFit(reference, e);
    }
    Subject.NotRun notRun = subject.notRun(reference, inputs).orElse(null);
    if (notRun != null) {
      List<CaseResult> results = new ArrayList<>();
      for (Contract contract : Contract.values()) {
        results.add(
            new CaseResult(
                subject.id(), reference, contract, subjectOf(reference, contract), notRun.verdict(), null, notRun.reason()));
      }
      return results;
    }
    Judgement judgement = new Judgement(this, subject, reference, inputs);
    return switch (reference.expectation()) {
      case Expectation.Error error -> judgement.judgeError(error);
      case Expectation.Outputs outputs -> judgement.judgeOutputs(outputs);
    };
  }

  /** Whether a case that expects outputs can tell wrong ones from right ones; otherwise it would be MISTRUSTED. */
  public boolean trusts(ReferenceCase reference) {
    Map<String, Tensor> inputs = reference.inputs();
    Expectation.Outputs expected = (Expectation.Outputs) reference.expectation();
    Units units = Units.of(reference, inputs);
    return mistrust(tolerances(reference, expected, units, !reference.deviations().isEmpty(), false)) == null;
  }

  /**
   * What the contract {@code pytorch} asks of the case's results.
   *
   * @param reference a case that expects outputs
   * @param inputs its inputs
   * @param asPytorch whether results may be as wrong as PyTorch's, see {@link Subject#answersAsPytorch}
   */
  public Yardstick yardstick(ReferenceCase reference, Map<String, Tensor> inputs, boolean asPytorch) {
    Expectation.Outputs expected = (Expectation.Outputs) reference.expectation();
    Units units = Units.of(reference, inputs);
    boolean deviating = !asPytorch && !reference.deviations().isEmpty();
    return new Yardstick(expected, tolerances(reference, expected, units, deviating, asPytorch), units);
  }

  /**
   * The tolerance of each output.
   *
   * @param deviating whether results that PyTorch gets badly wrong are left out of its error
   * @param asPytorch whether no more is asked than to answer as PyTorch does
   */
  Map<String, Tolerance> tolerances(
      ReferenceCase reference, Expectation.Outputs expected, Units units, boolean deviating, boolean asPytorch) {
    Map<String, Tolerance> tolerances = new LinkedHashMap<>();
    expected
        .outputs()
        .forEach(
            (name, output) -> {
              double relative = relativeErrors.getOrDefault(scalarKey(reference, output), 0.0);
              if (!deviating) {
                relative = Math.max(relative, Tolerance.relativeError(output));
              }
              tolerances.put(
                  name, new Tolerance(name, output, units, relative, deviating, reference.isDrawn(), asPytorch));
            });
    return tolerances;
  }

  /** The rule that a case is about where nothing is broken. */
  private static Rule subjectOf(ReferenceCase reference, Contract contract) {
    return contract == Contract.TRUE
        ? Rule.BOUND
        : reference.expectation() instanceof Expectation.Error ? Rule.ERRORS : Rule.AGREEMENT;
  }

  static DataException doesNotFit(ReferenceCase reference, RuntimeException e) {
    return new DataException(
        "Case '%s' does not fit its operation (%s); write the data anew with generate.py.".formatted(reference.id(), e));
  }

  /** Why the case proves nothing, or null if it can be trusted. */
  static @Nullable String mistrust(Map<String, Tolerance> tolerances) {
    for (Map.Entry<String, Tolerance> entry : tolerances.entrySet()) {
      String straw = Straws.mistrust(entry.getKey(), entry.getValue());
      if (straw != null) {
        return straw;
      }
      for (int i = 0; i < entry.getValue().size() && !entry.getValue().namesDeviation(); i++) {
        if (entry.getValue().deviates(i)) {
          return "PyTorch's '%s' is not finite at value %d although inputs and truth are, and the case names no deviation."
              .formatted(entry.getKey(), i);
        }
      }
    }
    return null;
  }

  /** Says that an element breaks the contract {@code pytorch}, and by how much. */
  static String tooFar(Witness broken, double allowedUlp) {
    return Double.isFinite(broken.got()) && Double.isFinite(broken.expected()) && broken.expected() != 0
        ? "'%s' is off by %.3g ULP, more than the %.3g that the contract allows."
            .formatted(broken.output(), broken.ulp(), allowedUlp)
        : "'%s' is %s, expected %s.".formatted(broken.output(), broken.got(), broken.expected());
  }
}
