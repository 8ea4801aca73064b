package org.lanewise.kernels.vector;

import static org.lanewise.kernels.vector.Species.FLOATS;
import static org.lanewise.kernels.vector.Species.INTS;
import static org.lanewise.kernels.vector.Species.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** The third step of cross-entropy: exponentials times the factor of their row. */
final class RowGradients {
  private RowGradients() {}

  /** The row that each element of as many narrow rows as there are lanes belongs to. */
  static final class Rows {
    private int[] rows = new int[0];
    private int classes;

    int[] of(int classes) {
      if (this.classes != classes) {
        if (rows.length < LANES * classes) {
          rows = new int[LANES * classes];
        }
        for (int i = 0; i < LANES * classes; i++) {
          rows[i] = i / classes;
        }
        this.classes = classes;
      }
      return rows;
    }
  }

  /** The rows of a group of narrow rows that lie one after the other. */
  static void narrow(float[] gradient, int start, int classes, VectorCrossEntropy.Scratch s, int rows) {
    int[] rowOfElement = s.rowOfElement.of(classes);
    int whole = rows & -LANES;
    for (int r = 0; r < whole; r += LANES) {
      scaleRows(s.exponentials, r * classes, LANES * classes, rowOfElement, s.unit, s.high, s.low, r, gradient, start + r * classes);
    }
    for (int r = whole; r < rows; r++) {
      for (int c = r * classes; c < (r + 1) * classes; c++) {
        float e = s.exponentials[c] * s.unit[r];
        gradient[start + c] = Math.fma(e, s.high[r], e * s.low[r]);
      }
    }
  }

  private static void scaleRows(
      float[] exponentials, int from, int length, int[] rowOfElement,
      float[] unit, float[] high, float[] low, int firstRow, float[] out, int outStart) {
    IntVector units = FloatVector.fromArray(FLOATS, unit, firstRow).reinterpretAsInts();
    IntVector highs = FloatVector.fromArray(FLOATS, high, firstRow).reinterpretAsInts();
    IntVector lows = FloatVector.fromArray(FLOATS, low, firstRow).reinterpretAsInts();
    for (int i = 0; i < length; i += LANES) {
      IntVector row = IntVector.fromArray(INTS, rowOfElement, i);
      FloatVector u = row.selectFrom(units).reinterpretAsFloats();
      FloatVector h = row.selectFrom(highs).reinterpretAsFloats();
      FloatVector l = row.selectFrom(lows).reinterpretAsFloats();
      FloatVector e = FloatVector.fromArray(FLOATS, exponentials, from + i).mul(u);
      e.fma(h, e.mul(l)).intoArray(out, outStart + i);
    }
  }

  /** A wide row, in place. */
  static void wide(float[] gradient, int start, int classes, VectorCrossEntropy.Scratch s, int r) {
    int whole = classes & -LANES;
    scale(gradient, start, whole, s.unit[r], s.high[r], s.low[r]);
    for (int c = start + whole; c < start + classes; c++) {
      float e = gradient[c] * s.unit[r];
      gradient[c] = Math.fma(e, s.high[r], e * s.low[r]);
    }
  }

  /** Multiplies exponentials by unit, then by high + low. */
  private static void scale(float[] values, int start, int length, float unit, float high, float low) {
    FloatVector units = FloatVector.broadcast(FLOATS, unit);
    FloatVector highs = FloatVector.broadcast(FLOATS, high);
    FloatVector lows = FloatVector.broadcast(FLOATS, low);
    for (int c = 0; c < length; c += LANES) {
      FloatVector e = FloatVector.fromArray(FLOATS, values, start + c).mul(units);
      e.fma(highs, e.mul(lows)).intoArray(values, start + c);
    }
  }
}
