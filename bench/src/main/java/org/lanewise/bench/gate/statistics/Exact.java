package org.lanewise.bench.gate.statistics;

/** Exact probabilities of counts. {@code StrictMath} throughout: a verdict must have the same bits on every JVM. */
public final class Exact {
  /**
   * A two-sided interval.
   *
   * @param low its lower end
   * @param high its upper end
   */
  public record Interval(double low, double high) {}

  private Exact() {}

  /** P(X ≥ k) for X binomial with n trials of probability p. */
  public static double binomialTail(int n, int k, double p) {
    if (k <= 0) {
      return 1;
    }
    if (k > n || p <= 0) {
      return 0;
    }
    if (p >= 1) {
      return 1;
    }
    double lnP = StrictMath.log(p);
    double lnQ = StrictMath.log1p(-p);
    double lnChoose = lnChoose(n, k);
    double sum = 0;
    for (int i = k; i <= n; i++) {
      sum += StrictMath.exp(lnChoose + i * lnP + (n - i) * lnQ);
      lnChoose += StrictMath.log((double) (n - i) / (i + 1));
    }
    return Math.min(1, sum);
  }

  /** The number of ways to choose k of n, n being small. */
  public static double choose(int n, int k) {
    double ways = 1;
    for (int i = 0; i < k; i++) {
      ways = ways * (n - i) / (i + 1);
    }
    return ways;
  }

  /** The sign test: the probability that of n fair coins k or more show heads. */
  public static double signTest(int n, int k) {
    return binomialTail(n, k, 0.5);
  }

  /** Clopper and Pearson's 95 % interval of the probability behind k of n: at least 95 %, whatever the probability. */
  public static Interval clopperPearson(int n, int k) {
    if (n <= 0 || k < 0 || k > n) {
      throw new IllegalArgumentException("%d of %d, expected a count of at least one trial".formatted(k, n));
    }
    // Both ends are where a tail holds 2.5 %; the tail from k rises with p.
    double low = k == 0 ? 0 : rising(n, k, 0.025);
    double high = k == n ? 1 : rising(n, k + 1, 0.975);
    return new Interval(low, high);
  }

  /** The p at which P(X ≥ k) reaches the value, by halving. */
  private static double rising(int n, int k, double value) {
    double low = 0;
    double high = 1;
    for (double middle = 0.5; middle > low && middle < high; middle = 0.5 * (low + high)) {
      if (binomialTail(n, k, middle) < value) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  private static double lnChoose(int n, int k) {
    double sum = 0;
    int few = Math.min(k, n - k);
    for (int i = 1; i <= few; i++) {
      sum += StrictMath.log((double) (n - few + i) / i);
    }
    return sum;
  }
}
