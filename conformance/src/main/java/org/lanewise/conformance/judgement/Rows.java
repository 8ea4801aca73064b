package org.lanewise.conformance.judgement;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.tensor.Tensor;

/** The units of cross-entropy: row by row. */
final class Rows extends Units {
  private final Tensor logits;
  private final Tensor target;
  private final @Nullable Tensor weight;
  private final @Nullable Tensor upstream;
  private final boolean probabilities;
  private final double labelSmoothing;
  private final long ignoreIndex;
  private final int classes;
  private final int inner;
  private final boolean[] finite;
  private final double denominator;

  Rows(ReferenceCase reference, Map<String, Tensor> inputs) {
    this.logits = Objects.requireNonNull(inputs.get("logits"));
    this.target = Objects.requireNonNull(inputs.get("target"));
    this.weight = inputs.get("weight");
    this.upstream = inputs.get("upstream");
    this.probabilities = target.sameShape(logits);
    double smoothing = reference.options().number("label_smoothing", 0);
    this.labelSmoothing = smoothing > 0 ? smoothing : 0;
    this.ignoreIndex = reference.options().integer("ignore_index", -100);
    this.classes = logits.rank() == 1 ? logits.size(0) : logits.size(1);
    int positions = 1;
    for (int dim = 2; dim < logits.rank(); dim++) {
      positions *= logits.size(dim);
    }
    this.inner = positions;
    int rows = logits.rank() == 1 ? 1 : logits.size(0) * inner;
    this.finite = new boolean[rows];
    double weights = 0;
    for (int row = 0; row < rows; row++) {
      finite[row] = true;
      for (int c = 0; c < classes; c++) {
        finite[row] &= Double.isFinite(logits.getDouble(logit(row, c))) && Double.isFinite(weight(c));
        finite[row] &= !probabilities || Double.isFinite(target.getDouble(logit(row, c)));
      }
      weights += probabilities ? 1 : ignored(row) ? 0 : weight((int) target.getLong(row));
    }
    this.denominator = reference.reduction().equals("mean") ? weights : 1;
  }

  private boolean ignored(int row) {
    return !probabilities && target.getLong(row) == ignoreIndex;
  }

  private int logit(int row, int c) {
    return (row / inner * classes + c) * inner + row % inner;
  }

  private int row(String output, int index) {
    return output.equals("loss") ? index : index / (classes * inner) * inner + index % inner;
  }

  private double weight(int c) {
    return weight == null ? 1 : weight.getDouble(c);
  }

  @Override
  boolean finite(String output, int index) {
    return finite[row(output, index)];
  }

  @Override
  boolean allFinite() {
    for (boolean row : finite) {
      if (!row) {
        return false;
      }
    }
    return true;
  }

  /** With class indices alone every term of the loss and of the gradient has one sign. */
  @Override
  boolean mixed(String output, int index) {
    return probabilities || labelSmoothing > 0;
  }

  @Override
  double largestTerm(String output, int index) {
    int row = row(output, index);
    double shares = 0;
    for (int c = 0; c < classes; c++) {
      shares += share(row, c);
    }
    double logSumExp = logSumExp(row);
    if (output.equals("loss")) {
      double largest = 0;
      for (int c = 0; c < classes; c++) {
        largest = Math.max(largest, Math.abs(share(row, c) * (logSumExp - logits.getDouble(logit(row, c)))));
      }
      return largest;
    }
    int c = index / inner % classes;
    double x = logits.getDouble(logit(row, c));
    if (output.equals("target_gradient")) {
      return Math.abs((1 - labelSmoothing) * weight(c) * (logSumExp - x));
    }
    return Math.max(Math.exp(x - logSumExp) * Math.abs(shares), Math.abs(share(row, c)));
  }

  /** The part of the target that class c has, times its weight. */
  private double share(int row, int c) {
    double probability =
        probabilities ? target.getDouble(logit(row, c)) : !ignored(row) && target.getLong(row) == c ? 1 : 0;
    return weight(c) * ((1 - labelSmoothing) * probability + labelSmoothing / classes);
  }

  @Override
  double reducedMagnitude() {
    double sum = 0;
    for (int row = 0; row < finite.length; row++) {
      double logSumExp = logSumExp(row);
      for (int c = 0; c < classes && !ignored(row); c++) {
        double share = share(row, c);
        sum += share == 0 ? 0 : Math.abs(share * (logSumExp - logits.getDouble(logit(row, c))));
      }
    }
    return Math.abs(sum / denominator);
  }

  private double logSumExp(int row) {
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      max = Math.max(max, logits.getDouble(logit(row, c)));
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += Math.exp(logits.getDouble(logit(row, c)) - max);
    }
    return max + Math.log(sum);
  }

  @Override
  double factor(int index) {
    return upstream(upstream, row("logits_gradient", index)) / denominator;
  }

  @Override
  int weights() {
    return weight == null ? 0 : 1;
  }

  @Override
  String describe(String output, int index) {
    int row = row(output, index);
    String text = "row=%d".formatted(row);
    if (!probabilities) {
      long t = target.getLong(row);
      text += " target=%d".formatted(t);
      if (t >= 0 && t < classes) {
        text += " logit[%d]=%s".formatted(t, hex(logits.getDouble(logit(row, (int) t)), logits.dtype()));
      }
    }
    if (!output.equals("loss")) {
      int c = index / inner % classes;
      text += " class=%d logit[%d]=%s".formatted(c, c, hex(logits.getDouble(index), logits.dtype()));
    }
    return text;
  }
}
