package org.lanewise.bench.gate.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.gate.rule.Judgement.SlowModes;
import org.lanewise.bench.gate.rule.Judgement.Verdict;

class JudgeTest {
  private static final List<PairedRounds> SAME = Forked.of(0.999, 1.002, 1.001, 1.0, 0.998);

  private static Judgement judge(List<PairedRounds> first, List<PairedRounds> confirmation) {
    return Judge.of(Forked.comparison(first, confirmation), Threshold.DEFAULT);
  }

  private static void assertVerdict(Verdict expected, Judgement judgement) {
    assertEquals(expected, judgement.verdict(), judgement.reason());
  }

  @Test
  void theSameSpeedIsAPassAtOnce() {
    assertFalse(Judge.flagged(SAME));
    assertEquals(0, Judge.moreForks(Forked.comparison(SAME, List.of()), Threshold.DEFAULT));

    Judgement judgement = judge(SAME, List.of());
    assertVerdict(Verdict.PASS, judgement);
    assertEquals(1.0, judgement.ratio(), 1e-6);
    assertEquals(0.998, judgement.low(), 1e-6);
    assertEquals(1.002, judgement.high(), 1e-6);
    assertEquals(1, judgement.power(), 1e-12);
    assertTrue(Double.isNaN(judgement.p()));
    assertNull(judgement.modes());
  }

  @Test
  void slowerTakesTheMedianAndFourOfFive() {
    assertTrue(Judge.flagged(Forked.of(1.0, 1.011, 1.021, 1.03, 1.04)));
    assertFalse(Judge.flagged(Forked.of(1.0, 1.011, 1.019, 1.03, 1.04)), "median below 2 %");
    assertFalse(Judge.flagged(Forked.of(1.0, 1.009, 1.021, 1.03, 1.04)), "only three above 1 %");
    assertTrue(Judge.flagged(Forked.of(1.0, 1 / 1.011, 1 / 1.021, 1 / 1.03, 1 / 1.04)), "faster alike");
  }

  @Test
  void flaggedNeedsNineFreshForks() {
    List<PairedRounds> slower = Forked.of(5, 1.05);

    assertEquals(9, Judge.moreForks(Forked.comparison(slower, List.of()), Threshold.DEFAULT));
    assertEquals(2, Judge.moreForks(Forked.comparison(slower, Forked.of(7, 1.05)), Threshold.DEFAULT));
    assertEquals(0, Judge.moreForks(Forked.comparison(slower, Forked.of(9, 1.05)), Threshold.DEFAULT));
    assertVerdict(Verdict.UNMEASURED, judge(slower, List.of()));
    assertVerdict(Verdict.UNMEASURED, judge(slower, Forked.of(8, 1.05)));
  }

  @Test
  void confirmedIsRegressedAndTheRatioComesFromTheFreshForks() {
    Judgement judgement = judge(Forked.of(5, 1.07), Forked.of(9, 1.05));

    assertVerdict(Verdict.REGRESSED, judgement);
    assertEquals(1.05, judgement.ratio(), 1e-6);
    assertEquals(Math.pow(2, -14), judgement.p(), 1e-12);
    assertEquals("Slower in 5 of 5 forks and 9 of 9 fresh ones.", judgement.reason());
  }

  @Test
  void fasterIsImprovedBySymmetry() {
    Judgement judgement = judge(Forked.of(5, 1 / 1.05), Forked.of(9, 1 / 1.05));

    assertVerdict(Verdict.IMPROVED, judgement);
    assertEquals("Faster in 5 of 5 forks and 9 of 9 fresh ones.", judgement.reason());
  }

  @Test
  void whatFreshForksDoNotConfirmIsAPass() {
    Judgement judgement = judge(Forked.of(5, 1.03), Forked.of(9, 1.001));

    assertVerdict(Verdict.PASS, judgement);
    assertTrue(judgement.reason().startsWith("The first forks looked slower, fresh ones do not; "), judgement.reason());
  }

