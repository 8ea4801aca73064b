package org.lanewise.conformance.subject;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
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
    return hasKernels(reference);
  }

  /** Whether kernels supply the operation of a case. */
  static boolean hasKernels(ReferenceCase reference) {
    return Arrays.stream(Operation.values()).anyMatch(operation -> operation.id().equals(reference.operation()));
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
                  .formatted(reference.operation(), computation(inputs).id())));
    }
    return Optional.empty();
  }

  /** Of a provider that declares no bound at all; what declares one is held to the truth. */
  @Override
  public boolean answersAsPytorch() {
    return provider.declarations().stream()
        .allMatch(
            declared ->
                Math.min(
                        Math.min(declared.lossUlp(), declared.gradientUlp()),
                        Math.min(declared.mixedUlp(), declared.reducedUlp()))
                    == Double.POSITIVE_INFINITY);
  }

  @Override
  public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
    return FrontDoor.run(provider, reference, inputs);
  }

  @Override
  public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
    for (Declaration declaration : provider.declarations()) {
      if (declaration.operation().id().equals(reference.operation())
          && declaration.dtype() == computation(inputs)) {
        return declaration;
      }
    }
    return null;
  }

  /** The dtype that the front door computes in: float64 where an operand has it, otherwise float32. */
  private static DType computation(Map<String, Tensor> inputs) {
    for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
      if (!input.getKey().equals("upstream") && input.getValue().dtype() == DType.FLOAT64) {
        return DType.FLOAT64;
      }
    }
    return DType.FLOAT32;
  }
}
