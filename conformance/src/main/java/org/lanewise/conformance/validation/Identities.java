package org.lanewise.conformance.validation;

import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;

/**
 * Identities that the exact functions have, and how far a kernel is from them. Logits are multiples of 2^−12 of moderate
 * size, and shifts are powers of two, so that the sums and differences of an identity are exact in float32.
 */
final class Identities {
  private static final int LOGITS = 4096;
  private static final int ROWS = 512;
  private static final int CLASSES = 10;

  /** Half the distance of a central difference: its own error, a third of its square, is about 2^−21. */
  private static final double STEP = 0x1p-10;

  private final KernelProvider provider;
  private final Declaration declaration;
  private final DType dtype;
  private final SplittableRandom random;
  private final Consumer<Observation> observations;

  Identities(KernelProvider provider, Declaration declaration, long seed, Consumer<Observation> observations) {
    this.provider = provider;
    this.declaration = declaration;
    this.dtype = declaration.dtype();
    this.random = new SplittableRandom(seed);
    this.observations = observations;
  }

  void observe() {
    switch (declaration.operation()) {
      case BCE_WITH_LOGITS -> bceWithLogits();
      case CROSS_ENTROPY -> crossEntropy();
    }
  }

  /** Losses and gradients of one call. */
  private record Results(double[] loss, double[] gradient) {}

  private void bceWithLogits() {
    double[] x = logits(LOGITS, 30);
    Arrays.sort(x);
    double[] mirrored = Arrays.stream(x).map(value -> -value).toArray();
    double[] zeros = new double[LOGITS];
    double[] ones = new double[LOGITS];
    Arrays.fill(ones, 1);
    Results positive = bce(x, ones);
    Results negative = bce(mirrored, zeros);
    IntFunction<String> at = i -> "logit %s".formatted(Double.toHexString(x[i]));
    compare("loss(x, 1) = loss(−x, 0)", positive.loss, negative.loss, declaration.lossUlp(), at);
    compare(
        "gradient(x, 1) = −gradient(−x, 0)",
        positive.gradient,
        Arrays.stream(negative.gradient).map(value -> -value).toArray(),
        declaration.gradientUlp(),
        at);
    Results ofZero = bce(x, zeros);
    holds("loss(x, 0) does not fall as x grows", LOGITS - 1, i -> ofZero.loss[i] <= ofZero.loss[i + 1], at);
    holds("loss ≥ 0 and |gradient| ≤ 1", LOGITS, i -> ofZero.loss[i] >= 0 && Math.abs(ofZero.gradient[i]) <= 1, at);
    double[] wide = Arrays.stream(x).map(value -> value / 8).toArray();
    double[] above = bce(Arrays.stream(wide).map(value -> value + STEP).toArray(), zeros).loss;
    double[] below = bce(Arrays.stream(wide).map(value -> value - STEP).toArray(), zeros).loss;
    derivative(bce(wide, zeros).gradient, above, below, i -> "logit %s".formatted(Double.toHexString(wide[i])));
  }

