package org.lanewise.conformance.subject;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.tensor.Tensor;

/** An implementation under test. */
public interface Subject {
  /** What it is called in results and in {@code --kernel}. */
  String id();

  /** Whether a case is listed for this implementation at all. */
  boolean lists(ReferenceCase reference);

  /**
   * A verdict that needs no run: the case is not this implementation's to answer, or needs what it does not supply.
   *
   * @return the verdict {@link Verdict#SKIPPED} or {@link Verdict#NOT_APPLICABLE} with its reason; empty to run the case
   */
  Optional<NotRun> notRun(ReferenceCase reference, Map<String, Tensor> inputs);

  /**
   * Whether it claims no more than to answer as PyTorch does: where a case names a deviation, it may then be as wrong as
   * PyTorch. What claims to be better is held to the truth there.
   */
  default boolean answersAsPytorch() {
    return false;
  }

  /** Runs the operation of a case. */
  Outcome run(ReferenceCase reference, Map<String, Tensor> inputs);

  /** What the implementation promises for the case, or null where it promises nothing. */
  @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs);

  /**
   * Why a case was not run.
   *
   * @param verdict {@link Verdict#SKIPPED} or {@link Verdict#NOT_APPLICABLE}
   * @param reason one sentence
   */
  record NotRun(Verdict verdict, String reason) {}

  /** What came of a run. */
  sealed interface Outcome {
    /**
     * Outputs.
     *
     * @param values a {@link Tensor}, or a {@link String} for a text, by the names that cases use: {@code loss}, {@code
     *     logits_gradient}
     * @param refused what the implementation does not supply here, and its words for it
     */
    record Outputs(Map<String, Object> values, Map<String, String> refused) implements Outcome {
      /** All that was asked for. */
      public Outputs(Map<String, Object> values) {
        this(values, Map.of());
      }
    }

    /**
     * An error of the kind that PyTorch raises.
     *
     * @param torchClass PyTorch's name of its class
     * @param message its text
     */
    record Raised(String torchClass, String message) implements Outcome {}

    /**
     * The implementation says that it does not supply what was asked; the case is then skipped.
     *
     * @param reason one sentence
     */
    record Unsupported(String reason) implements Outcome {}

    /**
     * A failure of the implementation.
     *
     * @param rule what it broke
     * @param reason one sentence
     */
    record Broke(Rule rule, String reason) implements Outcome {}
  }
}
