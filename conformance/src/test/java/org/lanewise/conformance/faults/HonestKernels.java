package org.lanewise.conformance.faults;

import static org.lanewise.kernels.spi.Operation.BCE_WITH_LOGITS;
import static org.lanewise.kernels.spi.Operation.CROSS_ENTROPY;

import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;

/**
 * Kernels that are right but not like ours: other formulas, other roundings, other orders. A verdict that refuses one of them
 * asks for more than the rules. Each promises what was measured of it, with a margin, and nothing where it can promise
 * nothing.
 */
final class HonestKernels {
  private static final double NONE = Double.POSITIVE_INFINITY;

  private HonestKernels() {}

  static List<KernelProvider> all() {
    return List.of(
        new OneKernel(
            "float64-inside",
            "float64 arithmetic on StrictMath, rounded once",
            List.of(
                new Declaration(BCE_WITH_LOGITS, DType.FLOAT32, 0.51, 0.51, 0.51, 1, true, true),
                new Declaration(CROSS_ENTROPY, DType.FLOAT32, 0.51, 0.51, 0.51, 1, true, true)),
            new PlainBce(),
            new PlainCrossEntropy()),
        new OneKernel(
            "math-loop",
            "a loop over Math.exp and Math.log1p in float",
            List.of(OneKernel.bounds(BCE_WITH_LOGITS, 2, 3, 4, 2.5), OneKernel.bounds(CROSS_ENTROPY, 3, 4, 0.51, 3)),
            new FloatBce(),
            new FloatCrossEntropy()),
        new OneKernel(
            "lanewise",
            "the Vector API's own EXP and LOG1P",
            List.of(OneKernel.bounds(BCE_WITH_LOGITS, 3, 3, 4, 3), OneKernel.bounds(CROSS_ENTROPY, 4, 4, 0.51, 4)),
            new LanewiseBce(),
            new LanewiseCrossEntropy()),
        new OneKernel(
            "pytorch-formulas",
            "PyTorch's expressions in float, which cancel where PyTorch's do",
            List.of(
                OneKernel.bounds(BCE_WITH_LOGITS, NONE, NONE, NONE, NONE),
                OneKernel.bounds(CROSS_ENTROPY, NONE, NONE, NONE, NONE)),
            new PyTorchBce(),
            new PyTorchCrossEntropy()),
        new OneKernel(
            "reversed",
            "sums from the last to the first",
            List.of(
                OneKernel.bounds(BCE_WITH_LOGITS, 0.51, 0.51, 0.51, 1),
                OneKernel.bounds(CROSS_ENTROPY, 0.51, 0.51, 0.51, 1)),
            new ReversedBce(),
            new ReversedCrossEntropy()),
        OneKernel.ofBce(
            "float32-sum",
            "losses added in float, with compensation",
            OneKernel.bounds(BCE_WITH_LOGITS, 0.51, 0.51, 0.51, 2.5),
            new CompensatedBce()),
        OneKernel.ofBce(
            "forward-only",
            "losses and their sum; gradients are refused",
            OneKernel.bounds(BCE_WITH_LOGITS, 0.51, 0.51, 0.51, 1),
            new ForwardOnlyBce()),
        OneKernel.ofCrossEntropy(
            "online-softmax",
            "one pass over blocks of a row, the sum rescaled when the maximum grows",
            OneKernel.bounds(CROSS_ENTROPY, 0.51, 0.51, 0.51, 1),
            new OnlineSoftmax()),
        OneKernel.ofBce(
            "tanh",
            "the sigmoid through tanh, and e^x only far from 0",
            OneKernel.bounds(BCE_WITH_LOGITS, 0.51, 0.51, 0.51, 1),
            new TanhBce()),
        new OneKernel(
            "table",
            "e^x from a table of 64 powers and a short polynomial",
            List.of(
                new Declaration(BCE_WITH_LOGITS, DType.FLOAT32, 0.52, 0.52, 0.52, 1, true, true),
                new Declaration(CROSS_ENTROPY, DType.FLOAT32, 0.52, 0.52, 0.52, 1, true, true)),
            new TableBce(),
            new TableCrossEntropy()),
        OneKernel.ofBce(
            "packed",
            "operands copied to dense arrays, computed there, results copied back",
            new Declaration(BCE_WITH_LOGITS, DType.FLOAT32, 0.88, 0.79, 2, 1.5, true, false),
            new PackedBce()));
  }

