package org.lanewise.bench.gate.rule;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.lanewise.bench.grid.Work;

/** Forks without noise, for tests of the rule. */
public final class Forked {
  private Forked() {}

  /** One fork a ratio of candidate to base. */
  public static List<PairedRounds> of(double... ratios) {
    return Arrays.stream(ratios).mapToObj(ratio -> fork(1000, 1000 * ratio)).toList();
  }

  /** So many forks of the same ratio. */
  public static List<PairedRounds> of(int forks, double ratio) {
    return Collections.nCopies(forks, fork(1000, 1000 * ratio));
  }

  private static PairedRounds fork(double base, double candidate) {
    return new PairedRounds(
        new double[] {base, 1.01 * base, 0.99 * base},
        new double[] {candidate, 1.01 * candidate, 0.99 * candidate});
  }

  public static PairedBenchmark benchmark(String kernel, int batch) {
    return new PairedBenchmark(
        kernel, new Work("cross_entropy", "float32", "indices", batch, 10, "mean", "forward", "normal"));
  }

  public static Comparison comparison(List<PairedRounds> first, List<PairedRounds> confirmation) {
    return new Comparison(benchmark("vector", 256), first, confirmation, 0, 0, true, 0, null);
  }
}
