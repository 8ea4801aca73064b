package org.lanewise.kernels.metrics;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The scores of all labels and their averages as a table: scikit-learn's {@code classification_report} of integer arrays,
 * equal to it to the letter.
 *
 * <pre>{@code
 * String report = ClassificationReport.create().targetNames("cat", "dog").text(prediction, target);
 * }</pre>
 *
 * <p>A prediction and a target are class indices of shape [N] or the 0 and 1 of labels of shape [N, L], as {@link
 * LabelScores} takes them, with its errors.
 */
public final class ClassificationReport {
  /** No double has more decimals. */
  private static final int MOST_DIGITS = 1074;

  private final int digits;
  private final ZeroDivision zeroDivision;
  private final List<String> targetNames;
  private final long[] labels;

  private ClassificationReport(int digits, ZeroDivision zeroDivision, List<String> targetNames, long[] labels) {
    this.digits = digits;
    this.zeroDivision = zeroDivision;
    this.targetNames = targetNames;
    this.labels = labels;
  }

  /** The report of all labels under their numbers, with 2 digits and 0 where a divisor is 0: scikit-learn's defaults. */
  public static ClassificationReport create() {
    return new ClassificationReport(2, ZeroDivision.ZERO, List.of(), new long[0]);
  }

  /**
   * The same report with another number of decimals.
   *
   * @throws IllegalArgumentException if it is not in 0 to 1074
   */
  public ClassificationReport digits(int digits) {
    if (digits < 0 || digits > MOST_DIGITS) {
      throw new IllegalArgumentException(
          "The number of digits is %d; pass one from 0 to %d.".formatted(digits, MOST_DIGITS));
    }
    return new ClassificationReport(digits, zeroDivision, targetNames, labels);
  }

  /** The same report with another score where a divisor is 0. */
  public ClassificationReport zeroDivision(ZeroDivision zeroDivision) {
    return new ClassificationReport(digits, Objects.requireNonNull(zeroDivision, "zeroDivision"), targetNames, labels);
  }

  /** The same report with a name in place of each label, in the order of the labels; none for their numbers. */
  public ClassificationReport targetNames(String... targetNames) {
    return targetNames(List.of(targetNames));
  }

  /** {@link #targetNames(String...)} from a list, such as {@link Categories#names()}. */
  public ClassificationReport targetNames(List<String> targetNames) {
    return new ClassificationReport(digits, zeroDivision, List.copyOf(targetNames), labels);
  }

  /** The same report of these labels alone, in this order, whether they occur or not; none for all that occur. */
  public ClassificationReport labels(long... labels) {
    return new ClassificationReport(digits, zeroDivision, targetNames, labels.clone());
  }

  /**
   * The report, each line ended by a newline.
   *
   * @throws IllegalArgumentException if the number of target names is not that of the labels; see also {@link LabelScores}
   */
  public String text(Tensor prediction, Tensor target) {
    LabelScores scores = LabelScores.of(prediction, target, zeroDivision, labels);
    List<String> names =
        targetNames.isEmpty() ? LongStream.of(scores.labels()).mapToObj(Long::toString).toList() : targetNames;
    if (names.size() != scores.labels().length) {
      throw new IllegalArgumentException(
          "There are %d target names, but %d labels, %s; name each, or say which labels are meant with labels(…)."
              .formatted(names.size(), scores.labels().length, Arrays.toString(scores.labels())));
    }
    int width = Math.max("weighted avg".length(), digits);
    for (String name : names) {
      width = Math.max(width, characters(name));
    }

    Table table = new Table(digits, width, scores.isAllWrong());
    table.line("", "precision", "recall", "f1-score", "support");
    table.blank();
    List<Scores> byLabel = scores.scores();
    for (int i = 0; i < names.size(); i++) {
      table.line(names.get(i), byLabel.get(i));
    }
    table.blank();
    Scores micro = scores.average(Average.MICRO);
    if (!scores.isMultiLabel() && scores.isComplete()) {
      table.line("accuracy", "", "", table.score(micro.f1()), table.support(micro.support()));
    } else {
      table.line("micro avg", micro);
    }
    table.line("macro avg", scores.average(Average.MACRO));
    table.line("weighted avg", scores.average(Average.WEIGHTED));
    if (scores.isMultiLabel()) {
      table.line("samples avg", scores.average(Average.SAMPLES));
    }
    return table.text.toString();
  }

  /**
   * The report of a multi-label problem [N, L] as one column of N·L predictions, whose classes are 0 and 1; labels and
   * target names are those of these classes.
   */
  public String flattened(Tensor prediction, Tensor target) {
    Checks.requirePair(prediction, target);
    return text(prediction.reshape(-1), target.reshape(-1));
  }

  /**
   * The report of each label of a multi-label problem [N, L] by itself, column by column; labels and target names are
   * those of the classes 0 and 1 of a column.
   */
  public List<String> perLabel(Tensor prediction, Tensor target) {
    Checks.requirePair(prediction, target);
    if (target.rank() != 2) {
      throw new IllegalArgumentException(
          "The prediction and the target have shape %s; pass labels of shape [N, L]."
              .formatted(Arrays.toString(target.shape())));
    }
    long[] predicted = Checks.zerosAndOnes("prediction", prediction);
    long[] actual = Checks.zerosAndOnes("target", target);
    int columns = target.size(1);
    return IntStream.range(0, columns)
        .mapToObj(column -> text(column(predicted, column, columns), column(actual, column, columns)))
        .toList();
  }

  private static Tensor column(long[] values, int column, int columns) {
    int rows = values.length / columns;
    return Tensor.of(IntStream.range(0, rows).mapToLong(row -> values[row * columns + column]).toArray(), rows);
  }

  /** The length as Python counts it. */
  private static int characters(String text) {
    return text.codePointCount(0, text.length());
  }

  /** The text as it grows, in scikit-learn's layout. */
  private static final class Table {
    final StringBuilder text = new StringBuilder();
    private final int digits;
    private final int nameWidth;
    private final boolean floatSupport;

    /** @param floatSupport whether support has a decimal: scikit-learn counts in floats where no class index is right */
    Table(int digits, int nameWidth, boolean floatSupport) {
      this.digits = digits;
      this.nameWidth = nameWidth;
      this.floatSupport = floatSupport;
    }

    void line(String name, Scores scores) {
      line(name, score(scores.precision()), score(scores.recall()), score(scores.f1()), support(scores.support()));
    }

    void line(String name, String... cells) {
      text.repeat(' ', nameWidth - characters(name)).append(name).append(' ');
      for (String cell : cells) {
        text.append(' ').repeat(' ', Math.max(0, 9 - cell.length())).append(cell);
      }
      blank();
    }

    void blank() {
      text.append('\n');
    }

    /** The double's exact value, rounded half to even, as Python formats it. */
    String score(double score) {
      return Double.isNaN(score)
          ? "nan"
          : new BigDecimal(score).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
    }

    String support(long support) {
      return support + (floatSupport ? ".0" : "");
    }
  }
}
