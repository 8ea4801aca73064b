package org.lanewise.conformance.calls;

import org.lanewise.kernels.tensor.Tensor;

/** Weights as the elements of the logits see them. */
public final class Broadcast {
  private Broadcast() {}

  /** The value of an operand that broadcasting to the shape of the logits puts at their flat index {@code index}. */
  public static double at(Tensor operand, Tensor logits, int index) {
    int at = 0;
    int stride = 1;
    int rest = index;
    for (int dim = logits.rank() - 1; dim >= 0; dim--) {
      int position = rest % logits.size(dim);
      rest /= logits.size(dim);
      int own = dim - (logits.rank() - operand.rank());
      if (own >= 0) {
        at += operand.size(own) == 1 ? 0 : position * stride;
        stride *= operand.size(own);
      }
    }
    return operand.getDouble(at);
  }

  /** An operand in the shape of the logits, row by row. */
  public static double[] values(Tensor operand, Tensor logits) {
    double[] values = new double[logits.numel()];
    for (int index = 0; index < values.length; index++) {
      values[index] = at(operand, logits, index);
    }
    return values;
  }
}
