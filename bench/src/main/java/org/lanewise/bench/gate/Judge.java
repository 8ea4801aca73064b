package org.lanewise.bench.gate;

import java.util.List;

/** The rule. */
public final class Judge {
  /** How many forks every benchmark gets. */
  public static final int FIRST_FORKS = 5;

  /** How many fresh forks confirm what the first ones flagged. */
  public static final int CONFIRMING_FORKS = 9;

  private Judge() {}

  /** Whether the first forks look slower or faster, by the default threshold. */
  public static boolean flagged(List<PairedRounds> first) {
    throw new UnsupportedOperationException();
  }

  /**
   * How many more fresh forks are wanted, to be added to {@link Comparison#confirmation}; 0 when the rest is judging.
   * Ask again after they ran: two JIT modes can take a second helping.
   */
  public static int moreForks(Comparison soFar, Threshold threshold) {
    return 0;
  }

  /** The judgement. Same comparison, same bits. */
  public static Judgement of(Comparison comparison, Threshold threshold) {
    throw new UnsupportedOperationException();
  }
}
