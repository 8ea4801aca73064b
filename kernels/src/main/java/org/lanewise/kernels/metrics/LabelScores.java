package org.lanewise.kernels.metrics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Precision, recall, F1 and support of each label, and their averages: scikit-learn's
 * {@code precision_recall_fscore_support}.
 *
 * <p>A prediction and a target of shape [N] (or [N, 1]) hold class indices, and the labels are the classes that occur in
 * either, in ascending order. Those of shape [N, L] hold the 0 and 1 of L labels each, and the labels are the columns.
 */
public final class LabelScores {
  private final long[] labels;
  private final boolean complete;
  private final boolean allWrong;
  private final ZeroDivision zeroDivision;
  private final Counts byLabel;
  private final @Nullable Counts byRow;

  private LabelScores(
      long[] labels,
      boolean complete,
      boolean allWrong,
      ZeroDivision zeroDivision,
      Counts byLabel,
      @Nullable Counts byRow) {
    this.labels = labels;
    this.complete = complete;
    this.allWrong = allWrong;
    this.zeroDivision = zeroDivision;
    this.byLabel = byLabel;
    this.byRow = byRow;
  }

  /** {@link #of(Tensor, Tensor, ZeroDivision, long...)} of all labels, with 0 where a divisor is 0. */
  public static LabelScores of(Tensor prediction, Tensor target) {
    return of(prediction, target, ZeroDivision.ZERO);
  }

  /**
   * The scores of labels.
   *
   * @param prediction class indices [N], or the 0 and 1 of labels [N, L]; of any dtype whose values are whole numbers
   * @param target of the same shape
   * @param zeroDivision the score where a divisor is 0
   * @param labels the labels to score, in this order; none for all. Classes may be named that do not occur, and others be
   *     left out; those left out count in no average
   * @throws IllegalArgumentException if the shapes differ, are of other ranks or hold nothing; if a value is not a whole
   *     number, or in [N, L] not 0 or 1; if a label comes twice or is no column
   */
  public static LabelScores of(Tensor prediction, Tensor target, ZeroDivision zeroDivision, long... labels) {
    Checks.requirePair(prediction, target);
    if (target.rank() != 1 && target.rank() != 2) {
      throw new IllegalArgumentException(
          "The prediction and the target have shape %s; pass class indices of shape [N] or labels of shape [N, L]."
              .formatted(Arrays.toString(target.shape())));
    }
    if (LongStream.of(labels).distinct().count() < labels.length) {
      throw new IllegalArgumentException(
          "The labels %s hold one twice; name each once.".formatted(Arrays.toString(labels)));
    }
    boolean oneColumn = target.numel() == target.size(0); // scikit-learn takes [N, 1] for class indices too
    return oneColumn
        ? ofClasses(prediction, target, zeroDivision, labels.clone())
        : ofColumns(prediction, target, zeroDivision, labels.clone());
  }

  private static LabelScores ofClasses(Tensor prediction, Tensor target, ZeroDivision zeroDivision, long[] labels) {
    long[] predicted = Checks.wholes("prediction", prediction);
    long[] actual = Checks.wholes("target", target);
    long[] found = LongStream.concat(LongStream.of(predicted), LongStream.of(actual)).sorted().distinct().toArray();
    long[] scored = labels.length == 0 ? found : labels;
    Map<Long, Integer> slots = new HashMap<>();
    for (int slot = 0; slot < scored.length; slot++) {
      slots.put(scored[slot], slot);
    }
    Counts counts = new Counts(scored.length);
    boolean allWrong = true;
    for (int row = 0; row < actual.length; row++) {
      allWrong &= predicted[row] != actual[row];
      counts.count(slots.getOrDefault(predicted[row], -1), slots.getOrDefault(actual[row], -1));
    }
    boolean complete = LongStream.of(found).allMatch(slots::containsKey);
    return new LabelScores(scored, complete, allWrong, zeroDivision, counts, null);
  }

