package org.lanewise.bench.sweep;

import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.oracle.DoubleDouble;
import org.lanewise.conformance.oracle.Logistic;

/** What a sweep found of one output. One thread has one; they are added up in the end. */
final class Tally {
  /** The histogram's last bin holds this distance and all larger ones, NaN included. */
  static final int LAST_BIN = 8;

  private static final long MANTISSA_BITS = 52;
  private static final long NO_SIGN = 0x7FFFFFFFFFFFFFFFL;

  /** The biased double exponent of the smallest normal float: below it the unit is that of the subnormals. */
  private static final long LEAST_EXPONENT = 1023 - 126;

  /** Something that must not happen: how often it did, and at which logit first. */
  static final class Violations {
    long count;
    float first = Float.NaN;

    void add(float input) {
      if (count++ == 0) {
        first = input;
      }
    }

    void addAll(Violations other) {
      first = count == 0 ? other.first : first;
      count += other.count;
    }
  }

  final SweptOutput output;

  /** Finite logits judged. */
  long checked;

  final long[] histogram = new long[LAST_BIN + 1];
  final Extremes worst = new Extremes();
  final Extremes hardest = new Extremes();

  /** One sum of output bits for each value of the input's top byte. */
  final long[] sums = new long[256];

  final Violations outOfRange = new Violations();
  final Violations mirrored = new Violations();
  final Violations special = new Violations();

  /** Adjacent results in the wrong order, by {@link #largestStepBack} floats at most. */
  final Violations outOfOrder = new Violations();

  long largestStepBack;

  Tally(SweptOutput output) {
    this.output = output;
  }

  /** The largest error in ULP. */
  double maxUlp() {
    return worst.list().isEmpty() ? Double.NaN : worst.list().getFirst().value();
  }

  /**
   * Judges results as seen through the reflection: at least 0 and, for the sigmoid, at most 1.
   *
   * @param inputs the logits as seen through the reflection, their magnitudes increasing
   * @param truth float64 values of {@link Logistic}
   * @param previous the result at the logit before the first; NaN for none
   * @return the last result
   */
  float judge(float[] inputs, float[] got, double[] truth, int length, float previous) {
    boolean rising = inputs[0] >= 0 && Float.floatToRawIntBits(inputs[0]) >= 0;
    float top = output.function == Logistic.Function.SIGMOID ? 1 : Float.MAX_VALUE;
    int flip = output.reflected ? Integer.MIN_VALUE : 0;
    int zero = flip; // the bits of a zero: +0 before the reflection, for losses; a sigmoid of 0 is +0 too
    double threshold = worst.threshold();
    long sum = 0;
    long exact = 0;
    for (int i = 0; i < length; i++) {
      double d = truth[i];
      float rounded = (float) d;
      float g = got[i];
      long exponent = Math.max((Double.doubleToRawLongBits(d) & NO_SIGN) >>> MANTISSA_BITS, LEAST_EXPONENT);
      double perUlp = Double.longBitsToDouble((1023 + 1023 + 23 - exponent) << MANTISSA_BITS);
      double error = Math.abs(g - d) * perUlp;
      int bits = Float.floatToRawIntBits(g);
      sum += (bits ^ flip) & 0xFFFFFFFFL;
      if (Math.abs(rounded - d) * perUlp > 0.5 - Logistic.UNDECIDED_ULP) {
        DoubleDouble value = Logistic.exact(output.function, inputs[i]);
        rounded = value.toFloat();
        error = Math.abs(value.minus(g)) * perUlp;
        double distance = Logistic.ulpFromMidpoint(value);
        hardest.add(new Extremes.Extreme(input(inputs[i]), reflect(rounded), reflect(g), -distance));
      }
      if (!(error < threshold)) {
        threshold = addWorst(inputs[i], rounded, g, error);
      }
      if (g == rounded) {
        exact++;
      } else {
        histogram[bin(g, rounded)]++;
      }
      if (!(g >= 0 && g <= top) || (g == 0 && bits != zero)) {
        outOfRange.add(input(inputs[i]));
      }
      if (rising ? g < previous : g > previous) {
        stepBack(inputs[i], g, previous);
      }
      previous = g;
    }
    histogram[0] += exact;
    checked += length;
    sums[Float.floatToRawIntBits(input(inputs[0])) >>> 24] += sum;
    return previous;
  }

