package org.lanewise.conformance.judgement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Contract;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.Tensor;

/** Runs one implementation on one case, and judges what it gives under both contracts. */
final class Judgement {
  private final Conformance conformance;
  private final Subject subject;
  private final ReferenceCase reference;
  private final Map<String, Tensor> inputs;

  Judgement(Conformance conformance, Subject subject, ReferenceCase reference, Map<String, Tensor> inputs) {
    this.conformance = conformance;
    this.subject = subject;
    this.reference = reference;
    this.inputs = inputs;
  }

  /** Runs on copies of the inputs: the data must survive an implementation that writes to them. */
  private Subject.Outcome run() {
    Map<String, Tensor> copies = new LinkedHashMap<>();
    inputs.forEach((name, tensor) -> copies.put(name, tensor.copy()));
    Subject.Outcome outcome = subject.run(reference, copies);
    for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
      if (!input.getValue().sameBits(Objects.requireNonNull(copies.get(input.getKey())))) {
        return new Subject.Outcome.Broke(
            Rule.INPUTS, "The implementation wrote to its input '%s'.".formatted(input.getKey()));
      }
    }
    return outcome;
  }

  private CaseResult result(
      Contract contract, Rule rule, Verdict verdict, @Nullable Witness worst, @Nullable String reason) {
    return new CaseResult(subject.id(), reference, contract, rule, verdict, worst, reason);
  }

  private List<CaseResult> both(Rule rule, Verdict verdict, String reason) {
    return List.of(
        result(Contract.PYTORCH, rule, verdict, null, reason), result(Contract.TRUE, rule, verdict, null, reason));
  }

  List<CaseResult> judgeError(Expectation.Error expected) {
    String wanted = "%s: %s".formatted(expected.torchClass(), expected.message());
    CaseResult pytorch =
        switch (run()) {
          case Subject.Outcome.Raised raised ->
              raised.torchClass().equals(expected.torchClass()) && raised.message().equals(expected.message())
                  ? result(Contract.PYTORCH, Rule.ERRORS, Verdict.PASSED, null, null)
                  : result(
                      Contract.PYTORCH,
                      Rule.ERRORS,
                      Verdict.FAILED,
                      null,
                      "Raised «%s: %s», expected «%s».".formatted(raised.torchClass(), raised.message(), wanted));
          case Subject.Outcome.Outputs outputs ->
              result(
                  Contract.PYTORCH,
                  Rule.ERRORS,
                  Verdict.FAILED,
                  null,
                  "Gave %s, expected the error «%s».".formatted(outputs.values().values(), wanted));
          case Subject.Outcome.Unsupported unsupported ->
              result(Contract.PYTORCH, Rule.ERRORS, Verdict.SKIPPED, null, unsupported.reason());
          case Subject.Outcome.Broke broke ->
              result(
                  Contract.PYTORCH,
                  broke.rule(),
                  Verdict.FAILED,
                  null,
                  "%s Expected «%s».".formatted(broke.reason(), wanted));
        };
    return List.of(
        pytorch, result(
            Contract.TRUE, Rule.BOUND, Verdict.NOT_APPLICABLE, null, "An error has no true value beside PyTorch's."));
  }

  List<CaseResult> judgeOutputs(Expectation.Outputs expected) {
    Units units;
    Map<String, Tolerance> tolerances;
    String mistrust;
    try {
      units = Units.of(reference, inputs);
      tolerances = conformance.tolerances(reference, expected, units, !reference.deviations().isEmpty(), false);
      mistrust = Conformance.mistrust(tolerances);
      if (mistrust == null
          && !reference.deviations().isEmpty()
          && Conformance.mistrust(conformance.tolerances(reference, expected, units, false, false)) == null) {
        mistrust = "The case names the deviation '%s' but shows none.".formatted(reference.deviations().getFirst());
      }
    } catch (NullPointerException | IndexOutOfBoundsException | ArithmeticException | IllegalArgumentException e) {
      throw Conformance.doesNotFit(reference, e);
    }
    if (mistrust != null) {
      return both(Rule.AGREEMENT, Verdict.MISTRUSTED, mistrust);
    }
    Map<String, Object> values;
    Map<String, String> refused;
    switch (run()) {
      case Subject.Outcome.Outputs outputs -> {
        values = outputs.values();
        refused = outputs.refused();
      }
      case Subject.Outcome.Raised raised -> {
        return both(
            Rule.ERRORS, Verdict.FAILED, "Raised «%s: %s», expected values.".formatted(raised.torchClass(), raised.message()));
      }
      case Subject.Outcome.Unsupported unsupported -> {
        return both(Rule.AGREEMENT, Verdict.SKIPPED, unsupported.reason());
      }
      case Subject.Outcome.Broke broke -> {
        return both(broke.rule(), Verdict.FAILED, broke.reason());
      }
    }
    Map<String, Tensor> got = new LinkedHashMap<>();
    for (Map.Entry<String, Expectation.Output> entry : expected.outputs().entrySet()) {
      if (refused.containsKey(entry.getKey())) {
        continue;
      }
      String wrong = wrongForm(entry.getKey(), entry.getValue(), values.get(entry.getKey()));
      if (wrong != null) {
        return both(Rule.ERRORS, Verdict.FAILED, wrong);
      }
      got.put(entry.getKey(), (Tensor) values.get(entry.getKey()));
    }
    for (Map.Entry<String, String> text : expected.texts().entrySet()) {
      if (!text.getValue().equals(values.get(text.getKey()))) {
        return both(
            Rule.AGREEMENT,
            Verdict.FAILED,
            "'%s' is the text «%s», expected «%s».".formatted(text.getKey(), values.get(text.getKey()), text.getValue()));
      }
    }
    tolerances.keySet().removeAll(refused.keySet());
    Conformance.Errors listener = conformance.listener();
    if (listener != null) {
      tellErrors(listener, expected, tolerances, units, got);
    }
    Map<String, Tolerance> ofPytorch =
        subject.answersAsPytorch() ? conformance.tolerances(reference, expected, units, false, true) : tolerances;
    ofPytorch.keySet().removeAll(refused.keySet());
    List<CaseResult> results = new ArrayList<>();
    results.add(judgePytorch(expected, ofPytorch, units, got));
    results.add(judgeTrue(expected, tolerances, units, got));
    refused.values().stream()
        .distinct()
        .forEach(reason -> results.add(result(Contract.PYTORCH, Rule.AGREEMENT, Verdict.SKIPPED, null, reason)));
    return results;
  }

  private @Nullable String wrongForm(String name, Expectation.Output expected, @Nullable Object value) {
    if (!(value instanceof Tensor got)) {
      return "There is no output tensor '%s'.".formatted(name);
    }
    if (got.dtype() != expected.dtype() || !Arrays.equals(got.shape(), expected.shape())) {
      return "'%s' is %s%s, expected %s%s."
          .formatted(
              name,
              got.dtype().id(),
              Arrays.toString(got.shape()),
              expected.dtype().id(),
              Arrays.toString(expected.shape()));
    }
    return null;
  }

  private CaseResult judgePytorch(
      Expectation.Outputs expected, Map<String, Tolerance> tolerances, Units units, Map<String, Tensor> got) {
    Witness worst = null;
    Witness broken = null;
    boolean special = false; // of the broken element; where none is, of any
    double allowed = 0;
    for (Map.Entry<String, Tolerance> entry : tolerances.entrySet()) {
      String name = entry.getKey();
      Tolerance tolerance = entry.getValue();
      Expectation.Output output = Objects.requireNonNull(expected.outputs().get(name));
      for (int i = 0; i < tolerance.size(); i++) {
        double value = Objects.requireNonNull(got.get(name)).getDouble(output.position(i));
        double ulp = tolerance.ulp(i, value);
        if (!tolerance.accepts(i, value)) {
          if (broken == null || Math.abs(ulp) > Math.abs(broken.ulp())) {
            broken = witness(name, output, i, units, value, tolerance.expected(i), ulp);
            special = !tolerance.finiteInputs(i);
            allowed = tolerance.allowedUlp(i);
          }
        } else if (worst == null || Math.abs(ulp) > Math.abs(worst.ulp())) {
          worst = witness(name, output, i, units, value, tolerance.expected(i), ulp);
        }
        special |= broken == null && !tolerance.finiteInputs(i);
      }
    }
    Rule rule = special ? Rule.SPECIAL_VALUES : Rule.AGREEMENT;
    if (broken != null) {
      return result(
          Contract.PYTORCH,
          rule,
          Verdict.FAILED,
          broken,
          Conformance.tooFar(broken, allowed));
    }
    return result(Contract.PYTORCH, rule, Verdict.PASSED, worst, null);
  }

  private void tellErrors(
      Conformance.Errors listener,
      Expectation.Outputs expected,
      Map<String, Tolerance> tolerances,
      Units units,
      Map<String, Tensor> got) {
    tolerances.forEach(
        (name, tolerance) -> {
          Expectation.Output output = Objects.requireNonNull(expected.outputs().get(name));
          if (!output.dtype().isFloatingPoint()) {
            return;
          }
          Declaration nothing = Declaration.ofNothing(Operation.BCE_WITH_LOGITS, output.dtype());
          Bounds bounds = new Bounds(nothing, reference, inputs, units);
          for (int i = 0; i < tolerance.size(); i++) {
            double right = tolerance.expected(i);
            if (tolerance.finiteInputs(i) && Double.isFinite(right)) {
              int position = output.position(i);
              double value = Objects.requireNonNull(got.get(name)).getDouble(position);
              double low = output.exactLow() == null ? 0 : output.exactLow()[i];
              double ulp = Ulp.error(value, right, low, bounds.unit(name, output, position, right), output.dtype());
              int element = i;
              listener.error(reference, name, ulp, () -> witness(name, output, element, units, value, right, ulp));
            }
          }
        });
  }

  private CaseResult judgeTrue(
      Expectation.Outputs expected, Map<String, Tolerance> tolerances, Units units, Map<String, Tensor> got) {
    Declaration declaration = subject.declaration(reference, inputs);
    if (declaration == null) {
      return result(Contract.TRUE, Rule.BOUND, Verdict.SKIPPED, null, "The implementation declares no bound.");
    }
    Bounds bounds = new Bounds(declaration, reference, inputs, units);
    Witness worst = null;
    Witness broken = null;
    double brokenBound = 0;
    boolean unbounded = false;
    for (Map.Entry<String, Tolerance> entry : tolerances.entrySet()) {
      String name = entry.getKey();
      Tolerance tolerance = entry.getValue();
      Expectation.Output output = Objects.requireNonNull(expected.outputs().get(name));
      for (int i = 0; i < tolerance.size(); i++) {
        double right = tolerance.expected(i);
        if (!tolerance.finiteInputs(i) || !Double.isFinite(right)) {
          continue; // no truth to measure against, or an overflow: the pytorch contract judges those
        }
        int position = output.position(i);
        double value = Objects.requireNonNull(got.get(name)).getDouble(position);
        double low = output.exactLow() == null ? 0 : output.exactLow()[i];
        double unit = bounds.unit(name, output, position, right);
        double ulp = Ulp.error(value, right, low, unit, output.dtype());
        double bound = bounds.of(name, output, position);
        if (bound == Double.POSITIVE_INFINITY) {
          unbounded = true;
          continue;
        }
        // Where terms cancel, what is left of the sum need not have the sign of what is left of the truth.
        boolean cancels = !(name.equals("loss") && output.isScalar()) && units.mixed(name, position);
        boolean kept = Math.abs(ulp) <= bound && (cancels || tolerance.signIsRight(i, value));
        if (!kept && (broken == null || Math.abs(ulp) > Math.abs(broken.ulp()))) {
          broken = witness(name, output, i, units, value, right, ulp);
          brokenBound = bound;
        } else if (worst == null || Math.abs(ulp) > Math.abs(worst.ulp())) {
          worst = witness(name, output, i, units, value, right, ulp);
        }
      }
    }
    if (broken != null) {
      if (Math.abs(broken.ulp()) <= brokenBound) {
        return result(
            Contract.TRUE, Rule.BOUND, Verdict.FAILED, broken, "'%s' is a zero of the wrong sign.".formatted(broken.output()));
      }
      return result(
          Contract.TRUE,
          Rule.BOUND,
          Verdict.FAILED,
          broken,
          "'%s' is off by %.3g ULP, more than the bound of %.3g.".formatted(broken.output(), broken.ulp(), brokenBound));
    }
    if (worst == null && unbounded) {
      return result(Contract.TRUE, Rule.BOUND, Verdict.SKIPPED, null, "The implementation declares no bound.");
    }
    if (worst == null) {
      return result(
          Contract.TRUE, Rule.BOUND, Verdict.NOT_APPLICABLE, null, "No element has finite inputs and a finite true value.");
    }
    return result(Contract.TRUE, Rule.BOUND, Verdict.PASSED, worst, null);
  }

  private Witness witness(
      String name, Expectation.Output output, int i, Units units, double got, double expected, double ulp) {
    int position = output.position(i);
    String input = name.equals("loss") && output.isScalar() && !isSingleUnit()
        ? "the whole batch"
        : units.describe(name, position);
    return new Witness(name, position, input, got, expected, ulp);
  }

  private boolean isSingleUnit() {
    Tensor target = inputs.get("target");
    return target != null && target.numel() == 1;
  }
}
