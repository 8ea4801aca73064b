package org.lanewise.conformance.validation;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.tensor.Tensor;

/** An implementation whose results are kept until the next call, which must not change them. */
final class KeptResults implements Subject {
  private final Subject subject;
  private final Map<String, Tensor> results = new HashMap<>();
  private final Map<String, Tensor> copies = new HashMap<>();

  KeptResults(Subject subject) {
    this.subject = subject;
  }

  @Override
  public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
    Outcome outcome = subject.run(reference, inputs);
    for (Map.Entry<String, Tensor> result : results.entrySet()) {
      if (!result.getValue().sameBits(Objects.requireNonNull(copies.get(result.getKey())))) {
        outcome = new Outcome.Broke(Rule.REPEAT, "The call has changed the '%s' of the call before.".formatted(result.getKey()));
      }
    }
    results.clear();
    copies.clear();
    if (outcome instanceof Outcome.Outputs outputs) {
      outputs.values().forEach(this::keep);
    }
    return outcome;
  }

  private void keep(String name, Object value) {
    if (value instanceof Tensor tensor) {
      results.put(name, tensor);
      copies.put(name, tensor.copy());
    }
  }

  @Override
  public String id() {
    return subject.id();
  }

  @Override
  public boolean lists(ReferenceCase reference) {
    return subject.lists(reference);
  }

  @Override
  public Optional<NotRun> notRun(ReferenceCase reference, Map<String, Tensor> inputs) {
    return subject.notRun(reference, inputs);
  }

  @Override
  public boolean answersAsPytorch() {
    return subject.answersAsPytorch();
  }

  @Override
  public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
    return subject.declaration(reference, inputs);
  }
}