  @Test
  void sixOfNineConfirmNothingAndAreNoPassEither() {
    Judgement judgement =
        judge(Forked.of(5, 1.03), Forked.of(1.03, 1.03, 1.03, 1.03, 1.03, 1.03, 1.001, 1.001, 1.001));

    assertVerdict(Verdict.INCONCLUSIVE, judgement);
    assertTrue(judgement.reason().startsWith("It looks slower, but forks do not agree"), judgement.reason());
  }

  @Test
  void aMedianAboveTheThresholdIsNeverAPass() {
    List<PairedRounds> unsure = Forked.of(1.0, 1.0, 1.025, 1.025, 1.025);

    assertFalse(Judge.flagged(unsure));
    assertEquals(9, Judge.moreForks(Forked.comparison(unsure, List.of()), Threshold.DEFAULT));
    assertVerdict(Verdict.INCONCLUSIVE, judge(unsure, List.of()));
    assertVerdict(Verdict.INCONCLUSIVE, judge(unsure, Forked.of(9, 1.025)));
    assertVerdict(Verdict.PASS, judge(unsure, Forked.of(9, 1.0)));
  }

  @Test
  void threeForksOfFourteenTheOtherWayAskForMore() {
    List<PairedRounds> first = Forked.of(1.05, 1.05, 1.05, 1.05, 0.99);
    List<PairedRounds> nine = Forked.of(1.05, 1.05, 1.05, 1.05, 1.05, 1.05, 1.05, 0.99, 0.99);
    Comparison confirmed = Forked.comparison(first, nine);
    List<PairedRounds> sure = new ArrayList<>(nine);
    sure.addAll(Forked.of(16, 1.05));
    List<PairedRounds> unsure = new ArrayList<>(nine);
    unsure.addAll(Forked.of(8, 1.05));
    unsure.addAll(Forked.of(8, 0.99));

    assertEquals(16, Judge.moreForks(confirmed, Threshold.DEFAULT));
    assertVerdict(Verdict.INCONCLUSIVE, Judge.of(confirmed, Threshold.DEFAULT));
    assertVerdict(Verdict.REGRESSED, judge(first, sure));
    assertEquals(0, Judge.moreForks(Forked.comparison(first, sure), Threshold.DEFAULT));
    assertVerdict(Verdict.INCONCLUSIVE, judge(first, unsure));
    assertEquals(16, Judge.moreForks(Forked.comparison(first, unsure), Threshold.DEFAULT));
    unsure.addAll(Forked.of(16, 1.0));
    assertEquals(0, Judge.moreForks(Forked.comparison(first, unsure), Threshold.DEFAULT));
  }

  @Test
  void scatterIsNotCalledAPass() {
    List<PairedRounds> first = Forked.of(0.9, 0.95, 1.0, 1.05, 1.1);

    assertEquals(9, Judge.moreForks(Forked.comparison(first, List.of()), Threshold.DEFAULT));
    Judgement judgement = judge(first, List.of());
    assertVerdict(Verdict.INCONCLUSIVE, judgement);
    assertTrue(judgement.power() < 0.3, Double.toString(judgement.power()));
    assertEquals("Forks scatter too much: 5 % slower would be found with probability 0.00.", judgement.reason());
  }

  @Test
  void aThresholdMovesWhatMustBeFound() {
    List<PairedRounds> first = Forked.of(0.96, 0.98, 1.0, 1.02, 1.04);
    Comparison comparison = Forked.comparison(first, List.of());

    assertVerdict(Verdict.INCONCLUSIVE, Judge.of(comparison, Threshold.DEFAULT));
    assertVerdict(Verdict.PASS, Judge.of(comparison, new Threshold(0.06, false)));
  }