  /** Keeps one of the largest errors; NaN counts as infinite. Returns the new threshold. */
  private double addWorst(float reflected, float rounded, float got, double error) {
    double value = error == error ? error : Double.POSITIVE_INFINITY;
    if (worst.keeps(input(reflected), value)) {
      worst.add(new Extremes.Extreme(input(reflected), reflect(rounded), reflect(got), value));
    }
    return worst.threshold();
  }

  /** Two results of neighbouring logits that are in the wrong order. */
  void stepBack(float input, float result, float neighbour) {
    outOfOrder.add(input(input));
    largestStepBack = Math.max(largestStepBack, Math.abs((long) ordinal(result) - ordinal(neighbour)));
  }

  /** Judges results at infinite and NaN logits, not reflected. */
  void judgeSpecial(float[] inputs, float[] got, int length, int target) {
    for (int i = 0; i < length; i++) {
      float expected = output.special(inputs[i], target);
      if (!(got[i] == expected || (got[i] != got[i] && expected != expected))) {
        special.add(inputs[i]);
      }
      if (target == 0) {
        sums[Float.floatToRawIntBits(inputs[i]) >>> 24] += Float.floatToIntBits(got[i]) & 0xFFFFFFFFL;
      }
    }
  }

  private float input(float reflected) {
    return output.reflected ? -reflected : reflected;
  }

  private float reflect(float value) {
    return output.reflected ? -value : value;
  }

  /** The histogram's bin of two floats that are so many apart. */
  static int bin(float a, float b) {
    return a != a ? LAST_BIN : (int) Math.min(LAST_BIN, Math.abs((long) ordinal(a) - ordinal(b)));
  }

  /** Neighbouring floats have neighbouring ordinals; both zeros have 0. */
  private static int ordinal(float value) {
    int bits = Float.floatToRawIntBits(value);
    return bits < 0 ? Integer.MIN_VALUE - bits : bits;
  }

  void addAll(Tally other) {
    checked += other.checked;
    for (int i = 0; i < histogram.length; i++) {
      histogram[i] += other.histogram[i];
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] += other.sums[i];
    }
    worst.addAll(other.worst);
    hardest.addAll(other.hardest);
    outOfRange.addAll(other.outOfRange);
    mirrored.addAll(other.mirrored);
    special.addAll(other.special);
    outOfOrder.addAll(other.outOfOrder);
    largestStepBack = Math.max(largestStepBack, other.largestStepBack);
  }

  /** The first reason why this output does not conform; null if it does. */
  @Nullable String fault(double declaredUlp) {
    if (!(maxUlp() <= declaredUlp)) {
      Extremes.Extreme e = worst.list().getFirst();
      return "%s at %a is %a, %s ULP from the truth, but the declared bound is %s"
          .formatted(output.output, e.input(), e.got(), e.value(), declaredUlp);
    }
    if (outOfRange.count > 0) {
      return "%s is out of its range or has the wrong zero at %d logits, %a among them"
          .formatted(output.output, outOfRange.count, outOfRange.first);
    }
    if (mirrored.count > 0) {
      return "%s with target 1 is not the mirror image of target 0 at %d logits, %a among them"
          .formatted(output.output, mirrored.count, mirrored.first);
    }
    if (largestStepBack > Math.ceil(declaredUlp)) {
      return "%s of neighbouring logits is in the wrong order by %d ULP, near %a"
          .formatted(output.output, largestStepBack, outOfOrder.first);
    }
    if (special.count > 0) {
      return "%s breaks the rule of special values at %d logits, %a among them"
          .formatted(output.output, special.count, special.first);
    }
    return null;
  }
}
