package org.lanewise.kernels.metrics;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The threshold at which the scores of a validation set predict best, to be used on other data:
 *
 * <pre>{@code
 * BestThreshold best = BestThreshold.ofF1(validationProbabilities, validationTarget);
 * Tensor prediction = best.predictions(testProbabilities);
 * }</pre>
 *
 * <p>Here a score at the threshold predicts 1, as in scikit-learn's {@code precision_recall_curve}, since the threshold is
 * itself one of the scores; in {@link Predictions} it predicts 0, as in PyTorch.
 *
 * @param threshold the least score that predicts 1, in the unit of the scores: probabilities or logits
 * @param f1 the F1 of the scores that it was chosen on
 */
public record BestThreshold(double threshold, double f1) {
  /**
   * Of all thresholds that are scores, the lowest with the largest F1.
   *
   * @param scores probabilities or logits, floating-point, of any shape, none NaN
   * @param target 0 and 1, of any dtype, of the same shape, at least one of them 1
   * @throws IllegalArgumentException if the shapes differ or hold nothing, a score is NaN, or the target is not as said
   */
  public static BestThreshold ofF1(Tensor scores, Tensor target) {
    requireScores(scores);
    Checks.requirePair(scores, target);
    long[] actual = Checks.zerosAndOnes("target", target);
    long positives = Arrays.stream(actual).sum();
    if (positives == 0) {
      throw new IllegalArgumentException(
          "The target holds no 1, so that F1 is 0 at every threshold; choose it on data with positive samples.");
    }
    int[] descending =
        IntStream.range(0, actual.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -scores.getDouble(i)))
            .mapToInt(Integer::intValue)
            .toArray();
    double threshold = Double.NaN;
    long right = 0;
    long bestRight = 0;
    long bestDivisor = 1;
    for (int predicted = 1; predicted <= descending.length; predicted++) {
      double score = scores.getDouble(descending[predicted - 1]);
      right += actual[descending[predicted - 1]];
      if (predicted < descending.length && scores.getDouble(descending[predicted]) == score) {
        continue; // equal scores are predicted together
      }
      // F1 is 2 right / (predicted + positives); fractions are compared as such, so that ties are ties.
      if (right * bestDivisor >= bestRight * (predicted + positives)) {
        threshold = score;
        bestRight = right;
        bestDivisor = predicted + positives;
      }
    }
    return new BestThreshold(threshold, 2.0 * bestRight / bestDivisor);
  }

  /**
   * 1 for each score at or above the threshold, 0 for the others.
   *
   * @param scores of the same kind, probabilities or logits, as those that the threshold was chosen on; of any shape
   * @return int64, of the same shape
   * @throws IllegalArgumentException if the scores are not floating-point, or one is NaN
   */
  public Tensor predictions(Tensor scores) {
    requireScores(scores);
    Tensor prediction = Tensor.zeros(DType.INT64, scores.shape());
    for (int i = 0; i < scores.numel(); i++) {
      prediction.longs()[i] = scores.getDouble(i) >= threshold ? 1 : 0;
    }
    return prediction;
  }

  private static void requireScores(Tensor scores) {
    if (!scores.dtype().isFloatingPoint()) {
      throw new IllegalArgumentException(
          "The scores are %s; pass probabilities or logits, of a floating-point dtype.".formatted(scores.dtype().id()));
    }
    for (int i = 0; i < scores.numel(); i++) {
      if (Double.isNaN(scores.getDouble(i))) {
        throw new IllegalArgumentException("Score %d is NaN and has no order; look for its cause.".formatted(i));
      }
    }
  }
}
