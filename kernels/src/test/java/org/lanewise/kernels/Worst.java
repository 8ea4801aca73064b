package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** The largest of many errors, and the logit or row where it was. */
final class Worst {
  private double max = -1;
  private String label = "";
  private double logit;
  private long correctlyRounded;
  private long count;

  /** A value and the truth: an error in ULP of the truth. */
  void add(float actual, double truth, String label, double logit) {
    correctlyRounded += (float) truth == actual ? 1 : 0;
    add(Truth.error(actual, truth), label, logit);
  }

  /** An error in another unit. */
  void add(double error, String label, double logit) {
    count++;
    if (error > max || Double.isNaN(error)) { // a NaN is the worst there is, and stays
      max = error;
      this.label = label;
      this.logit = logit;
    }
  }

  double max() {
    return max;
  }

  double shareCorrectlyRounded() {
    return (double) correctlyRounded / count;
  }

  void assertWithin(double bound, String what) {
    assertTrue(max <= bound, () -> "%s: %s exceeds the declared %s ULP".formatted(what, this, bound));
  }

  @Override
  public String toString() {
    return "%.4f ULP (%s, x = %a)".formatted(max, label, logit);
  }
}
