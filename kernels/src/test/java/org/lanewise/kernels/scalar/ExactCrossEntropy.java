package org.lanewise.kernels.scalar;

import java.util.Arrays;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Float64 cross-entropy in {@link DoubleDouble}, the truth that the kernels are judged by: straight from the definitions, a
 * logit at a time, some hundred nanoseconds each.
 */
final class ExactCrossEntropy implements CrossEntropyKernel<double[]> {
  /** What the rounding of the last call's losses and gradients left, for rows of inner index 0. */
  double[] lossLow = new double[0];

  double[] gradientLow = new double[0];
  double[] targetGradientLow = new double[0];

  /** What one thread needs. */
  private static final class Scratch {
    double[] high = new double[0];
    double[] low = new double[0];
    final double[] slots = new double[SlotSum.SLOTS];
    final DoubleDouble term = new DoubleDouble();
    final DoubleDouble sum = new DoubleDouble();
    final DoubleDouble shares = new DoubleDouble();
    final DoubleDouble otherShares = new DoubleDouble();
    final DoubleDouble distances = new DoubleDouble();
    final DoubleDouble log = new DoubleDouble();
    final DoubleDouble perUnit = new DoubleDouble();
    final DoubleDouble own = new DoubleDouble();
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  @Override
  public void compute(CrossEntropyCall<double[]> call) {
    Scratch s = SCRATCH.get();
    if (s.high.length < call.classes) {
      s.high = new double[call.classes];
      s.low = new double[call.classes];
    }
    lossLow = new double[call.outer];
    gradientLow = new double[call.outer * call.classes];
    targetGradientLow = new double[call.outer * call.classes];
    Arrays.fill(s.slots, 0);
    double weightSum = 0;
    int row = 0;
    for (int n = 0; n < call.outer; n++) {
      for (int i = 0; i < call.inner; i++, row++) {
        int target = 0;
        if (call.target.array != null) {
          long index = call.target.array[call.target.at(n, i)];
          target = index == call.ignoreIndex ? -1 : (int) index;
        }
        boolean ignored = target < 0;
        double upstream = call.upstream.array == null ? 1 : call.upstream.array[call.upstream.at(n, i)];
        double loss = row(call, s, n, i, target, ignored ? 0 : call.gradientScale * upstream);
        if (ignored) {
          loss = 0;
        }
        if (call.loss.array != null) {
          call.loss.array[call.loss.at(n, i)] = loss;
        }
        s.slots[row % SlotSum.SLOTS] += loss;
        weightSum += ignored || call.target.array == null ? 0 : weight(call, target);
      }
    }
    call.lossSum = SlotSum.reduce(s.slots);
    call.weightSum = weightSum;
  }

  private double row(CrossEntropyCall<double[]> call, Scratch s, int n, int i, int target, double scale) {
    int classes = call.classes;
    if (classes == 0) {
      return 0;
    }
    int k = -1;
    double max = Double.NEGATIVE_INFINITY;
    boolean nan = false;
    for (int c = 0; c < classes; c++) {
      double x = logit(call, n, i, c);
      nan |= x != x;
      if (x > max) {
        max = x;
        k = c;
      }
    }
    if (nan || k < 0 || max == Double.POSITIVE_INFINITY) {
      fill(call.logitsGradient, classes, n, i);
      fill(call.targetGradient, classes, n, i);
      return Double.NaN;
    }

    // The exponentials relative to the largest logit, and their sum without that one.
    s.sum.set(0, 0);
    for (int c = 0; c < classes; c++) {
      s.term.set(0, 0);
      if (c != k) {
        s.sum.add(s.term.setSum(logit(call, n, i, c), -max).exp());
      }
      s.high[c] = s.term.high;
      s.low[c] = s.term.low;
    }
    boolean mixed = call.probabilities.array != null || call.labelSmoothing > 0;
    return mixed
        ? mixed(call, s, n, i, target, scale, k, max)
        : plain(call, s, n, i, target, scale, k, max);
  }

