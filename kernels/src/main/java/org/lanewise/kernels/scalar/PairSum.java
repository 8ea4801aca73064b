package org.lanewise.kernels.scalar;

import static org.lanewise.kernels.scalar.SlotSum.SLOTS;

/**
 * {@link SlotSum} for float64: a slot is a sum and, {@link SlotSum#SLOTS} further, what its additions rounded away, so that
 * the sum of a block is right to the last bit.
 */
final class PairSum {
  private PairSum() {}

  /** Adds a value to slot {@code number} mod 32. */
  static void add(double[] slots, int number, double value) {
    int j = number % SLOTS;
    double high = slots[j];
    double sum = high + value;
    double back = sum - high;
    slots[j] = sum;
    slots[SLOTS + j] += (high - (sum - back)) + (value - back);
  }

  /** The sum of the slots, added pairwise at the distances 16, 8, 4, 2, 1; overwrites them. */
  static double reduce(double[] slots) {
    return reduce(slots, SLOTS);
  }

  /** The same where only the first so many slots have been used: the others, being 0, change nothing. */
  static double reduce(double[] slots, int used) {
    int distance = SLOTS / 2;
    while (distance >= used) {
      distance /= 2;
    }
    for (; distance > 0; distance /= 2) {
      for (int j = 0; j < distance; j++) {
        double a = slots[j];
        double b = slots[j + distance];
        double sum = a + b;
        double back = sum - a;
        slots[j] = sum;
        slots[SLOTS + j] += slots[SLOTS + j + distance] + ((a - (sum - back)) + (b - back));
      }
    }
    double total = slots[0] + slots[SLOTS];
    return total == total ? total : slots[0]; // infinite losses leave no rest
  }
}
