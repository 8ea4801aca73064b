package org.lanewise.conformance.judgement;

import java.util.Arrays;
import java.util.Map;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The units of an operation without kernels: for softmax, log_softmax and nll_loss the values along one dimension, otherwise
 * every element by itself.
 */
final class Lines extends Units {
  private final Tensor input;
  private final int length;
  private final int inner;
  private final boolean perLine;
  private final boolean[] finite;

  Lines(ReferenceCase reference, Map<String, Tensor> inputs) {
    String operation = reference.operation();
    Tensor first = operation.equals("metrics") ? null : inputs.containsKey("logits") ? inputs.get("logits") : inputs.get("input");
    this.input = first == null ? Tensor.zeros(DType.INT64, 0) : first; // labels and categories are always finite
    int rank = input.rank();
    int dim = -1;
    if (rank > 0 && (operation.equals("softmax") || operation.equals("log_softmax"))) {
      dim = Math.floorMod((int) reference.options().integer("dim", 0), rank);
    } else if (rank > 0 && operation.equals("nll_loss")) {
      dim = rank == 1 ? 0 : 1;
    }
    this.length = dim < 0 ? 1 : input.size(dim);
    this.perLine = operation.equals("nll_loss");
    int after = 1;
    for (int d = dim + 1; d < rank && dim >= 0; d++) {
      after *= input.size(d);
    }
    this.inner = after;
    this.finite = new boolean[length == 0 ? 0 : input.numel() / length];
    Arrays.fill(finite, true);
    for (int i = 0; i < input.numel(); i++) {
      finite[line(i)] &= Double.isFinite(input.getDouble(i));
    }
  }

  private int line(int index) {
    return index / (length * inner) * inner + index % inner;
  }

  @Override
  boolean finite(String output, int index) {
    if (!input.dtype().isFloatingPoint()) {
      return true; // integers, whose outputs need not have their shape
    }
    return finite[perLine && output.equals("loss") ? index : line(index)];
  }

  @Override
  boolean allFinite() {
    for (boolean line : finite) {
      if (!line) {
        return false;
      }
    }
    return true;
  }

  @Override
  boolean mixed(String output, int index) {
    return false;
  }

  @Override
  double largestTerm(String output, int index) {
    return 0;
  }

  @Override
  double reducedMagnitude() {
    return 0;
  }

  @Override
  double factor(int index) {
    return 1;
  }

  @Override
  int weights() {
    return 0;
  }

  @Override
  String describe(String output, int index) {
    return perLine && output.equals("loss") || index >= input.numel()
        ? "row=%d".formatted(index)
        : "input[%d]=%s".formatted(index, hex(input.getDouble(index), input.dtype()));
  }
}
