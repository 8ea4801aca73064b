package org.lanewise.kernels.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lanewise.kernels.metrics.Errors.assertRefused;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The texts are those that scikit-learn 1.9.1 prints. */
class ClassificationReportTest {
  private static final ClassificationReport REPORT = ClassificationReport.create();
  private static final Tensor PREDICTION = Tensor.of(new long[] {0, 0, 2, 1, 0}, 5);
  private static final Tensor TARGET = Tensor.of(new long[] {0, 1, 2, 2, 0}, 5);
  private static final Tensor LABEL_PREDICTION = Tensor.of(new long[] {1, 0, 1, 0, 0, 1}, 3, 2);
  private static final Tensor LABEL_TARGET = Tensor.of(new long[] {1, 1, 1, 0, 0, 0}, 3, 2);

  @Test
  void classes() {
    assertEquals(
        """
                      precision    recall  f1-score   support

                   0       0.67      1.00      0.80         2
                   1       0.00      0.00      0.00         1
                   2       1.00      0.50      0.67         2

            accuracy                           0.60         5
           macro avg       0.56      0.50      0.49         5
        weighted avg       0.67      0.60      0.59         5
        """,
        REPORT.text(PREDICTION, TARGET));
  }

  @Test
  void namesWidenColumnByCodePoints() {
    assertEquals(
        """
                            precision    recall  f1-score   support

                       cat     0.6667    1.0000    0.8000         2
        a fairly long name     0.0000    0.0000    0.0000         1
                        😀😀     1.0000    0.5000    0.6667         2

                  accuracy                         0.6000         5
                 macro avg     0.5556    0.5000    0.4889         5
              weighted avg     0.6667    0.6000    0.5867         5
        """,
        REPORT
            .targetNames("cat", "a fairly long name", "😀😀")
            .digits(4)
            .zeroDivision(ZeroDivision.ONE)
            .text(PREDICTION, TARGET));
  }

  @Test
  void labels() {
    assertEquals(
        """
                      precision    recall  f1-score   support

                   0       1.00      1.00      1.00         2
                   1       0.00      0.00      0.00         1

           micro avg       0.67      0.67      0.67         3
           macro avg       0.50      0.50      0.50         3
        weighted avg       0.67      0.67      0.67         3
         samples avg       0.67      0.75      0.56         3
        """,
        REPORT.zeroDivision(ZeroDivision.NAN).text(LABEL_PREDICTION, LABEL_TARGET));
  }

  @Test
  void absentClasses() {
    assertEquals(
        """
                      precision    recall  f1-score   support

                   2       1.00      0.50      0.67         2
                   3       0.00      0.00      0.00         0
                   0       0.67      1.00      0.80         2
                   1       0.00      0.00      0.00         1

            accuracy                           0.60         5
           macro avg       0.42      0.38      0.37         5
        weighted avg       0.67      0.60      0.59         5
        """,
        REPORT.labels(2, 3, 0, 1).text(PREDICTION, TARGET));
  }

  @Test
  void classesLeftOutTurnAccuracyIntoMicroAverage() {
    assertEquals(
        """
                      precision    recall  f1-score   support

                   0       0.67      1.00      0.80         2
                   1       0.00      0.00      0.00         1

           micro avg       0.50      0.67      0.57         3
           macro avg       0.33      0.50      0.40         3
        weighted avg       0.44      0.67      0.53         3
        """,
        REPORT.labels(0, 1).text(PREDICTION, TARGET));
  }

  @Test
  void oneClass() {
    assertEquals(
        """
                      precision    recall  f1-score   support

                   4          1         1         1         2

            accuracy                              1         2
           macro avg          1         1         1         2
        weighted avg          1         1         1         2
        """,
        REPORT.digits(0).text(Tensor.of(new long[] {4, 4}, 2), Tensor.of(new long[] {4, 4}, 2)));
  }

  @Test
  void supportOfNothingRightIsFloat() {
    assertEquals(
        """
                      precision    recall  f1-score   support

                   0       0.00      0.00      0.00       1.0
                   1       0.00      0.00      0.00       1.0

            accuracy                           0.00       2.0
           macro avg       0.00      0.00      0.00       2.0
        weighted avg       0.00      0.00      0.00       2.0
        """,
        REPORT.text(Tensor.of(new long[] {1, 0}, 2), Tensor.of(new long[] {0, 1}, 2)));
  }

  @Test
  void flattened() {
    assertEquals(
        """
                      precision    recall  f1-score   support

                   0       0.67      0.67      0.67         3
                   1       0.67      0.67      0.67         3

            accuracy                           0.67         6
           macro avg       0.67      0.67      0.67         6
        weighted avg       0.67      0.67      0.67         6
        """,
        REPORT.flattened(LABEL_PREDICTION, LABEL_TARGET));
  }

  @Test
  void perLabel() {
    List<String> reports = REPORT.targetNames("no", "yes").perLabel(LABEL_PREDICTION, LABEL_TARGET);
    assertEquals(2, reports.size());
    assertEquals(
        """
                      precision    recall  f1-score   support

                  no       0.50      0.50      0.50         2
                 yes       0.00      0.00      0.00         1

            accuracy                           0.33         3
           macro avg       0.25      0.25      0.25         3
        weighted avg       0.33      0.33      0.33         3
        """,
        reports.get(1));
  }

  @Test
  void tiesAreRoundedToEven() {
    // 1 of 8 is 0.125, 3 of 8 is 0.375.
    Tensor target = Tensor.of(new long[] {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}, 16);
    Tensor prediction = Tensor.of(new long[] {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}, 16);
    String report = REPORT.text(prediction, target);
    assertTrue(report.contains("           0       0.17      0.12      0.14         8\n"), report);
    assertTrue(report.contains("           1       0.30      0.38      0.33         8\n"), report);
  }

  @Test
  void refusesWhatItCannotPrint() {
    assertRefused("2 target names, but 3 labels, [0, 1, 2]", () -> REPORT.targetNames("a", "b").text(PREDICTION, TARGET));
    assertRefused("digits is -1", () -> REPORT.digits(-1));
    assertRefused("digits is 1075", () -> REPORT.digits(1075));
    assertRefused("shape [5]", () -> REPORT.perLabel(PREDICTION, TARGET));
    Tensor empty = Tensor.zeros(DType.INT64, 0);
    assertRefused("empty", () -> REPORT.text(empty, empty));
    assertRefused("empty", () -> REPORT.flattened(empty, empty));
    assertRefused("empty", () -> REPORT.perLabel(empty, empty));
  }
}
