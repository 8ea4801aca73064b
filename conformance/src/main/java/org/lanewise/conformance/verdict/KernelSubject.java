package org.lanewise.conformance.verdict;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.Tensor;

/** A kernel, judged on values behind the front door. What the front door refuses is not the kernel's to answer. */
public final class KernelSubject implements Subject {
  private final KernelProvider provider;

  /** @param provider an available provider */
  public KernelSubject(KernelProvider provider) {
    this.provider = provider;
  }

  @Override
  public String id() {
    return provider.id();
  }

  @Override
  public boolean lists(ReferenceCase reference) {
    return true;
  }

  @Override
  public Optional<NotRun> notRun(ReferenceCase reference, Map<String, Tensor> inputs) {
    if (reference.expectation() instanceof Expectation.Error) {
      return Optional.of(
          new NotRun(
              Verdict.NOT_APPLICABLE,
              "Arguments are checked before a kernel is called; judged once, as '%s'.".formatted(FrontDoorSubject.ID)));
    }
    if (declaration(reference, inputs) == null) {
      return Optional.of(
          new NotRun(
              Verdict.SKIPPED,
              "The kernel does not supply %s for %s."
                  .formatted(reference.operation(), inputs.get("logits").dtype().id())));
    }
    return Optional.empty();
  }

  @Override
  public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
    return FrontDoor.run(provider, reference, inputs);
  }

  @Override
  public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
    Tensor logits = inputs.get("logits");
    for (Declaration declaration : provider.declarations()) {
      if (declaration.operation().id().equals(reference.operation())
          && logits != null
          && declaration.dtype() == logits.dtype()) {
        return declaration;
      }
    }
    return null;
  }
}
