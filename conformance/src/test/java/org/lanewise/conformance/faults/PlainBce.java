package org.lanewise.conformance.faults;

import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Float32 BCE with logits as a careful author without hurry writes it: two loops, float64 inside, right for every form of the
 * call. Loss and gradient are sums of two terms of one sign, so that nothing cancels at hard targets. A planted fault
 * overrides one step.
 */
class PlainBce implements BceWithLogitsKernel<float[]> {
  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
    double sum = 0;
    for (int row = 0; row < call.rows; row++) {
      for (int column = 0; column < call.columns; column++) {
        sum = add(sum, element(call, row, column));
      }
    }
    call.lossSum = sum;
  }

  /** Computes one element, and returns its loss. */
  float element(BceWithLogitsCall<float[]> call, int row, int column) {
    double x = logit(call, row, column);
    double t = target(call, row, column);
    double w = weight(call, row, column);
    double p = posWeight(call, row, column);
    double factor = upstream(call, row, column) * call.gradientScale * w;
    boolean finite = isFinite(x, t, w, p);
    float loss = round((finite ? loss(x, t, p) : specialLoss((float) x, (float) t, (float) p)) * w);
    write(call.loss, row, column, loss);
    double gradient = finite ? gradient(x, t, p) : specialGradient((float) x, (float) t, (float) p);
    write(call.logitsGradient, row, column, round(gradient * factor));
    write(call.targetGradient, row, column, round(targetGradient(x, p) * factor));
    return loss;
  }

  double logit(BceWithLogitsCall<float[]> call, int row, int column) {
    return call.logits.array[call.logits.at(row, column)];
  }

  double target(BceWithLogitsCall<float[]> call, int row, int column) {
    return call.target.array[call.target.at(row, column)];
  }

  double weight(BceWithLogitsCall<float[]> call, int row, int column) {
    return orOne(call.weight, row, column);
  }

  double posWeight(BceWithLogitsCall<float[]> call, int row, int column) {
    return orOne(call.posWeight, row, column);
  }

  double upstream(BceWithLogitsCall<float[]> call, int row, int column) {
    return orOne(call.upstream, row, column);
  }

  static double orOne(Strided<float[]> operand, int row, int column) {
    return operand.array == null ? 1 : operand.array[operand.at(row, column)];
  }

  /** Whether the truth decides, and not what PyTorch's own expressions make of a NaN or an infinity. */
  boolean isFinite(double x, double t, double w, double p) {
    return Double.isFinite(x) && Double.isFinite(t) && Double.isFinite(w) && Double.isFinite(p);
  }

  double loss(double x, double t, double p) {
    return (1 - t) * softplus(x) + p * t * softplus(-x);
  }

  double gradient(double x, double t, double p) {
    return (1 - t) * sigmoid(x) - p * t * sigmoid(-x);
  }

  /** PyTorch's expression, in float as there. */
  double specialLoss(float x, float t, float p) {
    float logSigmoid = Math.min(x, 0) - (float) log1p((float) exp(-Math.abs(x)));
    return (1 - t) * x - (p == 1 ? 1 : (p - 1) * t + 1) * logSigmoid;
  }

  /** PyTorch's expression, in float as there. */
  double specialGradient(float x, float t, float p) {
    return (p == 1 ? 1 : (p - 1) * t + 1) * (float) sigmoid(x) - p * t;
  }

  double targetGradient(double x, double p) {
    double positive = Double.isInfinite(p) ? (float) softplus(-x) : softplus(-x); // a float's 0 times infinity is NaN
    return p == 1 ? -x : p * positive - softplus(x);
  }

  /** ln(1 + e^x). */
  double softplus(double x) {
    return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
  }

  double sigmoid(double x) {
    double z = exp(-Math.abs(x));
    return (x >= 0 ? 1 : z) / (1 + z);
  }

  /** e^x for x ≤ 0; never 0, lest a gradient lose its sign. */
  double exp(double x) {
    return StrictMath.exp(Math.max(x, -700));
  }

  /** ln(1 + z) for z in [0, 1]. */
  double log1p(double z) {
    return StrictMath.log1p(z);
  }

  float round(double value) {
    return (float) value;
  }

  double add(double sum, float loss) {
    return sum + loss;
  }

  void write(Strided<float[]> output, int row, int column, float value) {
    if (output.array != null) {
      output.array[output.at(row, column)] = value;
    }
  }
}