  private static LabelScores ofColumns(Tensor prediction, Tensor target, ZeroDivision zeroDivision, long[] labels) {
    long[] predicted = Checks.zerosAndOnes("prediction", prediction);
    long[] actual = Checks.zerosAndOnes("target", target);
    int rows = target.size(0);
    int columns = target.size(1);
    long[] scored = labels.length == 0 ? LongStream.range(0, columns).toArray() : labels;
    for (long label : scored) {
      if (label < 0 || label >= columns) {
        throw new IllegalArgumentException(
            "There is no label %d among %d columns; name labels from 0 to %d.".formatted(label, columns, columns - 1));
      }
    }
    Counts byLabel = new Counts(scored.length);
    Counts byRow = new Counts(rows);
    for (int row = 0; row < rows; row++) {
      for (int slot = 0; slot < scored.length; slot++) {
        int i = row * columns + (int) scored[slot];
        byLabel.count(predicted[i] == 1 ? slot : -1, actual[i] == 1 ? slot : -1);
        byRow.count(predicted[i] == 1 ? row : -1, actual[i] == 1 ? row : -1);
      }
    }
    return new LabelScores(scored, true, false, zeroDivision, byLabel, byRow);
  }

  /** The class indices or columns that are scored, in order; a copy. */
  public long[] labels() {
    return labels.clone();
  }

  /** The scores of each label, in the order of {@link #labels}. */
  public List<Scores> scores() {
    return IntStream.range(0, labels.length).mapToObj(slot -> byLabel.scores(slot, zeroDivision)).toList();
  }

  /**
   * One score for all labels.
   *
   * @throws IllegalArgumentException if the average is {@link Average#SAMPLES} and the problem not multi-label
   */
  public Scores average(Average average) {
    return switch (average) {
      case MICRO -> byLabel.total().scores(0, zeroDivision);
      case MACRO -> mean(byLabel, null);
      case WEIGHTED -> mean(byLabel, byLabel.actual);
      case SAMPLES -> {
        if (byRow == null) {
          throw new IllegalArgumentException(
              "The samples average is that of labels of shape [N, L], not of class indices; use another average.");
        }
        yield mean(byRow, null);
      }
    };
  }

  /** Whether the labels are the columns of a multi-label problem. */
  boolean isMultiLabel() {
    return byRow != null;
  }

  /** Whether every class that occurs is scored; the micro average of class indices is then their accuracy. */
  boolean isComplete() {
    return complete;
  }

  /** Whether these are class indices of which not a single one is right. */
  boolean isAllWrong() {
    return allWrong;
  }

  private Scores mean(Counts counts, long @Nullable [] weights) {
    int slots = counts.actual.length;
    double[] precision = new double[slots];
    double[] recall = new double[slots];
    double[] f1 = new double[slots];
    for (int slot = 0; slot < slots; slot++) {
      Scores scores = counts.scores(slot, zeroDivision);
      precision[slot] = scores.precision();
      recall[slot] = scores.recall();
      f1[slot] = scores.f1();
    }
    long support = LongStream.of(counts.actual).sum();
    return weights == null
        ? new Scores(Means.mean(precision), Means.mean(recall), Means.mean(f1), support)
        : new Scores(Means.mean(precision, weights), Means.mean(recall, weights), Means.mean(f1, weights), support);
  }

  /** What all scores are ratios of, for each of several labels or rows. */
  private static final class Counts {
    final long[] right;
    final long[] predicted;
    final long[] actual;

    Counts(int slots) {
      right = new long[slots];
      predicted = new long[slots];
      actual = new long[slots];
    }

    /** Counts one prediction and what it should have been, each −1 for none. */
    void count(int predictedSlot, int actualSlot) {
      if (predictedSlot >= 0) {
        predicted[predictedSlot]++;
      }
      if (actualSlot >= 0) {
        actual[actualSlot]++;
        right[actualSlot] += predictedSlot == actualSlot ? 1 : 0;
      }
    }

    Scores scores(int slot, ZeroDivision zeroDivision) {
      return new Scores(
          zeroDivision.divide(right[slot], predicted[slot]),
          zeroDivision.divide(right[slot], actual[slot]),
          zeroDivision.divide(2 * right[slot], predicted[slot] + actual[slot]),
          actual[slot]);
    }

    Counts total() {
      Counts total = new Counts(1);
      total.right[0] = LongStream.of(right).sum();
      total.predicted[0] = LongStream.of(predicted).sum();
      total.actual[0] = LongStream.of(actual).sum();
      return total;
    }
  }
}
