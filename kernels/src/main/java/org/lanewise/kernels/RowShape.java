package org.lanewise.kernels;

import org.lanewise.kernels.tensor.Tensor;

/**
 * How rows of classes lie in a tensor of shape [C], [N, C] or [N, C, d1, …]: value (n, c, i) at (n · classes + c) · inner + i.
 *
 * @param outer N; 1 for a single row
 * @param classes C
 * @param inner the product of d1, …
 * @param result the shape of one value a row
 */
record RowShape(int outer, int classes, int inner, int[] result) {
  static RowShape of(Tensor tensor) {
    int rank = tensor.rank();
    if (rank == 1) {
      return new RowShape(1, tensor.size(0), 1, new int[0]);
    }
    int[] result = new int[rank - 1];
    result[0] = tensor.size(0);
    int inner = 1;
    for (int dim = 2; dim < rank; dim++) {
      inner *= tensor.size(dim);
      result[dim - 1] = tensor.size(dim);
    }
    return new RowShape(tensor.size(0), tensor.size(1), inner, result);
  }
}
