package org.lanewise.bench.gate.rule;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that was found out about one benchmark, before any judgement.
 *
 * @param benchmark what was compared
 * @param first the forks that every benchmark gets
 * @param confirmation the fresh forks that {@link Judge#moreForks} asked for, in the order they ran; often none
 * @param baseAllocated bytes that a call of the base allocates
 * @param candidateAllocated bytes that a call of the candidate allocates
 * @param sameBits whether both gave the same output bits
 * @param unsteady in how many forks a build still changed when the time for the warm-up was up
 * @param problem why it could not be measured (a fork that crashed or hung), one sentence; null if it could
 */
public record Comparison(
    PairedBenchmark benchmark,
    List<PairedRounds> first,
    List<PairedRounds> confirmation,
    long baseAllocated,
    long candidateAllocated,
    boolean sameBits,
    int unsteady,
    @Nullable String problem) {

  /**
   * Keeps copies of the lists.
   *
   * @throws IllegalArgumentException if allocated bytes are negative, or more forks unsteady than there are
   */
  public Comparison {
    if (unsteady < 0 || unsteady > first.size() + confirmation.size()) {
      throw new IllegalArgumentException(
          "%d of %d forks were unsteady".formatted(unsteady, first.size() + confirmation.size()));
    }
    if (baseAllocated < 0 || candidateAllocated < 0) {
      throw new IllegalArgumentException(
          "a call allocates %d bytes in the base and %d in the candidate, expected at least 0"
              .formatted(baseAllocated, candidateAllocated));
    }
    first = List.copyOf(first);
    confirmation = List.copyOf(confirmation);
  }

  /** A benchmark that could not be measured, for the reason given in one sentence. */
  public static Comparison failed(PairedBenchmark benchmark, String problem) {
    return new Comparison(benchmark, List.of(), List.of(), 0, 0, true, 0, problem);
  }
}
