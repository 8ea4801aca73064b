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

  /** The sum of the slots, added pairwise at the distances 16, 8, 4, 2, 1. */
  public static double reduce(double[] slots) {
    return reduce(slots, 0);
  }

  /** The sum of the slots that begin at {@code start}. */
  public static double reduce(double[] slots, int start) {
    double s0 = eighth(slots, start) + eighth(slots, start + 4);
    double s1 = eighth(slots, start + 1) + eighth(slots, start + 5);
    double s2 = eighth(slots, start + 2) + eighth(slots, start + 6);
    double s3 = eighth(slots, start + 3) + eighth(slots, start + 7);
    return (s0 + s2) + (s1 + s3);
  }

  /** What the distances 16 and 8 make of four slots. Written out: as loops over the array this took longer than a row. */
  private static double eighth(double[] slots, int j) {
    return (slots[j] + slots[j + 16]) + (slots[j + 8] + slots[j + 24]);
  }
}