  private void crossEntropy() {
    double[] x = logits(ROWS * CLASSES, 8);
    long[] target = IntStream.range(0, ROWS).mapToLong(row -> row % CLASSES).toArray();
    Results plain = ce(x, target, CLASSES);
    IntFunction<String> row = i -> "row %d".formatted(i);
    Results shifted = ce(Arrays.stream(x).map(value -> value + 64).toArray(), target, CLASSES);
    compare("loss(x + 64) = loss(x)", shifted.loss, plain.loss, declaration.lossUlp(), row);
    IntFunction<String> entry = i -> "row %d, class %d".formatted(i / CLASSES, i % CLASSES);
    compare("gradient(x + 64) = gradient(x)", shifted.gradient, plain.gradient, declaration.gradientUlp(), entry);

    double[] reversed = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      reversed[i] = x[i / CLASSES * CLASSES + CLASSES - 1 - i % CLASSES];
    }
    long[] reversedTarget = Arrays.stream(target).map(t -> CLASSES - 1 - t).toArray();
    compare(
        "loss of reversed classes = loss",
        ce(reversed, reversedTarget, CLASSES).loss,
        plain.loss,
        declaration.lossUlp(),
        row);
    holds(
        "gradients of a row add up to 0 within their rounding",
        ROWS,
        i -> {
          double sum = 0;
          for (int c = 0; c < CLASSES; c++) {
            sum += plain.gradient[i * CLASSES + c];
          }
          return Math.abs(sum) <= CLASSES * Ulp.of(1, dtype);
        },
        row);
    double[] above = new double[x.length];
    double[] below = new double[x.length];
    for (int c = 0; c < CLASSES; c++) {
      int moved = c;
      double[] up = ce(moved(x, moved, STEP), target, CLASSES).loss;
      double[] down = ce(moved(x, moved, -STEP), target, CLASSES).loss;
      for (int i = 0; i < ROWS; i++) {
        above[i * CLASSES + c] = up[i];
        below[i * CLASSES + c] = down[i];
      }
    }
    derivative(plain.gradient, above, below, entry);
  }

  private static double[] moved(double[] x, int c, double step) {
    double[] moved = x.clone();
    for (int i = c; i < moved.length; i += CLASSES) {
      moved[i] += step;
    }
    return moved;
  }

  /** The gradient beside a central difference of the loss, in units of what rounding the two losses can do to that. */
  private void derivative(double[] gradient, double[] above, double[] below, IntFunction<String> at) {
    int good = 0;
    double worst = -1;
    String where = "";
    for (int i = 0; i < gradient.length; i++) {
      double difference = (above[i] - below[i]) / (2 * STEP);
      double rounding = 2 * Ulp.of(Math.max(Math.abs(above[i]), Math.abs(below[i])), dtype) / STEP + STEP * STEP;
      double off = Math.abs(gradient[i] - difference) / rounding;
      good += off <= 1 ? 1 : 0;
      if (!(off <= worst)) {
        worst = off;
        where = at.apply(i);
      }
    }
    observe("gradient = (loss(x + h) − loss(x − h)) / 2h within rounding", gradient.length, good, Double.NaN, Double.NaN, where);
  }

  /** Multiples of 2^−12 within ±range. */
  private double[] logits(int count, int range) {
    return IntStream.range(0, count)
        .mapToDouble(i -> random.nextInt(-range * 4096, range * 4096 + 1) * 0x1p-12)
        .toArray();
  }

  private void compare(String identity, double[] got, double[] expected, double bound, IntFunction<String> at) {
    int equal = 0;
    double worst = 0;
    String where = "-";
    for (int i = 0; i < got.length; i++) {
      equal += Double.compare(got[i], expected[i]) == 0 ? 1 : 0;
      double ulp = Math.abs(Ulp.error(got[i], expected[i], 0, dtype));
      if (ulp > worst) {
        worst = ulp;
        where = at.apply(i);
      }
    }
    observe(identity, got.length, equal, worst, 2 * bound, where);
  }

  private void holds(String identity, int count, IntPredicate holds, IntFunction<String> at) {
    int good = 0;
    String where = "-";
    for (int i = 0; i < count; i++) {
      if (holds.test(i)) {
        good++;
      } else {
        where = at.apply(i);
      }
    }
    observe(identity, count, good, Double.NaN, Double.NaN, where);
  }

  private void observe(String identity, int pairs, int equal, double worst, double allowed, String where) {
    observations.accept(
        new Observation(declaration.operation().id(), dtype.id(), identity, pairs, equal, worst, allowed, where));
  }

  private Results bce(double[] x, double[] t) {
    BceWithLogitsCall<Object> call = new BceWithLogitsCall<>();
    call.rows = 1;
    call.columns = x.length;
    call.gradientScale = 1;
    call.logits.set(array(x), 0, x.length, 1);
    call.target.set(array(t), 0, x.length, 1);
    call.loss.set(array(new double[x.length]), 0, x.length, 1);
    call.logitsGradient.set(array(new double[x.length]), 0, x.length, 1);
    KernelCall.of(dtype, call).on(provider).run();
    return new Results(values(call.loss), values(call.logitsGradient));
  }

  private Results ce(double[] x, long[] target, int classes) {
    CrossEntropyCall<Object> call = new CrossEntropyCall<>();
    call.outer = target.length;
    call.classes = classes;
    call.inner = 1;
    call.ignoreIndex = -100;
    call.gradientScale = 1;
    call.logits.set(array(x), 0, classes, 1);
    call.target.set(target, 0, 1, 1);
    call.loss.set(array(new double[target.length]), 0, 1, 1);
    call.logitsGradient.set(array(new double[x.length]), 0, classes, 1);
    KernelCall.of(dtype, call).on(provider).run();
    return new Results(values(call.loss), values(call.logitsGradient));
  }

  private Object array(double[] values) {
    if (dtype == DType.FLOAT64) {
      return values.clone();
    }
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static double[] values(Strided<Object> operand) {
    Object array = Objects.requireNonNull(operand.array);
    return array instanceof float[] floats
        ? IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray()
        : (double[]) array;
  }
}
