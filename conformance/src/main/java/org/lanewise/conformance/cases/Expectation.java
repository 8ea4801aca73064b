package org.lanewise.conformance.cases;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** What a case expects: output tensors, or an error. */
public sealed interface Expectation {
  /**
   * Outputs by name: {@code loss}, {@code logits_gradient}.
   *
   * @param outputs tensors, in the order of the file
   * @param texts texts, which must be equal to the letter
   */
  record Outputs(Map<String, Output> outputs, Map<String, String> texts) implements Expectation {}

  /**
   * An error.
   *
   * @param torchClass the simple name of PyTorch's exception class
   * @param message its text, to the letter
   */
  @SuppressWarnings("JavaLangClash") // beside Outputs there is no other name
  record Error(String torchClass, String message) implements Expectation {}

  /**
   * One output tensor.
   *
   * @param dtype the dtype of the result
   * @param shape its shape
   * @param pytorch PyTorch's values, in the result's dtype
   * @param exact the true values, float64
   * @param exactLow what {@code exact} leaves, for float64 results; null otherwise
   * @param positions the flat indices that the values belong to; null if there is one for every element
   */
  record Output(
      DType dtype, int[] shape, Tensor pytorch, double[] exact, double @Nullable [] exactLow, int @Nullable [] positions) {
    /** The number of values that are stored. */
    public int size() {
      return exact.length;
    }

    /** The flat index of stored value {@code i} in the output tensor. */
    public int position(int i) {
      return positions == null ? i : positions[i];
    }

    /** Whether the result is a single value of shape []. */
    public boolean isScalar() {
      return shape.length == 0;
    }
  }
}
