package org.lanewise.conformance.subject;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.Tensor;

/**
 * What all kernels share, judged once: the argument checks of the operations that have kernels, and the operations that
 * have none.
 */
public final class FrontDoorSubject implements Subject {
  /** The id in results and in {@code --kernel}. */
  public static final String ID = "front-door";

  private final KernelProvider kernel = Kernels.require("scalar");

  /** The front door of this JVM. */
  public FrontDoorSubject() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public boolean lists(ReferenceCase reference) {
    return reference.expectation() instanceof Expectation.Error || !KernelSubject.hasKernels(reference);
  }

  @Override
  public Optional<NotRun> notRun(ReferenceCase reference, Map<String, Tensor> inputs) {
    return Optional.empty();
  }

  @Override
  public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
    return FrontDoor.run(kernel, reference, inputs);
  }

  @Override
  public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
    return null;
  }
}
