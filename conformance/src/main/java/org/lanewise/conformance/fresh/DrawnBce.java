package org.lanewise.conformance.fresh;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.oracle.DoubleDouble;
import org.lanewise.conformance.oracle.TrueLoss;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/** One case of BCE with logits. */
final class DrawnBce extends Drawn {
  private final int rows;
  private final int columns;

  DrawnBce(RandomGenerator random, DType dtype) {
    super(random, dtype, Operation.BCE_WITH_LOGITS);
    boolean matrix = random.nextBoolean();
    int large = chance(50) ? 20 : 1; // loops that begin only with many elements
    this.rows = matrix ? 1 + random.nextInt(20) * (large > 1 ? 5 : 1) : 1;
    this.columns = matrix ? 1 + random.nextInt(40) * (large > 1 ? 4 : 1) : size() * large;
    int[] shape = matrix ? new int[] {rows, columns} : new int[] {columns};
    int count = rows * columns;
    boolean special = chance(7);
    double[] x = logits(count, special);
    boolean positive = chance(4);
    // Outside [0, 1], PyTorch's infinities are a known deviation, and with pos_weight the factor of the logarithm cancels.
    double[] t = targets(count, !special && !positive && chance(4));
    double[] weight = chance(3) ? weights(shape, "weight") : null;
    double[] posWeight = positive ? weights(shape, "pos_weight") : null;
    boolean reduced = !reduction.equals("none");
    double[] upstream = upstream(reduced ? 1 : count, dtype == DType.FLOAT32 ? 40 : 200);
    inputs.put("logits", tensor(x, shape));
    inputs.put("target", tensor(t, shape));
    inputs.put("upstream", tensor(upstream, reduced ? new int[0] : shape));

    double[][] pytorch = new double[3][count];
    DoubleDouble[][] exact = new DoubleDouble[3][count];
    DoubleDouble total = DoubleDouble.of(0);
    double count2 = reduction.equals("mean") ? count : 1;
    for (int i = 0; i < count; i++) {
      double w = weight == null ? 1 : weight[i];
      Double pw = posWeight == null ? null : posWeight[i];
      PyTorchFormulas.Element formula = formulas.bceWithLogits(x[i], t[i], w, pw, weight != null);
      double g = formulas.over(upstream[reduced ? 0 : i], count2);
      pytorch[0][i] = formula.loss();
      pytorch[1][i] = formulas.times(formula.logitGradient(), g);
      pytorch[2][i] = formulas.times(formula.targetGradient(), g);
      TrueLoss.Element truth = TrueLoss.bceWithLogits(x[i], t[i], pw == null ? 1 : pw);
      DoubleDouble weighted = DoubleDouble.of(w);
      DoubleDouble factor =
          weighted.times(DoubleDouble.of(upstream[reduced ? 0 : i])).dividedBy(DoubleDouble.of(count2));
      exact[0][i] = truth.loss().times(weighted);
      exact[1][i] = truth.logitGradient().times(factor);
      exact[2][i] = truth.targetGradient().times(factor);
      total = total.plus(exact[0][i]);
    }
    if (reduced) {
      output(
          "loss",
          new double[] {formulas.over(formulas.sum(pytorch[0], 0, count), count2)},
          new DoubleDouble[] {total.dividedBy(DoubleDouble.of(count2))});
    } else {
      output("loss", pytorch[0], exact[0], shape);
    }
    output("logits_gradient", pytorch[1], exact[1], shape);
    if (chance(4)) {
      output("target_gradient", pytorch[2], exact[2], shape);
    }
  }

  private double[] logits(int count, boolean special) {
    double[] x = new double[count];
    int kind = random.nextInt(7);
    double scale = power(-4, 4);
    for (int i = 0; i < count; i++) {
      x[i] =
          switch (kind) {
            case 0, 1 -> rounded(scale * normal());
            case 2 -> signed(uniform(0, 14));
            case 3 -> signed(uniform(12, 85));
            case 4 -> dtype == DType.FLOAT32 ? signed(uniform(80, 110)) : signed(uniform(80, 680));
            case 5 -> signed(power(dtype == DType.FLOAT32 ? -149 : -500, 0));
            default -> dtype == DType.FLOAT32 ? signed(power(7, 80)) : signed(power(10, 500));
          };
      if (chance(50)) {
        x[i] = random.nextBoolean() ? 0.0 : -0.0;
      }
    }
    if (special) {
      double[] specials = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
      x[random.nextInt(count)] = specials[random.nextInt(3)];
      x[random.nextInt(count)] = specials[random.nextInt(3)];
    }
    return x;
  }

  private double[] targets(int count, boolean outside) {
    double[] t = new double[count];
    int kind = random.nextInt(4);
    for (int i = 0; i < count; i++) {
      t[i] =
          switch (kind) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> random.nextInt(2);
            default -> chance(4) ? random.nextInt(2) : outside ? uniform(-1, 2) : uniform(0, 1);
          };
    }
    return t;
  }

  /** Of a shape that broadcasts, and as it looks when it has been broadcast. */
  private double @Nullable [] weights(int[] shape, String name) {
    double[] all = new double[rows * columns];
    int kind = shape.length == 1 ? random.nextInt(2) : random.nextInt(4);
    int[] own =
        switch (kind) {
          case 0 -> shape;
          case 1 -> new int[] {1};
          case 2 -> new int[] {columns};
          default -> new int[] {rows, 1};
        };
    double[] values = new double[Arrays.stream(own).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = uniform(0.125, 4);
    }
    for (int i = 0; i < all.length; i++) {
      int at =
          switch (kind) {
            case 0 -> i;
            case 1 -> 0;
            case 2 -> i % columns;
            default -> i / columns;
          };
      all[i] = values[at];
    }
    inputs.put(name, tensor(values, own));
    return all;
  }
}
