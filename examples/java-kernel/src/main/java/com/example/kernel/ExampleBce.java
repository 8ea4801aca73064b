package com.example.kernel;

import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Float64 inside, rounded once. Loss and gradient are sums of a term of the negative class and one of the positive class; at
 * targets 0 and 1 one of them is 0, so nothing cancels.
 */
final class ExampleBce implements BceWithLogitsKernel<float[]> {
  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
    double sum = 0;
    for (int row = 0; row < call.rows; row++) {
      for (int column = 0; column < call.columns; column++) {
        sum += element(call, row, column);
      }
    }
    call.lossSum = sum;
  }

  /** Writes the outputs of one element that are wanted, and returns its loss, which always is. */
  private static float element(BceWithLogitsCall<float[]> call, int row, int column) {
    double x = value(call.logits, row, column);
    double t = value(call.target, row, column);
    double w = value(call.weight, row, column);
    double p = value(call.posWeight, row, column);
    double factor = value(call.upstream, row, column) * call.gradientScale * w;
    boolean finite = Double.isFinite(x + t + w + p);

    float loss = (float) (w * (finite ? (1 - t) * softplus(x) + p * t * softplus(-x) : torchLoss(x, t, p)));
    write(call.loss, row, column, loss);
    if (call.logitsGradient.isPresent()) {
      double gradient = finite ? (1 - t) * sigmoid(x) - p * t * sigmoid(-x) : torchGradient(x, t, p);
      write(call.logitsGradient, row, column, (float) (gradient * factor));
    }
    if (call.targetGradient.isPresent()) {
      double gradient = p == 1 ? -x : p * (Double.isInfinite(p) ? (float) softplus(-x) : softplus(-x)) - softplus(x);
      write(call.targetGradient, row, column, (float) (gradient * factor));
    }
    return loss;
  }

  /** ln(1 + e^x), without overflow for large x and without cancellation for negative x. */
  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(exp(-Math.abs(x)));
  }

  private static double sigmoid(double x) {
    double z = exp(-Math.abs(x));
    return (x >= 0 ? 1 : z) / (1 + z);
  }

  /** e^x for x up to 0; never 0 itself, for a gradient that rounds to 0 keeps its sign. */
  private static double exp(double x) {
    return Math.exp(Math.max(x, -700));
  }

  /** PyTorch's own expression, which says where NaN and infinities lead. */
  private static double torchLoss(double x, double t, double p) {
    float logSigmoid = (float) (Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))));
    return (1 - t) * x - (p == 1 ? 1 : (p - 1) * t + 1) * logSigmoid;
  }

  private static double torchGradient(double x, double t, double p) {
    return (p == 1 ? 1 : (p - 1) * t + 1) * sigmoid(x) - p * t;
  }

  /** An operand that is absent counts as 1. */
  private static float value(Strided<float[]> operand, int row, int column) {
    return operand.array == null ? 1 : operand.array[operand.at(row, column)];
  }

  private static void write(Strided<float[]> output, int row, int column, float value) {
    if (output.array != null) {
      output.array[output.at(row, column)] = value;
    }
  }
}
