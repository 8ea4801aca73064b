package org.lanewise.conformance.fresh;

import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.tensor.DType;

/**
 * The losses in the order of operations that PyTorch 2.13 has on a CPU, each operation rounded to the dtype. They are not to the
 * bit what PyTorch gives, for its exponential rounds otherwise; they show how large its errors are, and where it gives NaN.
 */
final class PyTorchFormulas {
  private final boolean single;

  PyTorchFormulas(DType dtype) {
    this.single = dtype == DType.FLOAT32;
  }

  /** Rounds to the dtype. Sums, products and quotients of float32 numbers survive the double rounding unchanged. */
  private double r(double value) {
    return single ? (float) value : value;
  }

  /** One element: the loss, and the gradients of logit and target before the upstream gradient. */
  record Element(double loss, double logitGradient, double targetGradient) {}

  Element bceWithLogits(double x, double t, double weight, @Nullable Double posWeight, boolean weighted) {
    double a = r(r(1 - t) * x);
    double l = logSigmoid(x);
    double factor = posWeight == null ? 1 : r(r(r(posWeight - 1) * t) + 1);
    double loss = r(a - (posWeight == null ? l : r(l * factor)));
    double sigmoid = r(1 / r(1 + r(Math.exp(-x))));
    double gradient;
    double ofTarget;
    if (posWeight == null) {
      gradient = r(sigmoid - t);
      ofTarget = -x;
    } else {
      double u = r(posWeight * t);
      gradient = r(r(r(r(u + 1) - t) * sigmoid) - u);
      ofTarget = r(logSigmoid(-x) - r(l * posWeight));
    }
    return weighted
        ? new Element(r(loss * weight), r(gradient * weight), r(ofTarget * weight))
        : new Element(loss, gradient, ofTarget);
  }

  private double logSigmoid(double x) {
    double z = r(Math.exp(-Math.abs(x)));
    return r(Math.min(x, 0) - r(Math.log1p(z)));
  }

  /** log_softmax of a row. */
  double[] logSoftmax(double[] x) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : x) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (double value : x) {
      sum = r(sum + r(Math.exp(r(value - max))));
    }
    double logarithm = r(Math.log(sum));
    double[] result = new double[x.length];
    for (int c = 0; c < x.length; c++) {
      result[c] = r(r(x[c] - max) - logarithm);
    }
    return result;
  }

  /** One row with a class index: loss, and gradients before the upstream gradient. */
  record Row(double loss, double[] logitGradients, double @Nullable [] targetGradients) {}

  Row crossEntropy(double[] x, int target, double @Nullable [] weight, double smoothing) {
    double[] l = logSoftmax(x);
    double[] g = new double[x.length];
    double w = weight == null ? 1 : weight[target];
    double loss = r(-l[target] * w);
    g[target] = -w;
    if (smoothing > 0) {
      double spread = 0;
      double share = r(smoothing / x.length);
      for (int c = 0; c < x.length; c++) {
        spread = r(spread - (weight == null ? l[c] : r(l[c] * weight[c])));
        g[c] = r(r(r(1 - smoothing) * g[c]) - r(share * (weight == null ? 1 : weight[c])));
      }
      loss = r(r(r(1 - smoothing) * loss) + r(spread * share));
    }
    return new Row(loss, backward(l, g), null);
  }

  Row crossEntropy(double[] x, double[] probabilities, double @Nullable [] weight, double smoothing) {
    double[] l = logSoftmax(x);
    double[] g = new double[x.length];
    double[] ofTarget = new double[x.length];
    double loss = 0;
    for (int c = 0; c < x.length; c++) {
      double q = probabilities[c];
      double mixed = smoothing > 0 ? r(r(q * r(1 - smoothing)) + r(smoothing / x.length)) : q;
      double w = weight == null ? 1 : weight[c];
      loss = r(loss - r(r(l[c] * mixed) * w));
      g[c] = -r(mixed * w);
      ofTarget[c] = -r(r(1 - smoothing) * r(w * l[c]));
    }
    return new Row(loss, backward(l, g), ofTarget);
  }

  private double[] backward(double[] l, double[] g) {
    double sum = 0;
    for (double value : g) {
      sum = r(sum + value);
    }
    double[] gradients = new double[l.length];
    for (int c = 0; c < l.length; c++) {
      gradients[c] = r(g[c] - r(r(Math.exp(l[c])) * sum));
    }
    return gradients;
  }

  double times(double a, double b) {
    return r(a * b);
  }

  double over(double a, double b) {
    return r(a / b);
  }

  /** The sum, pairwise as PyTorch's is in effect. */
  double sum(double[] values, int from, int to) {
    if (to - from <= 8) {
      double sum = 0;
      for (int i = from; i < to; i++) {
        sum = r(sum + values[i]);
      }
      return sum;
    }
    int middle = (from + to) >>> 1;
    return r(sum(values, from, middle) + sum(values, middle, to));
  }
}
