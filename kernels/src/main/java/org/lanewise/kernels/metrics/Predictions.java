package org.lanewise.kernels.metrics;

import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Predictions, as int64 tensors of 0 and 1 or of class indices, from what a model gives. */
public final class Predictions {
  private Predictions() {}

  /** {@link #ofProbabilities(Tensor, double)} at the threshold 0.5, which is {@code torch.round(probabilities)}. */
  public static Tensor ofProbabilities(Tensor probabilities) {
    return ofProbabilities(probabilities, 0.5);
  }

  /**
   * 1 for each probability above the threshold, 0 for the others.
   *
   * <p>A probability at the threshold predicts 0. At 0.5 that is PyTorch's {@code torch.round(probabilities)}: a half is
   * rounded to the even neighbour, and {@code torch.round(0.5)} is 0.
   *
   * @param probabilities floating-point, of any shape, from 0 to 1
   * @param threshold from 0 to 1; rounded to the dtype of the probabilities before it is compared, as in PyTorch
   * @return int64, of the same shape
   * @throws IllegalArgumentException if the tensor is not floating-point, or a value or the threshold not in [0, 1]
   */
  public static Tensor ofProbabilities(Tensor probabilities, double threshold) {
    requireFloatingPoint("probabilities", probabilities);
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new IllegalArgumentException(
          "The threshold is %s; pass a probability, from 0 to 1, also for logits.".formatted(threshold));
    }
    double rounded = Tensor.of(new double[] {threshold}).to(probabilities.dtype()).item();
    Tensor prediction = Tensor.zeros(DType.INT64, probabilities.shape());
    for (int i = 0; i < probabilities.numel(); i++) {
      double probability = probabilities.getDouble(i);
      if (!(probability >= 0 && probability <= 1)) {
        throw new IllegalArgumentException(
            "Probability %d is %s, outside of 0 to 1; pass logits to Predictions.ofLogits.".formatted(i, probability));
      }
      prediction.longs()[i] = probability > rounded ? 1 : 0;
    }
    return prediction;
  }

  /**
   * {@link #ofLogits(Tensor, double)} at the threshold 0.5, which is {@code torch.round(torch.sigmoid(logits))}.
   *
   * <p>The logit 0 predicts 0, since {@code torch.round(torch.sigmoid(0))} rounds 0.5 to the even neighbour, 0. So does a
   * positive logit so small that PyTorch's sigmoid of it is 0.5 in the dtype of the logits: up to 8.9e-8 in float32.
   */
  public static Tensor ofLogits(Tensor logits) {
    return ofLogits(logits, 0.5);
  }

  /**
   * 1 for each logit whose sigmoid is above the threshold, 0 for the others.
   *
   * <p>The threshold is compared with the probability, never with the logit: 0.5 on the logits themselves would be a
   * probability of 0.62.
   *
   * @param logits floating-point, of any shape; their sigmoid is of their dtype, rounded as PyTorch does
   * @param threshold a probability, from 0 to 1; one at the threshold predicts 0
   * @return int64, of the same shape
   * @throws IllegalArgumentException if the tensor is not floating-point, a logit is NaN, or the threshold is not in [0, 1]
   */
  public static Tensor ofLogits(Tensor logits, double threshold) {
    requireFloatingPoint("logits", logits);
    for (int i = 0; i < logits.numel(); i++) {
      if (Double.isNaN(logits.getDouble(i))) {
        throw new IllegalArgumentException("Logit %d is NaN and predicts nothing; look for its cause.".formatted(i));
      }
    }
    return ofProbabilities(sigmoid(logits), threshold);
  }

  /**
   * The class with the largest score of each row, as {@code torch.argmax} gives it: of equal scores the first, and NaN
   * counts as largest. Logits and probabilities have the same largest class.
   *
   * @param scores of any dtype; [C], [N, C] or [N, C, d1, …], as cross-entropy takes them, with at least one class
   * @return class indices, int64, of the same shape without the class dimension
   * @throws IllegalArgumentException if there is no class
   */
  public static Tensor ofClassScores(Tensor scores) {
    return scores.argmax(scores.rank() > 1 ? 1 : 0);
  }

  /**
   * PyTorch's sigmoid in PyTorch's own steps, each rounded: 1 / (1 + e^−x) in float64 for float64, in float32 otherwise.
   * The sigmoid of {@code Activations}, rounded once, is nearer to the truth and would predict otherwise next to a tie.
   */
  private static Tensor sigmoid(Tensor logits) {
    boolean wide = logits.dtype() == DType.FLOAT64;
    Tensor result = Tensor.zeros(wide ? DType.FLOAT64 : DType.FLOAT32, logits.shape());
    for (int i = 0; i < logits.numel(); i++) {
      double exponential = StrictMath.exp(-logits.getDouble(i));
      if (wide) {
        result.doubles()[i] = 1 / (1 + exponential);
      } else {
        result.floats()[i] = 1 / (1 + (float) exponential);
      }
    }
    return result.to(logits.dtype());
  }

  private static void requireFloatingPoint(String name, Tensor tensor) {
    if (!tensor.dtype().isFloatingPoint()) {
      throw new IllegalArgumentException(
          "The %s are %s; pass a floating-point tensor, for example with to(DType.FLOAT32)."
              .formatted(name, tensor.dtype().id()));
    }
  }
}
