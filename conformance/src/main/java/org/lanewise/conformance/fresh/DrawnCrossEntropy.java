package org.lanewise.conformance.fresh;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.oracle.DoubleDouble;
import org.lanewise.conformance.oracle.TrueLoss;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** One case of cross-entropy: with class indices or class probabilities, of shape [N, C] or [N, C, d]. */
final class DrawnCrossEntropy extends Drawn {
  private static final long DEFAULT_IGNORED = -100;

  private final long ignored;
  private final int classes;
  private final int inner;
  private final int rows;

  DrawnCrossEntropy(RandomGenerator random, DType dtype) {
    super(random, dtype, Operation.CROSS_ENTROPY);
    this.classes = chance(150) ? 1000 + random.nextInt(2500) : size();
    this.inner = chance(4) ? 1 + random.nextInt(5) : 0; // 0: there is no such dimension
    int positions = Math.max(1, inner);
    int outer = Math.max(1, Math.min(size(), Math.max(1500, 2 * classes) / classes / positions));
    this.rows = outer * positions;
    int[] shape = inner == 0 ? new int[] {outer, classes} : new int[] {outer, classes, inner};
    int[] perRow = inner == 0 ? new int[] {outer} : new int[] {outer, inner};

    boolean probabilities = chance(4);
    double[] weight = chance(3) ? weights() : null;
    double smoothing = chance(4) ? smoothing() : 0;
    this.ignored = !probabilities && chance(4) ? ignoreIndex() : DEFAULT_IGNORED;
    if (ignored != DEFAULT_IGNORED) {
      options.put("ignore_index", ignored);
    }
    if (smoothing > 0) {
      options.put("label_smoothing", smoothing);
    }
    boolean reduced = !reduction.equals("none");
    double[] upstream = upstream(reduced ? 1 : rows, 0);
    double[] logits = new double[rows * classes];
    double[] target = new double[rows * classes];
    long[] indices = new long[rows];
    int kind = random.nextInt(7);
    boolean ignoring = chance(3);
    double[][] x = new double[rows][];
    double[][] q = new double[rows][];
    for (int row = 0; row < rows; row++) {
      x[row] = logits(kind);
      indices[row] = ignoring && chance(5) ? ignored : index(x[row]);
      q[row] = probabilities ? probabilities() : oneHot(indices[row]);
      for (int c = 0; c < classes; c++) {
        logits[at(row, c)] = x[row][c];
        target[at(row, c)] = q[row][c];
      }
    }
    if (chance(7)) {
      spoil(x, logits, indices, probabilities || smoothing > 0);
    }
    inputs.put("logits", tensor(logits, shape));
    inputs.put("target", probabilities ? tensor(target, shape) : Tensor.of(DType.INT64, indices, perRow));
    if (weight != null) {
      inputs.put("weight", tensor(weight, classes));
    }
    inputs.put("upstream", tensor(upstream, reduced ? new int[0] : perRow));
    expect(x, q, indices, weight, smoothing, upstream, probabilities, shape, perRow);
  }

  private void expect(
      double[][] x,
      double[][] q,
      long[] indices,
      double @Nullable [] weight,
      double smoothing,
      double[] upstream,
      boolean probabilities,
      int[] shape,
      int[] perRow) {
    boolean reduced = !reduction.equals("none");
    DoubleDouble divisor = DoubleDouble.of(reduction.equals("mean") ? 0 : 1);
    double formulaDivisor = divisor.hi();
    for (int row = 0; row < rows && reduction.equals("mean"); row++) {
      boolean skipped = !probabilities && indices[row] == this.ignored;
      double w = skipped ? 0 : probabilities || weight == null ? 1 : weight[(int) indices[row]];
      divisor = divisor.plus(DoubleDouble.of(w));
      formulaDivisor = rounded(formulaDivisor + w);
    }
    double[] formulaLoss = new double[rows];
    DoubleDouble[] trueLoss = new DoubleDouble[rows];
    double[][] formulaGradient = new double[2][rows * classes];
    DoubleDouble[][] trueGradient = new DoubleDouble[2][rows * classes];
    DoubleDouble total = DoubleDouble.of(0);
    for (int row = 0; row < rows; row++) {
      boolean skipped = !probabilities && indices[row] == this.ignored;
      double u = upstream[reduced ? 0 : row];
      double g = formulas.over(u, formulaDivisor);
      DoubleDouble factor = DoubleDouble.of(u).dividedBy(divisor);
      PyTorchFormulas.Row formula =
          probabilities
              ? formulas.crossEntropy(x[row], q[row], weight, smoothing)
              : formulas.crossEntropy(x[row], skipped ? 0 : (int) indices[row], weight, smoothing);
      TrueLoss.Row truth = TrueLoss.crossEntropy(x[row], q[row], weight, smoothing);
      formulaLoss[row] = skipped ? 0 : formula.loss();
      trueLoss[row] = skipped ? DoubleDouble.of(0) : truth.loss();
      total = total.plus(trueLoss[row]);
      for (int c = 0; c < classes; c++) {
        int at = at(row, c);
        formulaGradient[0][at] = skipped ? 0 * formula.logitGradients()[c] : formulas.times(formula.logitGradients()[c], g);
        trueGradient[0][at] = skipped ? DoubleDouble.of(0) : truth.logitGradients()[c].times(factor);
        double[] ofTarget = formula.targetGradients();
        formulaGradient[1][at] = ofTarget == null ? 0 : formulas.times(ofTarget[c], g);
        trueGradient[1][at] = truth.targetGradients()[c].times(factor);
      }
    }
    if (reduced) {
      output(
          "loss",
          new double[] {formulas.over(formulas.sum(formulaLoss, 0, rows), formulaDivisor)},
          new DoubleDouble[] {total.dividedBy(divisor)});
    } else {
      output("loss", formulaLoss, trueLoss, perRow);
    }
    output("logits_gradient", formulaGradient[0], trueGradient[0], shape);
    if (probabilities && random.nextBoolean()) {
      output("target_gradient", formulaGradient[1], trueGradient[1], shape);
    }
  }

