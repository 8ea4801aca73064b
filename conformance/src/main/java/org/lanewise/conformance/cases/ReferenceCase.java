package org.lanewise.conformance.cases;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.lanewise.kernels.tensor.Tensor;

/**
 * One stored call of an operation: inputs, options and what is expected.
 *
 * @param id {@code operation/region/detail}, unique
 * @param operation such as {@code bce_with_logits}
 * @param region the mathematical region, such as {@code NEAR_TIE}
 * @param rules ids of the rules of PyTorch's behaviour that the case covers
 * @param dtype the name of the dtype of the first input: of logits, probabilities or labels; {@code none} without inputs
 * @param inputSource gives the inputs by name; large ones are computed at each call
 * @param options the options that differ from PyTorch's defaults
 * @param expectation what is expected
 * @param deviations the names of deviations from PyTorch, see {@code docs/deviations.md}
 */
public record ReferenceCase(
    String id,
    String operation,
    String region,
    List<String> rules,
    String dtype,
    Supplier<Map<String, Tensor>> inputSource,
    Options options,
    Expectation expectation,
    List<String> deviations) {
  /** The region of cases that are drawn when they are needed. */
  public static final String DRAWN = "FRESH";

  /** Whether this case was drawn just now, and is not stored. */
  public boolean isDrawn() {
    return region.equals(DRAWN);
  }

  /**
   * The inputs by name: {@code logits}, {@code target}, …, and {@code upstream} where a gradient is expected.
   *
   * @throws DataException if they cannot be read
   */
  public Map<String, Tensor> inputs() {
    return inputSource.get();
  }

  /** How losses are reduced: {@code none}, {@code mean}, {@code sum}, or a wrong value in a case that expects an error. */
  public String reduction() {
    return options.string("reduction", "mean");
  }
}
