package org.lanewise.kernels.vector;

import static org.lanewise.kernels.scalar.SlotSum.SLOTS;
import static org.lanewise.kernels.vector.Species.DOUBLES;
import static org.lanewise.kernels.vector.Species.FLOATS;
import static org.lanewise.kernels.vector.Species.LANES;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The lanewise half of {@link org.lanewise.kernels.scalar.SlotSum}. */
final class SlotAdd {
  private SlotAdd() {}

  /**
   * Adds element i to float64 slot i mod 32. The outer loop walks over the slots, so that the order in each does not
   * depend on the width.
   *
   * @param length a multiple of 32
   */
  static void add(float[] values, int start, int length, double[] slots) {
    int half = LANES / 2;
    for (int j = 0; j < SLOTS; j += LANES) {
      DoubleVector lower = DoubleVector.fromArray(DOUBLES, slots, j);
      DoubleVector upper = DoubleVector.fromArray(DOUBLES, slots, j + half);
      for (int i = j; i < length; i += SLOTS) {
        FloatVector v = FloatVector.fromArray(FLOATS, values, start + i);
        lower = lower.add(v.convertShape(VectorOperators.F2D, DOUBLES, 0));
        upper = upper.add(v.convertShape(VectorOperators.F2D, DOUBLES, 1));
      }
      lower.intoArray(slots, j);
      upper.intoArray(slots, j + half);
    }
  }
}
