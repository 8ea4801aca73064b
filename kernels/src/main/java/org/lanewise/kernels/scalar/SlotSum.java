package org.lanewise.kernels.scalar;

/**
 * The order in which both kernels add: element j of a block goes to float64 slot j mod 32, and the slots are added by a
 * fixed binary tree. The order depends on the position alone, so that a machine with 4, 8 or 16 lanes, or one, gets the
 * same bits; 32 slots are enough to keep two vectors of the widest machine apart.
 */
public final class SlotSum {
  private SlotSum() {}

  /** The number of slots. */
  public static final int SLOTS = 32;

  /** Adds the slots pairwise, distance 16, 8, 4, 2, 1; overwrites them. */
  public static double reduce(double[] slots) {
    for (int distance = SLOTS / 2; distance > 0; distance /= 2) {
      for (int j = 0; j < distance; j++) {
        slots[j] += slots[j + distance];
      }
    }
    return slots[0];
  }
}
