package org.lanewise.conformance.faults;

import static org.lanewise.conformance.verdict.Rule.AGREEMENT;
import static org.lanewise.conformance.verdict.Rule.ALLOCATION;
import static org.lanewise.conformance.verdict.Rule.BITS;
import static org.lanewise.conformance.verdict.Rule.BOUND;
import static org.lanewise.conformance.verdict.Rule.CALL_FORMS;
import static org.lanewise.conformance.verdict.Rule.COMPLETION;
import static org.lanewise.conformance.verdict.Rule.FRESH;
import static org.lanewise.conformance.verdict.Rule.INPUTS;
import static org.lanewise.conformance.verdict.Rule.MEMORY;
import static org.lanewise.conformance.verdict.Rule.REPEAT;
import static org.lanewise.conformance.verdict.Rule.SPECIAL_VALUES;
import static org.lanewise.conformance.verdict.Rule.THREADS;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** {@link PlainBce} with one slip each. What overrides {@code element} adds something to it that others leave out. */
final class BceFaults {
  private BceFaults() {}

  private static final double LN2 = 0x1.62e42fefa39efp-1;

  /** What the plain kernel keeps: its results are rounded once. */
  private static final double EXACT = 0.51;

  /** No call takes so long that ends, on a machine that has other work too: the page says what share of the cases ends. */
  private static final long ENDLESS_MS = 250;

