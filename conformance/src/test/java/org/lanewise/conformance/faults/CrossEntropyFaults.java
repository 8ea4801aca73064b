package org.lanewise.conformance.faults;

import static org.lanewise.conformance.verdict.Rule.AGREEMENT;
import static org.lanewise.conformance.verdict.Rule.BITS;
import static org.lanewise.conformance.verdict.Rule.BOUND;
import static org.lanewise.conformance.verdict.Rule.CALL_FORMS;
import static org.lanewise.conformance.verdict.Rule.COMPLETION;
import static org.lanewise.conformance.verdict.Rule.INPUTS;
import static org.lanewise.conformance.verdict.Rule.MEMORY;
import static org.lanewise.conformance.verdict.Rule.REPEAT;
import static org.lanewise.conformance.verdict.Rule.SPECIAL_VALUES;
import static org.lanewise.conformance.verdict.Rule.THREADS;

import java.util.List;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;

/** {@link PlainCrossEntropy} with one slip each. */
final class CrossEntropyFaults {
  private CrossEntropyFaults() {}

  /** What the plain kernel keeps: its results are rounded once. */
  private static final double EXACT = 0.51;

  static List<Fault> all() {
    return List.of(
        fault("ce-no-max-shift", AGREEMENT, "The maximum is not subtracted, so that e^x overflows.", new WholeSum() {
          @Override
          double max(CrossEntropyCall<float[]> call, int n, int i) {
            return Double.isFinite(super.max(call, n, i)) ? 0 : Double.NaN;
          }
        }),
        fault("ce-max-of-padded-tail", AGREEMENT, "A last partial vector is padded with zeros, so the maximum is at least 0.", new WholeSum() {
          @Override
          double max(CrossEntropyCall<float[]> call, int n, int i) {
            double max = super.max(call, n, i);
            return call.classes % 8 == 0 || !Double.isFinite(max) ? max : Math.max(max, 0);
          }
        }),
        fault("ce-reads-whole-vectors", MEMORY, "The maximum is taken over whole vectors, where the array is long enough.", new WholeSum() {
          @Override
          double max(CrossEntropyCall<float[]> call, int n, int i) {
            double max = super.max(call, n, i);
            for (int c = call.classes; c % 8 != 0 && Double.isFinite(max); c++) {
              int at = call.logits.at(n, c) + i;
              max = at < call.logits.array.length ? Math.max(max, call.logits.array[at]) : max;
            }
            return max;
          }
        }),
        fault("ce-ties-left-out", AGREEMENT, "Every logit that equals the maximum is left out of the sum, not one of them.", new PlainCrossEntropy() {
          @Override
          double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
            double sum = 0;
            for (int c = 0; c < call.classes; c++) {
              double x = logit(call, n, c, i);
              sum += x == max ? 0 : exp(x - max);
            }
            return sum;
          }
        }),
        fault("ce-small-terms-skipped", AGREEMENT, "Terms that would not change a float32 sum are skipped, so that a certain row has loss 0.", new PlainCrossEntropy() {
          @Override
          double exp(double x) {
            return x < -17 ? super.exp(-700) : super.exp(x);
          }
        }),
        fault("ce-softmax-minus-one", BOUND, "The gradient at the target is softmax − 1, which cancels in a confident row.", new PlainCrossEntropy() {
          @Override
          void gradient(CrossEntropyCall<float[]> call, int n, int i, int target, double max, int top, double others) {
            double all = 0;
            for (int c = 0; c < call.classes; c++) {
              all += share(call, n, c, i, target);
            }
            for (int c = 0; c < call.classes; c++) {
              double softmax = exp(logit(call, n, c, i) - max) / (1 + others);
              double gradient = all * softmax - share(call, n, c, i, target);
              write(call.logitsGradient, n, c, i, round(gradient * factor(call, n, i, target)));
            }
          }
        }),
        promising("ce-float32-row-sum", BOUND, false, 2, "The exponentials of a row are added in float32, one after the other.", new PlainCrossEntropy() {
          @Override
          double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
            float sum = 0;
            for (int c = 0; c < call.classes; c++) {
              sum += c == top ? 0 : (float) exp(logit(call, n, c, i) - max);
            }
            return top >= 0 && sum < 0x1p-100f ? super.others(call, n, i, max, top) : sum;
          }
        }),
        fault("ce-nan-swallowed", SPECIAL_VALUES, "The maximum passes a NaN over, and so does the comparison that skips small terms.", new PlainCrossEntropy() {
          @Override
          double logit(CrossEntropyCall<float[]> call, int n, int c, int i) {
            double x = super.logit(call, n, c, i);
            return x == x ? x : Double.NEGATIVE_INFINITY;
          }
        }),
        fault("ce-infinity-minus-infinity", SPECIAL_VALUES, "The running maximum starts at −∞, and is subtracted from a row that starts with −∞.", new PlainCrossEntropy() {
          @Override
          double max(CrossEntropyCall<float[]> call, int n, int i) {
            double first = call.classes == 0 ? 0 : logit(call, n, 0, i);
            return first == Double.NEGATIVE_INFINITY ? first - first : super.max(call, n, i);
          }
        }),
        fault("ce-infinite-row-certain", SPECIAL_VALUES, "A row with +∞ is taken for one that is certain, where PyTorch gives NaN.", new PlainCrossEntropy() {
          @Override
          double logit(CrossEntropyCall<float[]> call, int n, int c, int i) {
            return Math.min(super.logit(call, n, c, i), Float.MAX_VALUE);
          }
        }),
        fault("ce-log-floored", SPECIAL_VALUES, "The logarithm is floored at −100, so that a target at −∞ has a finite loss.", new PlainCrossEntropy() {
          @Override
          double loss(CrossEntropyCall<float[]> call, int n, int i, int target, double max, double others) {
            double loss = super.loss(call, n, i, target, max, others);
            return loss == Double.POSITIVE_INFINITY ? 100 : loss;
          }
        }),
        fault("ce-last-class", AGREEMENT, "Above eight classes, an exclusive bound turns the last class into the one before.", new PlainCrossEntropy() {
          @Override
          int target(CrossEntropyCall<float[]> call, int n, int i) {
            int target = super.target(call, n, i);
            return call.classes > 8 && target == call.classes - 1 ? target - 1 : target;
          }
        }),
        fault("ce-index-as-float", AGREEMENT, "Class indices go through a bfloat16, as a cast of the whole batch would send them.", new PlainCrossEntropy() {
          @Override
          int target(CrossEntropyCall<float[]> call, int n, int i) {
            int target = super.target(call, n, i);
            int rounded = (int) Float.intBitsToFloat(Float.floatToRawIntBits((float) target) + 0x7FFF & 0xFFFF0000);
            return target < 0 ? target : Math.min(rounded, call.classes - 1);
          }
        }),
        fault("ce-index-of-outer", AGREEMENT, "The class index is read as if there were one an outer index.", new PlainCrossEntropy() {
          @Override
          int target(CrossEntropyCall<float[]> call, int n, int i) {
            return super.target(call, n, 0);
          }
        }),
        fault("ce-ignore-index-fixed", AGREEMENT, "The ignored index is always −100.", new PlainCrossEntropy() {
          @Override
          int target(CrossEntropyCall<float[]> call, int n, int i) {
            if (call.target.array == null) {
              return SPREAD;
            }
            long target = call.target.array[call.target.at(n, i)];
            return target < 0 || target >= call.classes ? IGNORED : (int) target;
          }
        }),
        fault("ce-ignored-row-gradient", AGREEMENT, "An ignored row has loss 0, but the gradient of its softmax.", new PlainCrossEntropy() {
          @Override
          void gradient(CrossEntropyCall<float[]> call, int n, int i, int target, double max, int top, double others) {
            super.gradient(call, n, i, target, max, top, others);
            for (int c = 0; c < call.classes && target == IGNORED; c++) {
              double softmax = exp(logit(call, n, c, i) - max) / (1 + others);
              write(call.logitsGradient, n, c, i, round(softmax * factor(call, n, i, 0)));
            }
          }
        }),
        fault("ce-ignored-row-unwritten", CALL_FORMS, "The gradient of an ignored row is left as it was, which is 0 only in a new array.", new PlainCrossEntropy() {
          @Override
          void gradient(CrossEntropyCall<float[]> call, int n, int i, int target, double max, int top, double others) {
            if (target != IGNORED || top < 0) {
              super.gradient(call, n, i, target, max, top, others);
            }
          }
        }),
        fault("ce-ignored-row-counted", CALL_FORMS, "An ignored row adds 1 to the weight sum.", new PlainCrossEntropy() {
          @Override
          double rowWeight(CrossEntropyCall<float[]> call, int target) {
            return target == IGNORED ? 1 : super.rowWeight(call, target);
          }
        }),
        fault("ce-weight-sum-unweighted", CALL_FORMS, "The weight sum counts rows, whatever their weights.", new PlainCrossEntropy() {
          @Override
          double rowWeight(CrossEntropyCall<float[]> call, int target) {
            return target == IGNORED ? 0 : 1;
          }
        }),
        fault("ce-weight-sum-kept", CALL_FORMS, "The weight sum is added to what the call held before.", new PlainCrossEntropy() {
          @Override
          public void compute(CrossEntropyCall<float[]> call) {
            double before = call.weightSum;
            super.compute(call);
            call.weightSum += before;
          }
        }),
        fault("ce-weight-offset", CALL_FORMS, "The offset of the class weights is ignored.", new PlainCrossEntropy() {
          @Override
          double weight(CrossEntropyCall<float[]> call, int c) {
            return call.classWeight == null ? 1 : call.classWeight[c];
          }
        }),
        fault("ce-single-class-unwritten", CALL_FORMS, "With a single class nothing is to be learned, so the call returns at once.", new PlainCrossEntropy() {
          @Override
          public void compute(CrossEntropyCall<float[]> call) {
            if (call.classes != 1) {
              super.compute(call);
            }
          }
        }),
        fault("ce-smoothing-unweighted", AGREEMENT, "The smoothed part of the target is not multiplied by the class weights.", new PlainCrossEntropy() {
          @Override
          double share(CrossEntropyCall<float[]> call, int n, int c, int i, int target) {
            double share = super.share(call, n, c, i, target);
            double smoothed = call.labelSmoothing / call.classes;
            return target == IGNORED || call.labelSmoothing == 0 ? share : share - smoothed * weight(call, c) + smoothed;
          }
        }),
        fault("ce-smoothing-over-others", AGREEMENT, "The smoothed part is spread over C − 1 classes, the target left out.", new PlainCrossEntropy() {
          @Override
          double share(CrossEntropyCall<float[]> call, int n, int c, int i, int target) {
            if (call.labelSmoothing == 0 || target < 0) {
              return super.share(call, n, c, i, target);
            }
            return weight(call, c)
                * (c == target ? 1 - call.labelSmoothing : call.labelSmoothing / Math.max(1, call.classes - 1));
          }
        }),
        fault("ce-probabilities-normalised", AGREEMENT, "Class probabilities are divided by their sum.", new PlainCrossEntropy() {
          @Override
          double share(CrossEntropyCall<float[]> call, int n, int c, int i, int target) {
            double share = super.share(call, n, c, i, target);
            if (target != SPREAD || call.labelSmoothing > 0) {
              return share;
            }
            double sum = 0;
            for (int other = 0; other < call.classes; other++) {
              sum += call.probabilities.array[call.probabilities.at(n, other) + i];
            }
            return Math.abs(sum - 1) < 1e-6 ? share : share / sum;
          }
        }),
        fault("ce-target-gradient-unsmoothed", AGREEMENT, "The gradient of the probabilities ignores label smoothing.", new PlainCrossEntropy() {
          @Override
          void targetGradient(CrossEntropyCall<float[]> call, int n, int i, double max, double others) {
            for (int c = 0; c < call.classes; c++) {
              double minusLogSoftmax = log1p(others) + (max - logit(call, n, c, i));
              write(call.targetGradient, n, c, i, round(minusLogSoftmax * weight(call, c) * factor(call, n, i, SPREAD)));
            }
          }
        }),
        fault("ce-upstream-of-outer", AGREEMENT, "The upstream gradient is read as if there were one an outer index.", new PlainCrossEntropy() {
          @Override
          double upstream(CrossEntropyCall<float[]> call, int n, int i) {
            return super.upstream(call, n, 0);
          }
        }),
        fault("ce-gradient-stride", CALL_FORMS, "The gradient is written with the strides of the logits.", new PlainCrossEntropy() {
          @Override
          void gradient(CrossEntropyCall<float[]> call, int n, int i, int target, double max, int top, double others) {
            Strided<float[]> gradient = call.logitsGradient;
            int rowStride = gradient.rowStride;
            int columnStride = gradient.columnStride;
            gradient.set(gradient.array, gradient.offset, call.logits.rowStride, call.logits.columnStride);
            super.gradient(call, n, i, target, max, top, others);
            gradient.set(gradient.array, gradient.offset, rowStride, columnStride);
          }
        }),
        fault("ce-shifts-its-input", INPUTS, "A row of large logits is shifted, in the caller's array.", new PlainCrossEntropy() {
          @Override
          float row(CrossEntropyCall<float[]> call, int n, int i, int target) {
            float loss = super.row(call, n, i, target);
            float max = (float) max(call, n, i);
            for (int c = 0; c < call.classes && max > 88 && max < Float.POSITIVE_INFINITY; c++) {
              call.logits.array[call.logits.at(n, c) + i] -= max;
            }
            return loss;
          }
        }),
        fault("ce-writes-whole-vectors", MEMORY, "The gradient of a row is written in whole vectors where the array is long enough.", new PlainCrossEntropy() {
          @Override
          void gradient(CrossEntropyCall<float[]> call, int n, int i, int target, double max, int top, double others) {
            super.gradient(call, n, i, target, max, top, others);
            boolean lastRow = n == call.outer - 1 && call.inner == 1;
            for (int c = call.classes; c % 8 != 0 && lastRow; c++) {
              int at = call.logitsGradient.at(n, c);
              if (at < call.logitsGradient.array.length) {
                call.logitsGradient.array[at] = 0;
              }
            }
          }
        }),
        fault("ce-smoothing-remembered", REPEAT, "The smoothed share is kept by the number of classes, not by the smoothing.", new PlainCrossEntropy() {
          private final ThreadLocal<double[]> kept = ThreadLocal.withInitial(() -> new double[2]);

          @Override
          public void compute(CrossEntropyCall<float[]> call) {
            double smoothing = call.labelSmoothing;
            if (smoothing > 0 && kept.get()[0] == call.classes) {
              call.labelSmoothing = kept.get()[1];
            } else if (smoothing > 0) {
              kept.get()[0] = call.classes;
              kept.get()[1] = smoothing;
            }
            super.compute(call);
            call.labelSmoothing = smoothing;
          }
        }),
        fault("ce-sum-in-a-field", THREADS, "The sum of the losses is a field of the kernel, which threads share.", new PlainCrossEntropy() {
          private volatile double sum;

          @Override
          public void compute(CrossEntropyCall<float[]> call) {
            sum = 0;
            super.compute(call);
            call.lossSum = sum;
          }

          @Override
          @SuppressWarnings("NonAtomicVolatileUpdate") // the fault
          double add(double ignored, float loss) {
            sum = sum + loss;
            return sum;
          }
        }),
        fault("ce-fixed-scratch", COMPLETION, "The exponentials go to a scratch array for 4,096 classes.", new PlainCrossEntropy() {
          @Override
          double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
            if (call.classes > 4096) {
              throw new ArrayIndexOutOfBoundsException("Index 4096 out of bounds for length 4096");
            }
            return super.others(call, n, i, max, top);
          }
        }),
        promising("ce-aligned-first", BITS, true, 4, "Elements before the first aligned address are added apart, in float32.", new PlainCrossEntropy() {
          @Override
          double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
            double exact = super.others(call, n, i, max, top);
            boolean aligned = (call.logits.at(n, 0) + i) % 8 == 0;
            return aligned || exact < Float.MIN_NORMAL ? exact : (float) exact;
          }
        }));
  }

  /** The textbook's sum over all classes where the shift is none of the logits: no class is then the top one. */
  private static class WholeSum extends PlainCrossEntropy {
    @Override
    int firstAt(CrossEntropyCall<float[]> call, int n, int i, double max) {
      int top = super.firstAt(call, n, i, max);
      return top >= 0 || !Double.isFinite(max) ? top : call.classes;
    }

    @Override
    double share(CrossEntropyCall<float[]> call, int n, int c, int i, int target) {
      return c == call.classes ? 0 : super.share(call, n, c, i, target);
    }

    @Override
    double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
      double sum = super.others(call, n, i, max, top);
      return top < call.classes ? sum : sum - 1;
    }

    @Override
    double exp(double x) {
      float e = (float) StrictMath.exp(x);
      return e == 0 || e == Float.POSITIVE_INFINITY ? e : super.exp(Math.min(x, 0)) * StrictMath.exp(Math.max(x, 0));
    }
  }

  private static Fault fault(String id, Rule rule, String slip, PlainCrossEntropy kernel) {
    return promising(id, rule, false, EXACT, slip, kernel);
  }

  private static Fault promising(
      String id, Rule rule, boolean bits, double bound, String slip, PlainCrossEntropy kernel) {
    Declaration declaration =
        new Declaration(Operation.CROSS_ENTROPY, DType.FLOAT32, bound, bound, bound, 0.5 + bound, bits, false);
    return Fault.of(id, rule, slip, OneKernel.ofCrossEntropy(id, slip, declaration, kernel));
  }
}
