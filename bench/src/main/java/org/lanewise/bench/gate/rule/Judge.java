package org.lanewise.bench.gate.rule;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.gate.rule.Judgement.SlowModes;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.gate.statistics.Bootstrap;
import org.lanewise.bench.gate.statistics.Exact.Interval;
import org.lanewise.bench.gate.statistics.Median;

/**
 * The rule. A slowdown counts when the first forks flag it, fresh forks flag it again, and chance is excluded over all of
 * them; what has no noise (allocated bytes, output bits) counts at once. Where a slowdown that matters could have been
 * missed, that is not called a pass.
 *
 * <p>{@code docs/adr/0015-the-rule-of-the-gate.md} says why.
 */
public final class Judge {
  /** How many forks every benchmark gets. */
  public static final int FIRST_FORKS = 5;

  /** How many fresh forks confirm what the first ones flagged. */
  public static final int CONFIRMING_FORKS = 9;

  /** How many more it takes where those agree, but not enough to exclude chance. */
  public static final int ADDED_FORKS = 16;

  /** How often so many are added: each look at them is one more chance to be wrong. */
  static final int HELPINGS = 2;

  /** A verdict needs signs that chance gives once in two thousand times. */
  static final double ALPHA = 0.0005;

  /** A pass is a pass when a slowdown that matters would have been found this often. */
  static final double ENOUGH_POWER = 0.8;

  /** Slow modes this unequal are worth more forks. */
  private static final double UNEQUAL = 0.15;

  private Judge() {}

  /** Whether the first forks look slower or faster than the default threshold allows. */
  public static boolean flagged(List<PairedRounds> first) {
    return direction(Forks.logRatios(first), Threshold.DEFAULT) != 0;
  }

  /**
   * How many more fresh forks are wanted, to be added to {@link Comparison#confirmation}; 0 when the rest is judging. Ask
   * again after they ran.
   */
  public static int moreForks(Comparison soFar, Threshold threshold) {
    if (soFar.problem() != null || soFar.first().size() < FIRST_FORKS) {
      return 0;
    }
    Evidence evidence = new Evidence(soFar);
    int confirming = soFar.confirmation().size();
    if (confirming < CONFIRMING_FORKS) {
      return evidence.firstForksDecide(threshold) ? 0 : CONFIRMING_FORKS - confirming;
    }
    if (evidence.isUnclear(threshold)) {
      for (int helping = 1; helping <= HELPINGS; helping++) {
        int wanted = CONFIRMING_FORKS + helping * ADDED_FORKS;
        if (confirming < wanted) {
          return wanted - confirming;
        }
      }
    }
    return 0;
  }

  /** The judgement. Same comparison, same bits. */
  public static Judgement of(Comparison comparison, Threshold threshold) {
    return of(comparison, threshold, Bootstrap.RESAMPLES);
  }

  /** With fewer resamples, for simulations that judge thousands of comparisons. */
  static Judgement of(Comparison comparison, Threshold threshold, int resamples) {
    if (comparison.problem() != null) {
      return unmeasured(comparison.problem());
    }
    if (comparison.first().size() < FIRST_FORKS) {
      return unmeasured(text("%d forks were measured, expected %d.", comparison.first().size(), FIRST_FORKS));
    }
    Evidence evidence = new Evidence(comparison);
    int direction = direction(evidence.first, threshold);
    if (direction != 0 && !evidence.isConfirming()) {
      return unmeasured(
          text(
              "The first forks look %s, and %d of %d fresh forks were measured to confirm it.",
              direction > 0 ? "slower" : "faster",
              comparison.confirmation().size(),
              CONFIRMING_FORKS));
    }
    Finding finding = finding(evidence, threshold);
    List<String> worse = withoutNoise(comparison, threshold);
    if (!worse.isEmpty()) {
      if (finding.verdict == Verdict.REGRESSED) {
        worse.add(finding.reason);
      }
      finding = new Finding(Verdict.REGRESSED, String.join(" ", worse));
    }
    Interval interval =
        Bootstrap.ofMedian(
            Forks.rounds(
                evidence.isConfirming()
                    ? comparison.confirmation().subList(0, CONFIRMING_FORKS)
                    : comparison.first()),
            resamples);
    return new Judgement(
        finding.verdict,
        StrictMath.exp(Median.of(evidence.last)),
        StrictMath.exp(interval.low()),
        StrictMath.exp(interval.high()),
        Power.of(evidence.all, threshold),
        evidence.modes(),
        direction == 0 ? Double.NaN : Forks.chance(evidence.all, direction),
        finding.reason + unsteady(comparison));
  }

  /** The numbers that the rule looks at: each ln(candidate / base) of a fork. */
  private static final class Evidence {
    private final double[] first;
    private final double[] last;
    private final double[] all;

    private Evidence(Comparison comparison) {
      first = Forks.logRatios(comparison.first());
      double[] fresh = Forks.logRatios(comparison.confirmation());
      // Forks added later do not confirm: they were asked for because of what the others showed.
      last = fresh.length < CONFIRMING_FORKS ? first : DoubleStream.of(fresh).limit(CONFIRMING_FORKS).toArray();
      all = DoubleStream.concat(DoubleStream.of(first), DoubleStream.of(fresh)).toArray();
    }

    private boolean isConfirming() {
      return last != first;
    }

    private @Nullable SlowModes modes() {
      return JitModes.of(all);
    }

