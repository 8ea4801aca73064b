package org.lanewise.bench.gate.statistics;

import java.util.Arrays;
import java.util.List;
import org.lanewise.bench.gate.statistics.Exact.Interval;

/**
 * 95 % intervals by resampling, percentile form. Forks are resampled first and rounds within them second: rounds of one
 * JVM share its JIT's decisions, so a thousand rounds of one fork are still one observation.
 */
public final class Bootstrap {
  /** How often is resampled where nobody says otherwise. */
  public static final int RESAMPLES = 2_000;

  private Bootstrap() {}

  /**
   * The interval of the median over forks of the median over rounds.
   *
   * @param rounds a row a fork, ascending
   */
  public static Interval ofMedian(double[][] rounds, int resamples) {
    int most = Arrays.stream(rounds).mapToInt(fork -> fork.length).max().orElseThrow();
    int[] drawn = new int[most];
    double[] medians = new double[rounds.length];
    double[] results = new double[resamples];
    Draws draws = new Draws();
    for (int i = 0; i < resamples; i++) {
      for (int fork = 0; fork < medians.length; fork++) {
        medians[fork] = resampledMedian(rounds[draws.index(rounds.length)], drawn, draws);
      }
      results[i] = Median.of(medians);
    }
    return middle95(results);
  }

  /**
   * The interval of the mean over benchmarks of the median over forks; one row a benchmark, one number a fork. The forks
   * drawn are the same for all benchmarks: those of one pass over the suite share a minute of the machine, if not a JVM.
   */
  public static Interval ofMeanOfMedians(List<double[]> benchmarks) {
    int most = benchmarks.stream().mapToInt(forks -> forks.length).max().orElseThrow();
    int[] drawn = new int[most];
    double[] results = new double[RESAMPLES];
    Draws draws = new Draws();
    for (int i = 0; i < RESAMPLES; i++) {
      for (int fork = 0; fork < most; fork++) {
        drawn[fork] = draws.index(most);
      }
      double sum = 0;
      for (double[] forks : benchmarks) {
        double[] resample = new double[forks.length];
        for (int fork = 0; fork < forks.length; fork++) {
          resample[fork] = forks[drawn[fork] * forks.length / most];
        }
        sum += Median.of(resample);
      }
      results[i] = sum / benchmarks.size();
    }
    return middle95(results);
  }

  /** The median of as many draws as there are values, found by counting how often each of the sorted values is drawn. */
  private static double resampledMedian(double[] sorted, int[] drawn, Draws draws) {
    int n = sorted.length;
    Arrays.fill(drawn, 0, n, 0);
    for (int i = 0; i < n; i++) {
      drawn[draws.index(n)]++;
    }
    int lower = -1;
    int seen = 0;
    while (seen <= (n - 1) / 2) {
      seen += drawn[++lower];
    }
    int upper = lower;
    while (seen <= n / 2) {
      seen += drawn[++upper];
    }
    return 0.5 * (sorted[lower] + sorted[upper]);
  }

  private static Interval middle95(double[] results) {
    Arrays.sort(results);
    int cut = results.length / 40;
    return new Interval(results[cut], results[results.length - 1 - cut]);
  }
}