  @Test
  void theSlowModeMoreOftenIsARegressionOfItsOwn() {
    List<PairedRounds> first = Forked.of(1.0, 2.0, 1.0, 2.0, 1.0);
    List<PairedRounds> fresh = new ArrayList<>(Forked.of(5, 1.0));
    fresh.addAll(Forked.of(4, 2.0));

    assertEquals(9, Judge.moreForks(Forked.comparison(first, List.of()), Threshold.DEFAULT));
    assertVerdict(Verdict.INCONCLUSIVE, judge(first, fresh));
    assertEquals(16, Judge.moreForks(Forked.comparison(first, fresh), Threshold.DEFAULT));

    fresh.addAll(Forked.of(8, 1.0));
    fresh.addAll(Forked.of(8, 2.0));
    assertEquals(0, Judge.moreForks(Forked.comparison(first, fresh), Threshold.DEFAULT));
    Judgement judgement = judge(first, fresh);
    assertVerdict(Verdict.REGRESSED, judgement);
    SlowModes modes = Objects.requireNonNull(judgement.modes());
    assertEquals(new SlowModes(0, 14, 30, modes.p()), modes);
    assertEquals(Math.pow(2, -14), modes.p(), 1e-15);
    assertEquals(
        "It lands in the slow JIT mode more often: alone in 14 of 30 forks, the base alone in 0 (p = 6.1e-05).",
        judgement.reason());
  }

  @Test
  void modesThatStrikeBothAlikeAreInconclusive() {
    Judgement judgement =
        judge(Forked.of(1.0, 2.0, 0.5, 1.0, 1.0), Forked.of(1.0, 2.0, 0.5, 1.0, 1.0, 2.0, 0.5, 1.0, 1.0));

    assertVerdict(Verdict.INCONCLUSIVE, judgement);
    SlowModes modes = Objects.requireNonNull(judgement.modes());
    assertEquals(3, modes.base());
    assertEquals(3, modes.candidate());
    assertTrue(modes.p() > 0.5);
  }

  @Test
  void whatHasNoNoiseCountsAtOnce() {
    PairedBenchmark benchmark = Forked.benchmark("vector", 256);
    Comparison allocates = new Comparison(benchmark, SAME, List.of(), 16, 40, true, 0, null);
    Comparison otherBits = new Comparison(benchmark, SAME, List.of(), 16, 16, false, 0, null);

    Judgement judgement = Judge.of(allocates, Threshold.DEFAULT);
    assertVerdict(Verdict.REGRESSED, judgement);
    assertEquals("A call allocates 40 bytes, that of the base 16.", judgement.reason());
    Comparison oneByte = new Comparison(benchmark, SAME, List.of(), 16, 17, true, 0, null);
    assertVerdict(Verdict.REGRESSED, Judge.of(oneByte, Threshold.DEFAULT));
    assertVerdict(Verdict.REGRESSED, Judge.of(otherBits, Threshold.DEFAULT));
    assertVerdict(Verdict.PASS, Judge.of(otherBits, Threshold.DEFAULT.withNewBits()));
  }

  @Test
  void forksThatHadNotSettledAreToldAndDecideNothing() {
    Comparison comparison = new Comparison(Forked.benchmark("vector", 256), SAME, List.of(), 0, 0, true, 2, null);

    Judgement judgement = Judge.of(comparison, Threshold.DEFAULT);
    assertVerdict(Verdict.PASS, judgement);
    assertTrue(
        judgement.reason().endsWith(". In 2 of 5 forks a build was still changing when it was measured."), judgement.reason());
  }

  @Test
  void whatCouldNotBeMeasuredIsNeverAPass() {
    Comparison crashed =
        new Comparison(Forked.benchmark("vector", 256), SAME, List.of(), 0, 0, true, 0, "Fork 3 was killed.");

    assertVerdict(Verdict.UNMEASURED, Judge.of(crashed, Threshold.DEFAULT));
    assertEquals("Fork 3 was killed.", Judge.of(crashed, Threshold.DEFAULT).reason());
    assertEquals(0, Judge.moreForks(crashed, Threshold.DEFAULT));
    assertVerdict(Verdict.UNMEASURED, judge(SAME.subList(0, 4), List.of()));
    assertVerdict(Verdict.UNMEASURED, judge(List.of(), List.of()));
  }
}
