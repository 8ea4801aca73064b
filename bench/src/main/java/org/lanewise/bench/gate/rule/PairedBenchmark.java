package org.lanewise.bench.gate.rule;

import org.lanewise.bench.grid.Work;

/**
 * What is compared: one kernel at one point of the grid.
 *
 * @param kernel the provider's id, which both builds have
 * @param work what a call computes
 */
public record PairedBenchmark(String kernel, Work work) {
  /**
   * The name that {@code --benchmark} and {@code lanewise-gate.json} match with their globs, such as {@code
   * vector/cross_entropy/forward/float32/indices/256x1000/mean/normal}.
   */
  public String name() {
    return String.join(
        "/",
        kernel,
        work.operation(),
        work.direction(),
        work.dtype(),
        work.target(),
        work.shape(),
        work.reduction(),
        work.data());
  }

  @Override
  public String toString() {
    return name();
  }
}
