package org.lanewise.conformance.judgement;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.Broadcast;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.tensor.Tensor;

/** The units of BCE: every element by itself, with its weights. */
final class Elements extends Units {
  private final Tensor logits;
  private final Tensor target;
  private final @Nullable Tensor weight;
  private final @Nullable Tensor posWeight;
  private final @Nullable Tensor upstream;
  private final boolean mean;

  Elements(ReferenceCase reference, Map<String, Tensor> inputs) {
    this.logits = Objects.requireNonNull(inputs.get("logits"));
    this.target = Objects.requireNonNull(inputs.get("target"));
    this.weight = inputs.get("weight");
    this.posWeight = inputs.get("pos_weight");
    this.upstream = inputs.get("upstream");
    this.mean = reference.reduction().equals("mean");
  }

  @Override
  boolean finite(String output, int index) {
    return Double.isFinite(logits.getDouble(index))
        && Double.isFinite(target.getDouble(index))
        && Double.isFinite(weight(index))
        && Double.isFinite(posWeight(index));
  }

  @Override
  boolean allFinite() {
    for (int i = 0; i < logits.numel(); i++) {
      if (!finite("", i)) {
        return false;
      }
    }
    return true;
  }

  @Override
  boolean mixed(String output, int index) {
    double t = target.getDouble(index);
    return posWeight != null || !output.equals("target_gradient") && t != 0 && t != 1;
  }

  @Override
  double largestTerm(String output, int index) {
    double x = logits.getDouble(index);
    double t = target.getDouble(index);
    double positive = posWeight(index) * t;
    double term =
        switch (output) {
          // |x| · w + c · ln(1 + e^-|x|): for targets in [0, 1] both are positive and the result is the larger.
          case "loss" ->
              Math.max(
                  Math.abs(x * (x > 0 ? 1 - t : positive)), Math.abs((1 - t + positive) * softplus(-Math.abs(x))));
          case "target_gradient" -> Math.max(softplus(x), Math.abs(posWeight(index)) * softplus(-x));
          default -> Math.max(Math.abs(1 - t + positive) / (1 + Math.exp(-x)), Math.abs(positive));
        };
    return Math.abs(weight(index)) * term;
  }

  @Override
  double reducedMagnitude() {
    double sum = 0;
    for (int i = 0; i < logits.numel(); i++) {
      double x = logits.getDouble(i);
      double t = target.getDouble(i);
      double positive = posWeight(i) * t;
      double terms =
          Math.abs(x * (x > 0 ? 1 - t : positive)) + Math.abs((1 - t + positive) * softplus(-Math.abs(x)));
      sum += Math.abs(weight(i)) * terms;
    }
    return mean ? sum / logits.numel() : sum;
  }

  @Override
  double factor(int index) {
    return upstream(upstream, index) / (mean ? logits.numel() : 1);
  }

  @Override
  int weights() {
    return weight == null ? 0 : 1;
  }

  private double weight(int index) {
    return weight == null ? 1 : Broadcast.at(weight, logits, index);
  }

  private double posWeight(int index) {
    return posWeight == null ? 1 : Broadcast.at(posWeight, logits, index);
  }

  @Override
  String describe(String output, int index) {
    String text =
        "logits=%s target=%s"
            .formatted(hex(logits.getDouble(index), logits.dtype()), hex(target.getDouble(index), target.dtype()));
    if (weight != null) {
      text += " weight=" + hex(weight(index), weight.dtype());
    }
    if (posWeight != null) {
      text += " pos_weight=" + hex(posWeight(index), posWeight.dtype());
    }
    return text;
  }
}
