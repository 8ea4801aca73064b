package org.lanewise.kernels;

/** A float64 sum that carries what each addition rounds away: as good as a sum in twice the precision. */
final class CompensatedSum {
  private double sum;
  private double lost;

  void add(double value) {
    double next = sum + value;
    double added = next - sum;
    lost += (sum - (next - added)) + (value - added);
    sum = next;
  }

  double value() {
    return Double.isFinite(sum) ? sum + lost : sum; // what an infinity loses is NaN
  }
}
