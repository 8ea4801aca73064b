package org.lanewise.bench.gate.statistics;

/**
 * The random numbers of the resampling: SplitMix64 from a fixed seed, written out because the bits of a verdict must not
 * depend on how a JDK turns random longs into indices.
 */
final class Draws {
  private static final long SEED = 20_260_101;
  private static final long STEP = 0x9E37_79B9_7F4A_7C15L;

  private long state = SEED;

  /** An index from 0 to {@code bound} − 1. */
  int index(int bound) {
    return (int) Math.unsignedMultiplyHigh(next(), bound);
  }

  private long next() {
    long z = state += STEP;
    z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
    return z ^ (z >>> 31);
  }
}