  private int at(int row, int c) {
    int positions = Math.max(1, inner);
    return (row / positions * classes + c) * positions + row % positions;
  }

  private double[] logits(int kind) {
    double[] x = new double[classes];
    double scale = power(-3, 4);
    double offset = kind == 5 ? signed(power(5, 12)) : 0;
    for (int c = 0; c < classes; c++) {
      x[c] =
          switch (kind) {
            case 0 -> rounded(scale * normal());
            case 1 -> rounded(3 * normal());
            case 2 -> rounded(1 + random.nextInt(8) * Math.scalb(1.0, dtype == DType.FLOAT32 ? -23 : -52)); // near ties
            case 3 -> uniform(-90, 90);
            case 4 -> signed(power(dtype == DType.FLOAT32 ? -149 : -500, 0));
            case 5 -> rounded(offset + normal());
            default -> signed(uniform(0, 5));
          };
    }
    if (kind == 6) { // one class is nearly certain
      x[random.nextInt(classes)] = uniform(10, 80);
    }
    return x;
  }

  /** Usual, tiny, or all that there is. */
  private double smoothing() {
    return switch (random.nextInt(6)) {
      case 0 -> power(-20, -3);
      case 1 -> 1;
      default -> uniform(0.01, 0.5);
    };
  }

  /** A class, a number that is none, or one that looks like a class in its low 32 bits. */
  private long ignoreIndex() {
    return switch (random.nextInt(4)) {
      case 0 -> -1;
      case 1 -> random.nextInt(classes);
      case 2 -> classes + random.nextInt(3);
      default -> (1L << 32) + random.nextInt(classes);
    };
  }

  /** Mostly any class, often the largest. */
  private int index(double[] x) {
    int index = random.nextInt(classes);
    if (chance(3)) {
      for (int c = 0; c < classes; c++) {
        index = x[c] > x[index] ? c : index;
      }
    }
    return index;
  }

  private double[] oneHot(long index) {
    double[] q = new double[classes];
    if (index >= 0 && index < classes) {
      q[(int) index] = 1;
    }
    return q;
  }

  private double[] probabilities() {
    double[] q = new double[classes];
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      q[c] = chance(3) ? 0 : random.nextDouble();
      sum += q[c];
    }
    for (int c = 0; c < classes; c++) {
      q[c] = sum == 0 ? 0 : rounded(q[c] / sum);
    }
    return q;
  }

  private double[] weights() {
    double[] weight = new double[classes];
    for (int c = 0; c < classes; c++) {
      weight[c] = uniform(0.125, 4);
    }
    return weight;
  }

  /** Puts a NaN into one row, and, where no probability multiplies it, −∞ into a class of another that is not its target. */
  private void spoil(double[][] x, double[] logits, long[] indices, boolean spread) {
    int row = random.nextInt(rows);
    int c = random.nextInt(classes);
    x[row][c] = Double.NaN;
    logits[at(row, c)] = Double.NaN;
    int other = random.nextInt(rows);
    int masked = random.nextInt(classes);
    if (!spread && other != row && indices[other] != masked && classes > 1) {
      x[other][masked] = Double.NEGATIVE_INFINITY;
      logits[at(other, masked)] = Double.NEGATIVE_INFINITY;
    }
  }
}