  /** From here on e^−|x| is subnormal in float, and a weight would show how coarsely it has been rounded. */
  private static final double SUBNORMAL = 87;

  /** What is not supplied is refused before anything is written. */
  private static final class ForwardOnlyBce extends PlainBce {
    @Override
    public void compute(BceWithLogitsCall<float[]> call) {
      if (call.logitsGradient.isPresent() || call.targetGradient.isPresent()) {
        throw new UnsupportedOperationException("This kernel computes no gradients.");
      }
      super.compute(call);
    }
  }

  private static final class FloatBce extends PlainBce {
    @Override
    double loss(double logit, double target, double posWeight) {
      if (Math.abs(logit) > SUBNORMAL) {
        return super.loss(logit, target, posWeight);
      }
      float x = (float) logit;
      float t = (float) target;
      float log = (float) Math.log1p((float) Math.exp(-Math.abs(x)));
      return (1 - t) * (Math.max(x, 0) + log) + posWeight * t * (Math.max(-x, 0) + log);
    }

    @Override
    double gradient(double logit, double target, double posWeight) {
      if (Math.abs(logit) > SUBNORMAL) {
        return super.gradient(logit, target, posWeight);
      }
      float t = (float) target;
      float z = (float) Math.exp(-Math.abs((float) logit));
      float far = 1 / (1 + z);
      float near = z / (1 + z);
      return (1 - t) * (logit > 0 ? far : near) - posWeight * t * (logit > 0 ? near : far);
    }
  }

  /** Rows in float, but for targets that are spread over the classes: those cancel in the gradient, and need float64. */
  private abstract static class FloatRows extends PlainCrossEntropy {
    static final float SMALL = 0x1p-100f;

    private static final PlainCrossEntropy FLOAT64 = new PlainCrossEntropy();

    @Override
    public final void compute(CrossEntropyCall<float[]> call) {
      if (call.probabilities.array != null || call.labelSmoothing > 0) {
        FLOAT64.compute(call);
      } else {
        super.compute(call);
      }
    }
  }

  private static final class FloatCrossEntropy extends FloatRows {
    @Override
    double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
      float sum = 0;
      float lost = 0; // Kahan's compensation: a row may have 2^18 classes
      for (int c = 0; c < call.classes; c++) {
        float term = c == top ? 0 : (float) exp(logit(call, n, c, i) - max);
        float corrected = term - lost;
        float next = sum + corrected;
        lost = next - sum - corrected;
        sum = next;
      }
      return sum < SMALL ? super.others(call, n, i, max, top) : sum;
    }

    @Override
    double exp(double x) {
      double e = Math.exp(Math.max(x, -700)); // not 0, lest a gradient lose its sign
      return e < SMALL ? e : (float) e;
    }

