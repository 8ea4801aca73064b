package org.lanewise.conformance.oracle;

import org.jspecify.annotations.Nullable;

/**
 * True losses and gradients, every option included, in double-double: of one element of BCE, of one row of cross-entropy.
 *
 * <p>Each is written so that nothing cancels that the mathematics does not cancel. Where terms of both signs remain (soft
 * targets, weights), the error is below 2^−90 of the largest term. Exponentials below e^−{@value #SMALLEST} count as 0, which is
 * below what float32 can show, though not float64. Logits, weights and their products have to stay below 2^1000: beyond, the
 * halves of a double-double overflow. A label smoothing below 0, which PyTorch takes for none, is for the caller to replace.
 */
public final class TrueLoss {
  private static final double SMALLEST = 690;
  private static final DoubleDouble ZERO = DoubleDouble.of(0);

  private TrueLoss() {}

  /**
   * One element of BCE with logits; weight and upstream gradient are for the caller to multiply.
   *
   * @param loss (1 − t) · x + c · ln(1 + e^−x), with c = (1 − t) + pos_weight · t
   * @param logitGradient c · σ(x) − pos_weight · t
   * @param targetGradient −x + (pos_weight − 1) · ln(1 + e^−x)
   */
  public record Element(DoubleDouble loss, DoubleDouble logitGradient, DoubleDouble targetGradient) {}

  /** An element with a finite or infinite logit, finite target and weight. */
  public static Element bceWithLogits(double x, double target, double posWeight) {
    DoubleDouble negative = DoubleDouble.ONE.minus(DoubleDouble.of(target));
    DoubleDouble positive = DoubleDouble.of(posWeight).times(DoubleDouble.of(target));
    DoubleDouble c = negative.plus(positive);
    DoubleDouble z = exp(DoubleDouble.of(-Math.abs(x)));
    DoubleDouble logarithm = z.log1p();
    DoubleDouble logit = DoubleDouble.of(x);
    // ln(1 + e^−x) is max(−x, 0) + ln(1 + z), and what belongs to the logit is put together before anything is rounded.
    DoubleDouble linear = x > 0 ? negative.times(logit) : positive.times(logit).negated();
    DoubleDouble ofSmaller = z.dividedBy(DoubleDouble.ONE.plus(z)); // σ(−|x|)
    DoubleDouble gradient = x > 0 ? negative.minus(c.times(ofSmaller)) : c.times(ofSmaller).minus(positive);
    DoubleDouble excess = DoubleDouble.of(posWeight).minus(DoubleDouble.ONE).times(logarithm);
    DoubleDouble ofTarget = (x > 0 ? logit.negated() : logit.times(DoubleDouble.of(posWeight)).negated()).plus(excess);
    return new Element(linear.plus(c.times(logarithm)), gradient, ofTarget);
  }

  /**
   * One row of cross-entropy; the upstream gradient is for the caller to multiply.
   *
   * @param loss −Σ share · log_softmax
   * @param logitGradients softmax · Σ share − share
   * @param targetGradients −(1 − label_smoothing) · weight · log_softmax
   */
  public record Row(DoubleDouble loss, DoubleDouble[] logitGradients, DoubleDouble[] targetGradients) {}

  /**
   * A row. The share of a class is weight · ((1 − label_smoothing) · probability + label_smoothing / classes).
   *
   * @param logits finite or −∞, at least one finite
   * @param probabilities of the classes
   * @param weight of the classes; null for 1
   */
  public static Row crossEntropy(
      double[] logits, double[] probabilities, double @Nullable [] weight, double labelSmoothing) {
    int classes = logits.length;
    int largest = 0;
    for (int c = 1; c < classes; c++) {
      largest = logits[c] > logits[largest] ? c : largest;
    }
    DoubleDouble[] e = new DoubleDouble[classes];
    DoubleDouble[] below = new DoubleDouble[classes]; // m − x, exact
    DoubleDouble rest = ZERO; // over all classes but the largest
    for (int c = 0; c < classes; c++) {
      below[c] = DoubleDouble.of(logits[largest]).minus(DoubleDouble.of(logits[c]));
      e[c] = logits[c] == Double.NEGATIVE_INFINITY ? ZERO : exp(below[c].negated());
      rest = c == largest ? rest : rest.plus(e[c]);
    }
    DoubleDouble sum = DoubleDouble.ONE.plus(rest);
    DoubleDouble logarithm = log1p(rest);
    DoubleDouble[] share = new DoubleDouble[classes];
    DoubleDouble shares = ZERO;
    DoubleDouble kept = DoubleDouble.ONE.minus(DoubleDouble.of(labelSmoothing));
    DoubleDouble spread = DoubleDouble.of(labelSmoothing).dividedBy(DoubleDouble.of(classes));
    DoubleDouble loss = ZERO;
    DoubleDouble[] targetGradients = new DoubleDouble[classes];
    for (int c = 0; c < classes; c++) {
      DoubleDouble w = DoubleDouble.of(weight == null ? 1 : weight[c]);
      share[c] = w.times(kept.times(DoubleDouble.of(probabilities[c])).plus(spread));
      shares = shares.plus(share[c]);
      DoubleDouble negated = below[c].plus(logarithm); // −log_softmax
      loss = share[c].hi() == 0 ? loss : loss.plus(share[c].times(negated));
      targetGradients[c] = kept.times(w).times(negated);
    }
    DoubleDouble[] logitGradients = new DoubleDouble[classes];
    for (int c = 0; c < classes; c++) {
      DoubleDouble others = c == largest ? rest : sum.minus(e[c]); // of a class that is not the largest no more than half goes
      DoubleDouble sharesOfOthers = ZERO;
      if (Math.abs(share[c].hi()) > 0.5 * Math.abs(shares.hi())) {
        for (int j = 0; j < classes; j++) {
          sharesOfOthers = j == c ? sharesOfOthers : sharesOfOthers.plus(share[j]);
        }
      } else {
        sharesOfOthers = shares.minus(share[c]);
      }
      logitGradients[c] = e[c].times(sharesOfOthers).minus(others.times(share[c])).dividedBy(sum);
    }
    return new Row(loss, logitGradients, targetGradients);
  }

  /** e^x for x ≤ 0. */
  private static DoubleDouble exp(DoubleDouble x) {
    return x.hi() < -SMALLEST ? ZERO : x.exp();
  }

  /** ln(1 + x) for x ≥ 0. */
  private static DoubleDouble log1p(DoubleDouble x) {
    if (x.hi() <= 1) {
      return x.log1p();
    }
    DoubleDouble u = DoubleDouble.ONE.plus(x);
    int exponent = Math.getExponent(u.hi());
    DoubleDouble f = u.scaled(-exponent); // from 1 to 2
    return DoubleDouble.of(exponent).times(DoubleDouble.LN2).plus(f.minus(DoubleDouble.ONE).log1p());
  }
}