    /** 1 where fresh forks confirm that the candidate is slower, −1 where they confirm faster, else 0. */
    private int confirmed(Threshold threshold) {
      int direction = direction(first, threshold);
      return isConfirming() && direction == direction(last, threshold) ? direction : 0;
    }

    private boolean firstForksDecide(Threshold threshold) {
      return direction(first, threshold) == 0
          && Median.of(first) <= threshold.log()
          && JitModes.of(first) == null
          && Power.of(first, threshold) >= ENOUGH_POWER;
    }

    /** Whether chance is not excluded yet, and may well be with more forks. */
    private boolean isUnclear(Threshold threshold) {
      SlowModes modes = modes();
      int confirmed = confirmed(threshold);
      return (modes != null && modes.p() <= UNEQUAL && modes.p() > ALPHA)
          || (confirmed != 0 && Forks.chance(all, confirmed) > ALPHA);
    }
  }

  private record Finding(Verdict verdict, String reason) {}

  /** What the times say. */
  private static Finding finding(Evidence evidence, Threshold threshold) {
    int confirmed = evidence.confirmed(threshold);
    boolean clear = confirmed != 0 && Forks.chance(evidence.all, confirmed) <= ALPHA;
    if (confirmed > 0 && clear) {
      return new Finding(Verdict.REGRESSED, text("Slower in %s.", signs(evidence, confirmed)));
    }
    SlowModes modes = evidence.modes();
    boolean unequal = modes != null && modes.p() <= ALPHA;
    if (unequal && modes != null && modes.candidate() > modes.base()) {
      return new Finding(Verdict.REGRESSED, text("It lands in the slow JIT mode more often: %s.", told(modes)));
    }
    if (confirmed < 0 && clear) {
      return new Finding(Verdict.IMPROVED, text("Faster in %s.", signs(evidence, confirmed)));
    }
    if (unequal && modes != null) {
      return new Finding(Verdict.IMPROVED, text("It lands in the slow JIT mode less often: %s.", told(modes)));
    }
    if (modes != null && modes.base() + modes.candidate() > 1) {
      return new Finding(
          Verdict.INCONCLUSIVE,
          text("There are two JIT modes, and neither build is slow clearly more often: %s.", told(modes)));
    }
    if (Median.of(evidence.last) > threshold.log()) {
      return new Finding(
          Verdict.INCONCLUSIVE, text("It looks slower, but forks do not agree: slower in %s.", signs(evidence, 1)));
    }
    double power = Power.of(evidence.all, threshold);
    String found = text("%s slower would be found with probability %s", percent(threshold.mustFind()), decimals(power));
    if (power < ENOUGH_POWER) {
      return new Finding(Verdict.INCONCLUSIVE, text("Forks scatter too much: %s.", found));
    }
    return new Finding(
        Verdict.PASS,
        (direction(evidence.first, threshold) > 0 ? "The first forks looked slower, fresh ones do not; " : "")
            + found
            + ".");
  }

  private static Judgement unmeasured(String reason) {
    double none = Double.NaN;
    return new Judgement(Verdict.UNMEASURED, none, none, none, none, null, none, reason);
  }

  /** Decides nothing, for the spread of the forks does; but who wonders at the spread should know. */
  private static String unsteady(Comparison comparison) {
    return comparison.unsteady() == 0
        ? ""
        : text(
            " In %d of %d forks a build was still changing when it was measured.",
            comparison.unsteady(),
            comparison.first().size() + comparison.confirmation().size());
  }

  /** What has become worse among the things that have no noise, each in a sentence. */
  private static List<String> withoutNoise(Comparison comparison, Threshold threshold) {
    List<String> worse = new ArrayList<>();
    if (comparison.candidateAllocated() > comparison.baseAllocated()) {
      worse.add(
          text(
              "A call allocates %d bytes, that of the base %d.",
              comparison.candidateAllocated(),
              comparison.baseAllocated()));
    }
    if (!comparison.sameBits() && !threshold.newBits()) {
      worse.add("The output has other bits than that of the base; --allow-new-bits accepts them.");
    }
    return worse;
  }

  /** 1 where the forks say slower, −1 where they say faster, else 0. */
  private static int direction(double[] logRatios, Threshold threshold) {
    return Forks.slower(logRatios, threshold) ? 1 : Forks.faster(logRatios, threshold) ? -1 : 0;
  }

  private static String signs(Evidence evidence, int direction) {
    int first = Forks.count(evidence.first, direction);
    String counts = text("%d of %d forks", first, evidence.first.length);
    int fresh = evidence.all.length - evidence.first.length;
    return fresh == 0
        ? counts
        : text("%s and %d of %d fresh ones", counts, Forks.count(evidence.all, direction) - first, fresh);
  }

  private static String told(SlowModes modes) {
    return text(
        "alone in %d of %d forks, the base alone in %d (p = %.2g)",
        modes.candidate(),
        modes.forks(),
        modes.base(),
        modes.p());
  }

  /** In digits that do not depend on where the reader lives. */
  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static String percent(double share) {
    return new BigDecimal(100 * share).round(new MathContext(3)).stripTrailingZeros().toPlainString() + " %";
  }

  /** Two decimals, never rounded up to what was not reached; a handful of forks does not show more than 0.99. */
  private static String decimals(double probability) {
    return probability > 0.99 ? "over 0.99" : text("%.2f", Math.floor(probability * 100) / 100);
  }
}