  static List<Fault> all() {
    return List.of(
        fault("bce-tail-dropped", AGREEMENT, "The loop over vectors of four drops a last element that is alone.", new PlainBce() {
          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            boolean alone = call.columns % 4 == 1 && call.columns > 4 && column == call.columns - 1;
            return alone ? 0 : super.element(call, row, column);
          }
        }),
        fault("bce-only-multiples-of-16", AGREEMENT, "The last vector overlaps the one before, and what overlaps is added to the sum twice.", new PlainBce() {
          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            float loss = super.element(call, row, column);
            int vectorsEnd = call.columns / 16 * 16;
            return call.columns > 16 && column >= call.columns - 16 && column < vectorsEnd ? loss + loss : loss;
          }
        }),
        fault("bce-odd-last-row", AGREEMENT, "Rows are computed in pairs, and an odd last one is left out.", new PlainBce() {
          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            return call.rows > 1 && row == call.rows / 2 * 2 ? 0 : super.element(call, row, column);
          }
        }),
        fault("bce-subnormals-flushed", AGREEMENT, "The processor is told to flush subnormal results to 0.", new PlainBce() {
          @Override
          float round(double value) {
            float rounded = (float) value;
            return Math.abs(rounded) < Float.MIN_NORMAL ? Math.copySign(0, rounded) : rounded;
          }
        }),
        fault("bce-minus-zero", BOUND, "The loss is the negated logarithm, so a loss of 0 is −0.", new PlainBce() {
          @Override
          double loss(double x, double t, double p) {
            double loss = super.loss(x, t, p);
            return (float) loss == 0 ? -0.0 : loss;
          }
        }),
        bounded("bce-one-term-reduction", BOUND, 0.88, "e^x is reduced with ln 2 as one float, which is off by as much as the multiple is large.", new PlainBce() {
          @Override
          double exp(double x) {
            double n = Math.rint(Math.max(x, -700) / LN2);
            return StrictMath.exp(x - n * (float) LN2) * Math.pow(2, n);
          }
        }),
        bounded("bce-low-degree-polynomial", BOUND, 1.3, "The polynomial for e^x has a term too few.", new PlainBce() {
          @Override
          double exp(double x) {
            double clamped = Math.max(x, -700);
            double n = Math.rint(clamped / LN2);
            double r = clamped - n * LN2;
            double e = 1 + r * (1 + r / 2 * (1 + r / 3 * (1 + r / 4 * (1 + r / 5 * (1 + r / 6)))));
            return e * Math.pow(2, n);
          }
        }),
        bounded("bce-power-of-two", BOUND, 0.88, "e^x is 2^(x · log2 e), the product rounded to float.", new PlainBce() {
          @Override
          double exp(double x) {
            return Math.pow(2, (float) (Math.max(x, -700) / LN2));
          }
        }),
        bounded("bce-biased", BOUND, 0.88, "A constant is one place too large, so that results are a little too large.", new PlainBce() {
          @Override
          float round(double value) {
            return (float) (value * (1 + 0x1p-25));
          }
        }),
        fault("bce-logarithm-of-one-plus", BOUND, "ln(1 + z) is computed by adding 1 first.", new PlainBce() {
          @Override
          double log1p(double z) {
            return StrictMath.log(1 + z);
          }
        }),
        fault("bce-sigmoid-minus-target", BOUND, "The gradient is σ(x) − t, which cancels at t = 1.", new PlainBce() {
          @Override
          double gradient(double x, double t, double p) {
            return (1 - t + p * t) * sigmoid(x) - p * t;
          }
        }),
        fault("bce-loss-capped", AGREEMENT, "Losses are capped at 100, as binary_cross_entropy of probabilities does.", new PlainBce() {
          @Override
          double loss(double x, double t, double p) {
            return Math.min(super.loss(x, t, p), 100);
          }
        }),
        fault("bce-probability-clipped", AGREEMENT, "The loss is computed from the probability, clipped to stay off 0 and 1.", new PlainBce() {
          @Override
          double loss(double x, double t, double p) {
            double probability = Math.clamp(sigmoid(x), 1e-12, 1 - 1e-12);
            return -(1 - t) * StrictMath.log1p(-probability) - p * t * StrictMath.log(probability);
          }
        }),
        fault("bce-hard-targets-only", AGREEMENT, "A target is taken for 1 from one half on, and for 0 below.", new PlainBce() {
          @Override
          double target(BceWithLogitsCall<float[]> call, int row, int column) {
            return super.target(call, row, column) >= 0.5 ? 1 : 0;
          }
        }),
        fault("bce-pos-weight-on-negatives", AGREEMENT, "pos_weight multiplies the term of the negatives.", new PlainBce() {
          @Override
          double loss(double x, double t, double p) {
            return p * (1 - t) * softplus(x) + t * softplus(-x);
          }

          @Override
          double gradient(double x, double t, double p) {
            return p * (1 - t) * sigmoid(x) - t * sigmoid(-x);
          }
        }),
        fault("bce-pos-weight-by-column", AGREEMENT, "pos_weight is read as one value a column, whatever its row stride.", new PlainBce() {
          @Override
          double posWeight(BceWithLogitsCall<float[]> call, int row, int column) {
            return orOne(call.posWeight, 0, column);
          }
        }),
        fault("bce-broadcast-stride", AGREEMENT, "The column stride of a broadcast weight is taken for 1.", new PlainBce() {
          @Override
          double weight(BceWithLogitsCall<float[]> call, int row, int column) {
            Strided<float[]> weight = call.weight;
            return weight.array == null
                ? 1
                : weight.array[Math.min(weight.at(row, 0) + column, weight.array.length - 1)];
          }
        }),
        fault("bce-upstream-ignored", AGREEMENT, "The gradient is not multiplied by the upstream gradient of its element.", new PlainBce() {
          @Override
          double upstream(BceWithLogitsCall<float[]> call, int row, int column) {
            return 1;
          }
        }),
        fault("bce-gradient-scaled-twice", AGREEMENT, "With a weight, the scale is put into the weight and then multiplied again.", new PlainBce() {
          @Override
          double upstream(BceWithLogitsCall<float[]> call, int row, int column) {
            double upstream = super.upstream(call, row, column);
            return call.weight.array == null ? upstream : upstream * call.gradientScale;
          }
        }),
        fault("bce-target-gradient-unweighted", AGREEMENT, "The gradient of the target is not multiplied by the weight.", new PlainBce() {
          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            float loss = super.element(call, row, column);
            double factor = upstream(call, row, column) * call.gradientScale;
            double slope = targetGradient(logit(call, row, column), posWeight(call, row, column));
            write(call.targetGradient, row, column, round(slope * factor));
            return loss;
          }
        }),
        fault("bce-float32-sum", AGREEMENT, "Losses are added in float32, which stands still at 2^24.", new PlainBce() {
          @Override
          double add(double sum, float loss) {
            return (float) sum + loss;
          }
        }),
        fault("bce-sum-for-means-only", CALL_FORMS, "The sum is left out where the losses themselves are wanted.", new PlainBce() {
          @Override
          public void compute(BceWithLogitsCall<float[]> call) {
            super.compute(call);
            call.lossSum = call.loss.array == null ? call.lossSum : 0;
          }
        }),
        fault("bce-upstream-offset", CALL_FORMS, "The offset of the upstream gradient is ignored.", new PlainBce() {
          @Override
          double upstream(BceWithLogitsCall<float[]> call, int row, int column) {
            Strided<float[]> upstream = call.upstream;
            return upstream.array == null ? 1 : upstream.array[upstream.at(row, column) - upstream.offset];
          }
        }),
        fault("bce-row-stride", CALL_FORMS, "Rows are taken to follow each other without a gap.", new PlainBce() {
          @Override
          double logit(BceWithLogitsCall<float[]> call, int row, int column) {
            return call.logits.array[call.logits.offset + row * call.columns + column];
          }
        }),
        fault("bce-gradient-added", CALL_FORMS, "The gradient is added to what the array holds, which an optimiser would want.", new PlainBce() {
          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            Strided<float[]> gradient = call.logitsGradient;
            float before = gradient.array == null ? 0 : gradient.array[gradient.at(row, column)];
            float loss = super.element(call, row, column);
            write(gradient, row, column, gradient.array == null ? 0 : gradient.array[gradient.at(row, column)] + before);
            return loss;
          }
        }),
        fault("bce-fused-near-zero", CALL_FORMS, "The pass that computes the gradient too has a shortcut near 0, and so other losses.", new PlainBce() {
          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            float loss = super.element(call, row, column);
            float x = (float) logit(call, row, column);
            boolean plain = call.weight.array == null && call.posWeight.array == null;
            if (call.logitsGradient.array != null && plain && Math.abs(x) < 0.25f) {
              loss = (float) LN2 + x * (0.5f - (float) target(call, row, column)) + x * x * 0.125f;
              write(call.loss, row, column, loss);
            }
            return loss;
          }
        }),
        fault("bce-nan-clamped", SPECIAL_VALUES, "NaN is caught by the comparison that keeps the exponent in range.", new PlainBce() {
          @Override
          double logit(BceWithLogitsCall<float[]> call, int row, int column) {
            double x = super.logit(call, row, column);
            return x > -104 || x <= -104 ? x : -104;
          }
        }),
        fault("bce-infinity-clamped", SPECIAL_VALUES, "Infinite logits are replaced by the largest float, so that nothing is NaN.", new PlainBce() {
          @Override
          double logit(BceWithLogitsCall<float[]> call, int row, int column) {
            return Math.clamp(super.logit(call, row, column), -Float.MAX_VALUE, Float.MAX_VALUE);
          }
        }),
        fault("bce-looked-up", FRESH, "The stored inputs are recognised; for others the result is rough.", new LookedUp()),
        fault("bce-clamps-its-input", INPUTS, "Large logits are clamped, in the caller's array.", new PlainBce() {
          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            float loss = super.element(call, row, column);
            int at = call.logits.at(row, column);
            float x = call.logits.array[at];
            call.logits.array[at] = x > 88 ? 88 : x;
            return loss;
          }
        }),
        fault("bce-writes-whole-vectors", MEMORY, "The last vector of a gradient is written whole where the array is long enough.", new PlainBce() {
          @Override
          public void compute(BceWithLogitsCall<float[]> call) {
            super.compute(call);
            Strided<float[]> gradient = call.logitsGradient;
            if (gradient.array != null && call.rows * call.columns > 0) {
              int end = gradient.at(call.rows - 1, call.columns - 1) + 1;
              int vectorEnd = end + Math.floorMod(-call.columns, 8);
              Arrays.fill(gradient.array, end, Math.max(end, Math.min(vectorEnd, gradient.array.length)), 0);
            }
          }
        }),
        fault("bce-sums-whole-vectors", MEMORY, "What lies behind the last element is read with its vector, and added to the sum.", new PlainBce() {
          @Override
          public void compute(BceWithLogitsCall<float[]> call) {
            super.compute(call);
            for (int column = call.columns; column % 8 != 0 && call.rows > 0; column++) {
              int x = call.logits.at(call.rows - 1, column);
              int t = call.target.at(call.rows - 1, column);
              if (x < call.logits.array.length && t < call.target.array.length) {
                call.lossSum += loss(call.logits.array[x], call.target.array[t], 1);
              }
            }
          }
        }),
        fault("bce-partial-sums-kept", REPEAT, "Of eight partial sums a call resets those that it will use, and adds all.", new PlainBce() {
          private final ThreadLocal<double[]> sums = ThreadLocal.withInitial(() -> new double[8]);

          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            double[] partial = sums.get();
            if (row == 0 && column < 8) {
              partial[column] = 0;
            }
            float loss = super.element(call, row, column);
            partial[column % 8] += loss;
            return loss;
          }

          @Override
          public void compute(BceWithLogitsCall<float[]> call) {
            super.compute(call);
            call.lossSum = Arrays.stream(sums.get()).sum();
          }
        }),
        fault("bce-nan-remembered", REPEAT, "That a NaN was seen is forgotten only after the next call.", new PlainBce() {
          private final ThreadLocal<boolean[]> seen = ThreadLocal.withInitial(() -> new boolean[1]);

          @Override
          public void compute(BceWithLogitsCall<float[]> call) {
            boolean before = seen.get()[0];
            super.compute(call);
            seen.get()[0] = Double.isNaN(call.lossSum);
            call.lossSum = before ? Double.NaN : call.lossSum;
          }
        }),
        fault("bce-shared-scratch", THREADS, "The exponentials go through an array that all threads share.", new PlainBce() {
          private final double[] scratch = new double[1 << 14];

          @Override
          public void compute(BceWithLogitsCall<float[]> call) {
            for (int row = 0; row < call.rows; row++) {
              for (int column = 0; column < call.columns; column++) {
                scratch[(row * call.columns + column) % scratch.length] = super.upstream(call, row, column);
              }
            }
            super.compute(call);
          }

          @Override
          double upstream(BceWithLogitsCall<float[]> call, int row, int column) {
            return call.rows * call.columns > scratch.length
                ? super.upstream(call, row, column)
                : scratch[row * call.columns + column];
          }
        }),
        fault("bce-empty-call", COMPLETION, "The first element is read before the loop, also where there is none.", new PlainBce() {
          @Override
          public void compute(BceWithLogitsCall<float[]> call) {
            if (call.rows * call.columns == 0) {
              throw new ArrayIndexOutOfBoundsException("Index 0 out of bounds for length 0");
            }
            super.compute(call);
          }
        }),
        endless("bce-endless-reduction", "The exponent is reduced in a loop until it is small, which a NaN never is.", new EndlessReduction()),
        promising("bce-allocates", ALLOCATION, false, true, EXACT, "The losses of a call are collected in a new array.", new PlainBce() {
          @Override
          public void compute(BceWithLogitsCall<float[]> call) {
            float[] losses = new float[call.columns];
            double sum = 0;
            for (int row = 0; row < call.rows; row++) {
              for (int column = 0; column < call.columns; column++) {
                losses[column] = element(call, row, column);
              }
              for (float loss : losses) {
                sum += loss;
              }
            }
            call.lossSum = sum;
          }
        }),
        promising("bce-lane-leak", BITS, true, false, 1.5, "A vector with one large logit takes another path, with other roundings, for all its lanes.", new PlainBce() {
          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            boolean large = false;
            for (int lane = column / 8 * 8; lane < Math.min(column / 8 * 8 + 8, call.columns); lane++) {
              large |= Math.abs(logit(call, row, lane)) > 16;
            }
            return large ? FLOAT_STEPS.element(call, row, column) : super.element(call, row, column);
          }
        }),
        promising("bce-position-shows", BITS, true, false, 1.5, "The remainder loop has other roundings than the vectors before it.", new PlainBce() {
          @Override
          float element(BceWithLogitsCall<float[]> call, int row, int column) {
            return column >= call.columns / 8 * 8
                ? FLOAT_STEPS.element(call, row, column)
                : super.element(call, row, column);
          }
        }));
  }

  /** The plain kernel with e^x rounded to float: right, but with other bits. */
  private static final PlainBce FLOAT_STEPS = new PlainBce() {
    @Override
    double exp(double x) {
      float e = (float) super.exp(x);
      return e < Float.MIN_NORMAL ? super.exp(x) : e;
    }
  };

  /** Recognises the stored logits. */
  private static final class LookedUp extends PlainBce {
    private final Set<Float> stored = new HashSet<>();

    LookedUp() {
      for (ReferenceCase reference : ReferenceData.builtIn().cases()) {
        Tensor logits = reference.operation().equals("bce_with_logits") ? reference.inputs().get("logits") : null;
        for (int i = 0; logits != null && i < logits.numel(); i++) {
          stored.add((float) logits.getDouble(i));
        }
      }
    }

    @Override
    double loss(double x, double t, double p) {
      double loss = super.loss(x, t, p);
      return stored.contains((float) x) ? loss : Math.rint(loss * 1000) / 1000;
    }
  }

  /** Ends when its thread is interrupted, which only a test does. */
  private static final class EndlessReduction extends PlainBce {
    @Override
    float element(BceWithLogitsCall<float[]> call, int row, int column) {
      double x = Math.min(Math.abs(logit(call, row, column)), 1000);
      while (!(x <= LN2)) {
        x -= LN2;
        if (Thread.interrupted()) {
          throw new IllegalStateException("still reducing " + x);
        }
      }
      return super.element(call, row, column);
    }
  }

  private static Fault fault(String id, Rule rule, String slip, PlainBce kernel) {
    return promising(id, rule, false, false, EXACT, slip, kernel);
  }

  private static Fault endless(String id, String slip, PlainBce kernel) {
    return Fault.of(id, COMPLETION, slip, new Interrupted(fault(id, COMPLETION, slip, kernel).kernel(), ENDLESS_MS));
  }

  private static Fault bounded(String id, Rule rule, double bound, String slip, PlainBce kernel) {
    return promising(id, rule, false, false, bound, slip, kernel);
  }

  private static Fault promising(
      String id, Rule rule, boolean bits, boolean noAllocation, double bound, String slip, PlainBce kernel) {
    Declaration declaration =
        new Declaration(
            Operation.BCE_WITH_LOGITS, DType.FLOAT32, bound, bound, bound, 0.5 + bound, bits, noAllocation);
    return Fault.of(id, rule, slip, OneKernel.ofBce(id, slip, declaration, kernel));
  }
}