    @Override
    double log1p(double x) {
      return x < SMALL ? x : (float) Math.log1p(x);
    }
  }

  /** Vectors of elements, each filled from wherever its operands lie. */
  private static final class LanewiseBce extends PlainBce {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    @Override
    public void compute(BceWithLogitsCall<float[]> call) {
      float[] x = new float[LANES];
      float[] t = new float[LANES];
      Results results = new Results();
      double sum = 0;
      for (int row = 0; row < call.rows; row++) {
        for (int start = 0; start < call.columns; start += LANES) {
          int length = Math.min(LANES, call.columns - start);
          for (int lane = 0; lane < length; lane++) {
            x[lane] = (float) logit(call, row, start + lane);
            t[lane] = (float) target(call, row, start + lane);
          }
          results.compute(x, t);
          for (int lane = 0; lane < length; lane++) {
            sum += finish(call, row, start + lane, results, lane);
          }
        }
      }
      call.lossSum = sum;
    }

    private float finish(BceWithLogitsCall<float[]> call, int row, int column, Results results, int lane) {
      double x = logit(call, row, column);
      double w = weight(call, row, column);
      double p = posWeight(call, row, column);
      if (!isFinite(x, target(call, row, column), w, p) || Math.abs(x) > SUBNORMAL) {
        return element(call, row, column);
      }
      double factor = upstream(call, row, column) * call.gradientScale * w;
      float loss = (float) ((results.negativeLoss[lane] + p * results.positiveLoss[lane]) * w);
      write(call.loss, row, column, loss);
      double gradient = results.negativeGradient[lane] - p * results.positiveGradient[lane];
      write(call.logitsGradient, row, column, (float) (gradient * factor));
      write(call.targetGradient, row, column, (float) (targetGradient(x, p) * factor));
      return loss;
    }

    /** The terms of one vector, of the negative class and of the positive one. */
    private static final class Results {
      final float[] negativeLoss = new float[LANES];
      final float[] positiveLoss = new float[LANES];
      final float[] negativeGradient = new float[LANES];
      final float[] positiveGradient = new float[LANES];

      void compute(float[] logits, float[] target) {
        FloatVector x = FloatVector.fromArray(SPECIES, logits, 0);
        FloatVector t = FloatVector.fromArray(SPECIES, target, 0);
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        FloatVector z = x.abs().neg().lanewise(VectorOperators.EXP);
        FloatVector log = z.lanewise(VectorOperators.LOG1P);
        one.sub(t).mul(x.max(zero).add(log)).intoArray(negativeLoss, 0);
        t.mul(x.neg().max(zero).add(log)).intoArray(positiveLoss, 0);
        VectorMask<Float> positive = x.compare(VectorOperators.GT, zero);
        one.sub(t).mul(z.blend(one, positive).div(one.add(z))).intoArray(negativeGradient, 0);
        t.mul(one.blend(z, positive).div(one.add(z))).intoArray(positiveGradient, 0);
      }
    }
  }

  private static final class LanewiseCrossEntropy extends FloatRows {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    @Override
    double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
      double sum = 0;
      float[] d = new float[LANES];
      float[] low = new float[LANES];
      for (int start = 0; start < call.classes; start += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
          int c = start + lane;
          double difference = c >= call.classes || c == top ? Double.NEGATIVE_INFINITY : logit(call, n, c, i) - max;
          d[lane] = (float) difference;
          low[lane] = Float.isInfinite(d[lane]) ? 0 : (float) (difference - d[lane]);
        }
        sum += exp(FloatVector.fromArray(SPECIES, d, 0), FloatVector.fromArray(SPECIES, low, 0)).reduceLanes(VectorOperators.ADD);
      }
      return sum < SMALL ? super.others(call, n, i, max, top) : sum;
    }

    /** e^(d + low) for a low that is what the rounding of d has lost. */
    private static FloatVector exp(FloatVector d, FloatVector low) {
      FloatVector e = d.lanewise(VectorOperators.EXP);
      return e.add(e.mul(low));
    }

    @Override
    double exp(double x) {
      if (x < -SUBNORMAL) {
        return super.exp(x);
      }
      float d = (float) x;
      float low = Float.isInfinite(d) ? 0 : (float) (x - d);
      return exp(FloatVector.broadcast(SPECIES, d), FloatVector.broadcast(SPECIES, low)).lane(0);
    }

    @Override
    double log1p(double x) {
      return x < SMALL ? x : FloatVector.broadcast(SPECIES, (float) x).lanewise(VectorOperators.LOG1P).lane(0);
    }
  }

  private static final class PyTorchBce extends PlainBce {
    @Override
    boolean isFinite(double x, double t, double w, double p) {
      return false;
    }

    @Override
    double exp(double x) {
      return (float) Math.exp(x);
    }

    @Override
    double sigmoid(double x) {
      return 1 / (1 + (float) Math.exp(-x));
    }

    @Override
    double specialGradient(float x, float t, float p) {
      return p == 1 ? (float) sigmoid(x) - t : (p * t + 1 - t) * (float) sigmoid(x) - p * t;
    }
  }

  private static final class PyTorchCrossEntropy extends PlainCrossEntropy {
    /** All classes, in float. */
    @Override
    double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
      double sum = 0;
      for (int c = 0; c < call.classes; c++) {
        sum += (float) Math.exp((float) (logit(call, n, c, i) - max));
      }
      return (float) Math.log(sum);
    }

    private static float logSoftmax(float x, float max, float logSum) {
      return x - max - logSum;
    }

    @Override
    double loss(CrossEntropyCall<float[]> call, int n, int i, int target, double max, double logSum) {
      if (target == IGNORED) {
        return 0;
      }
      double loss = 0;
      for (int c = 0; c < call.classes; c++) {
        if (counts(call, c, target)) {
          float log = logSoftmax((float) logit(call, n, c, i), (float) max, (float) logSum);
          loss -= (float) share(call, n, c, i, target) * log;
        }
      }
      return loss;
    }

    @Override
    void gradient(CrossEntropyCall<float[]> call, int n, int i, int target, double max, int top, double logSum) {
      double all = 0;
      for (int c = 0; c < call.classes; c++) {
        all += share(call, n, c, i, target);
      }
      for (int c = 0; c < call.classes; c++) {
        float log = logSoftmax((float) logit(call, n, c, i), (float) max, (float) logSum);
        float gradient = (float) all * (float) Math.exp(log) - (float) share(call, n, c, i, target);
        write(call.logitsGradient, n, c, i, (float) (gradient * factor(call, n, i, target)));
      }
    }

    @Override
    void targetGradient(CrossEntropyCall<float[]> call, int n, int i, double max, double logSum) {
      double factor = factor(call, n, i, SPREAD) * (1 - call.labelSmoothing);
      for (int c = 0; c < call.classes; c++) {
        float log = logSoftmax((float) logit(call, n, c, i), (float) max, (float) logSum);
        write(call.targetGradient, n, c, i, (float) (-log * weight(call, c) * factor));
      }
    }
  }

  private static final class ReversedBce extends PlainBce {
    @Override
    public void compute(BceWithLogitsCall<float[]> call) {
      double sum = 0;
      for (int row = call.rows - 1; row >= 0; row--) {
        for (int column = call.columns - 1; column >= 0; column--) {
          sum += element(call, row, column);
        }
      }
      call.lossSum = sum;
    }
  }

  private static final class ReversedCrossEntropy extends PlainCrossEntropy {
    @Override
    public void compute(CrossEntropyCall<float[]> call) {
      double lossSum = 0;
      double weightSum = 0;
      for (int n = call.outer - 1; n >= 0; n--) {
        for (int i = call.inner - 1; i >= 0; i--) {
          int target = target(call, n, i);
          lossSum += row(call, n, i, target);
          weightSum += rowWeight(call, target);
        }
      }
      call.lossSum = lossSum;
      call.weightSum = weightSum;
    }

    @Override
    double others(CrossEntropyCall<float[]> call, int n, int i, double max, int top) {
      double sum = 0;
      for (int c = call.classes - 1; c >= 0; c--) {
        sum += c == top ? 0 : exp(logit(call, n, c, i) - max);
      }
      return sum;
    }
  }

  private static final class CompensatedBce extends PlainBce {
    /** Losses from here on are rare, and their float32 sum could overflow. */
    private static final float LARGE = 0x1p80f;

    @Override
    public void compute(BceWithLogitsCall<float[]> call) {
      double total = 0;
      float sum = 0;
      float lost = 0;
      for (int row = 0; row < call.rows; row++) {
        for (int column = 0; column < call.columns; column++) {
          float loss = element(call, row, column);
          if (!(Math.abs(loss) < LARGE)) {
            total += loss;
            continue;
          }
          float next = sum + loss;
          // Neumaier: whichever of the two is larger keeps its digits.
          lost += Math.abs(sum) >= Math.abs(loss) ? sum - next + loss : loss - next + sum;
          sum = next;
        }
      }
      call.lossSum = total + sum + lost;
    }
  }

  /** The running maximum stands for a term of 1 that is not in the sum, so a confident row loses nothing. */
  private static final class OnlineSoftmax extends PlainCrossEntropy {
    private static final int BLOCK = 16;

    @Override
    double others(CrossEntropyCall<float[]> call, int n, int i, double ignoredMax, int ignoredTop) {
      double max = Double.NEGATIVE_INFINITY;
      double sum = 0;
      for (int start = 0; start < call.classes; start += BLOCK) {
        int end = Math.min(start + BLOCK, call.classes);
        int top = start;
        for (int c = start + 1; c < end; c++) {
          top = logit(call, n, c, i) > logit(call, n, top, i) ? c : top;
        }
        double largest = logit(call, n, top, i);
        if (largest > max) {
          sum = max == Double.NEGATIVE_INFINITY ? 0 : (sum + 1) * exp(max - largest);
          max = largest;
        } else {
          top = -1;
        }
        for (int c = start; c < end; c++) {
          sum += c == top ? 0 : exp(logit(call, n, c, i) - max);
        }
      }
      return sum;
    }
  }

  private static final class TanhBce extends PlainBce {
    private static final double FAR = 8;
    private static final double LN2 = 0x1.62e42fefa39efp-1;

    @Override
    double softplus(double x) {
      // 1 + e^-|x| = 2 / (1 + tanh(|x| / 2))
      return Math.abs(x) > FAR
          ? super.softplus(x)
          : Math.max(x, 0) + (LN2 - StrictMath.log1p(StrictMath.tanh(Math.abs(x) / 2)));
    }

    @Override
    double sigmoid(double x) {
      return Math.abs(x) > FAR ? super.sigmoid(x) : 0.5 + 0.5 * StrictMath.tanh(x / 2);
    }
  }

  /** e^x = 2^(k / 64) · e^r with |r| ≤ ln 2 / 128. */
  private static final class Table {
    private static final double STEP = 0x1.62e42fefa39efp-1 / 64;
    private static final double[] POWERS = new double[64];

    static {
      for (int j = 0; j < 64; j++) {
        POWERS[j] = StrictMath.pow(2, j / 64.0);
      }
    }

    static double exp(double x) {
      double clamped = Math.max(x, -700);
      double k = Math.rint(clamped / STEP);
      double r = clamped - k * STEP;
      double e = 1 + r * (1 + r * (0.5 + r * (1.0 / 6 + r / 24)));
      return Math.scalb(POWERS[(int) k & 63] * e, (int) k >> 6);
    }
  }

  private static final class TableBce extends PlainBce {
    @Override
    double exp(double x) {
      return Table.exp(x);
    }
  }

  private static final class TableCrossEntropy extends PlainCrossEntropy {
    @Override
    double exp(double x) {
      return Table.exp(x);
    }
  }

  /** An adapter before a kernel that knows dense blocks only. */
  private static final class PackedBce implements BceWithLogitsKernel<float[]> {
    private final BceWithLogitsKernel<float[]> dense = Kernels.require("scalar").bceWithLogits(DType.FLOAT32);

    @Override
    public void compute(BceWithLogitsCall<float[]> call) {
      BceWithLogitsCall<float[]> packed = new BceWithLogitsCall<>();
      packed.rows = call.rows;
      packed.columns = call.columns;
      packed.gradientScale = call.gradientScale;
      pack(call.logits, packed.logits, call, true);
      pack(call.target, packed.target, call, true);
      pack(call.weight, packed.weight, call, true);
      pack(call.posWeight, packed.posWeight, call, true);
      pack(call.upstream, packed.upstream, call, true);
      pack(call.loss, packed.loss, call, false);
      pack(call.logitsGradient, packed.logitsGradient, call, false);
      pack(call.targetGradient, packed.targetGradient, call, false);
      dense.compute(packed);
      unpack(packed.loss, call.loss, call);
      unpack(packed.logitsGradient, call.logitsGradient, call);
      unpack(packed.targetGradient, call.targetGradient, call);
      call.lossSum = packed.lossSum;
    }

    private static void pack(
        Strided<float[]> from, Strided<float[]> to, BceWithLogitsCall<float[]> call, boolean withValues) {
      if (from.array == null) {
        return;
      }
      to.set(new float[call.rows * call.columns], 0, call.columns, 1);
      for (int row = 0; row < call.rows; row++) {
        for (int column = 0; column < call.columns && withValues; column++) {
          to.array[to.at(row, column)] = from.array[from.at(row, column)];
        }
      }
    }

    private static void unpack(Strided<float[]> from, Strided<float[]> to, BceWithLogitsCall<float[]> call) {
      for (int row = 0; row < call.rows; row++) {
        for (int column = 0; column < call.columns && to.array != null; column++) {
          to.array[to.at(row, column)] = from.array[from.at(row, column)];
        }
      }
    }
  }
}
