package org.lanewise.kernels.vector;

/**
 * How many elements the short loops take at a time. The results are the same bits.
 *
 * <p>While they work on a chunk in the L1 cache, nothing asks the memory for the next one but the processor's own
 * prefetching, which does not run far ahead: of a long chunk most is waited for. From operands that lie in memory a chunk
 * is therefore short; elsewhere a long one costs less. {@code docs/numerics.md} has the figures.
 */
final class ChunkLength {
  private ChunkLength() {}

  /** A multiple of every lane count and of the slots of a sum. */
  private static final int IN_MEMORY = 384;

  /** An operand of 8 MiB and more has mostly left the caches when the next call reads it. */
  private static final int FAR = 1 << 21;

  /**
   * The length of the chunks of an operand.
   *
   * @param inCache the length where the operand is in a cache
   */
  static int of(float[] operand, int inCache) {
    return operand.length < FAR ? inCache : IN_MEMORY;
  }
}