  /** A class index: ln(1 + (sum of the others) / own). */
  private double plain(
      CrossEntropyCall<double[]> call, Scratch s, int n, int i, int target, double scale, int k, double max) {
    double weight = target < 0 ? 0 : weight(call, target);
    // All but the target: the others' sum, 1 for the largest in its place. Added anew, as a subtraction would cancel.
    s.shares.set(0, 0);
    for (int c = 0; c < call.classes; c++) {
      if (c != target) {
        s.shares.add(c == k ? 1 : s.high[c], c == k ? 0 : s.low[c]);
      }
    }
    if (target == k) {
      s.log.set(s.shares).log1p(s.term);
    } else {
      // The target is not the largest: its distance, and the sum over all relative to the largest.
      s.log.set(s.sum).log1p(s.term);
      if (target >= 0) {
        s.log.add(s.term.setSum(max, -logit(call, n, i, target)));
      }
    }
    if (call.logitsGradient.array != null) {
      s.perUnit.set(s.sum).add(1, 0);
      for (int c = 0; c < call.classes; c++) {
        if (c == target) {
          s.own.set(s.shares).divide(s.perUnit);
          factorInto(call, n, i, c, s.own.multiply(-weight, 0), scale);
        } else {
          s.own.set(c == k ? 1 : s.high[c], c == k ? 0 : s.low[c]).divide(s.perUnit);
          factorInto(call, n, i, c, s.own.multiply(weight, 0), scale);
        }
      }
    }
    double log = s.log.value();
    lossLow[n] = Double.isInfinite(log) ? 0 : s.log.multiply(weight, 0).low;
    return Double.isInfinite(log) ? weight * log : s.log.high + 0.0;
  }

  private void factorInto(
      CrossEntropyCall<double[]> call, int n, int i, int c, DoubleDouble value, double factor) {
    value.multiply(factor, 0);
    call.logitsGradient.array[call.logitsGradient.at(n, c) + i] = value.high;
    gradientLow[n * call.classes + c] = value.low;
  }

  /** Shares of all classes, as in {@link MixedTargets}. */
  private double mixed(
      CrossEntropyCall<double[]> call, Scratch s, int n, int i, int target, double scale, int k, double max) {
    s.otherShares.set(0, 0);
    s.distances.set(0, 0);
    double infinite = 0; // a logit of -inf: its share times infinity, or NaN if the share is 0
    for (int c = 0; c < call.classes; c++) {
      double x = logit(call, n, i, c);
      share(call, s.own, n, i, c, target);
      if (c != k) {
        s.otherShares.add(s.own);
      }
      s.term.setSum(max, -x);
      if (Double.isInfinite(s.term.high)) {
        infinite += s.own.high * s.term.high;
      } else {
        s.distances.add(s.term.multiply(s.own));
      }
    }
    share(call, s.own, n, i, k, target);
    s.shares.set(s.otherShares).add(s.own);
    s.log.set(s.sum).log1p(s.term);
    if (call.logitsGradient.array != null) {
      s.own.set(s.sum).add(1, 0);
      s.perUnit.set(s.shares).divide(s.own);
      for (int c = 0; c < call.classes; c++) {
        if (c == k) {
          s.term.set(s.sum).multiply(s.perUnit);
          s.term.set(-s.term.high, -s.term.low).add(s.otherShares);
        } else {
          share(call, s.own, n, i, c, target);
          s.term.set(s.high[c], s.low[c]).multiply(s.perUnit).add(-s.own.high, -s.own.low);
        }
        factorInto(call, n, i, c, s.term, scale);
      }
    }
    if (call.targetGradient.array != null) {
      for (int c = 0; c < call.classes; c++) {
        double distance = max - logit(call, n, i, c);
        s.term.setSum(max, -logit(call, n, i, c)).add(s.log);
        double kept = 1 - call.labelSmoothing;
        s.term.multiply(kept, (1 - kept) - call.labelSmoothing).multiply(weight(call, c), 0).multiply(scale, 0);
        call.targetGradient.array[call.targetGradient.at(n, c) + i] =
            Double.isInfinite(distance) ? distance : s.term.high;
        targetGradientLow[n * call.classes + c] = s.term.low;
      }
    }
    s.log.multiply(s.shares).add(s.distances);
    lossLow[n] = s.log.low;
    return s.log.high + infinite + 0.0;
  }

  /** Sets {@code into} to the share of class c. */
  private static void share(CrossEntropyCall<double[]> call, DoubleDouble into, int n, int i, int c, int target) {
    double probability =
        call.probabilities.array != null
            ? call.probabilities.array[call.probabilities.at(n, c) + i]
            : c == target ? 1 : 0;
    into.set(probability, 0);
    if (call.labelSmoothing > 0) {
      double even = call.labelSmoothing / call.classes;
      double evenLow = Math.fma(-even, call.classes, call.labelSmoothing) / call.classes;
      double kept = 1 - call.labelSmoothing;
      into.multiply(kept, (1 - kept) - call.labelSmoothing).add(even, evenLow);
    }
    into.multiply(weight(call, c), 0);
  }

  private static double logit(CrossEntropyCall<double[]> call, int n, int i, int c) {
    return call.logits.array[call.logits.at(n, c) + i];
  }

  private static double weight(CrossEntropyCall<double[]> call, int c) {
    return call.classWeight == null ? 1 : call.classWeight[call.classWeightOffset + c];
  }

  private static void fill(Strided<double[]> operand, int classes, int n, int i) {
    for (int c = 0; c < classes && operand.array != null; c++) {
      operand.array[operand.at(n, c) + i] = Double.NaN;
    }
  }
}
