package org.lanewise.bench.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.Forked;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.gate.rule.SuiteMean;

class GateResultTest {
  private static final Conformance FRONT_DOOR = new Conformance("front-door", 50, List.of());
  private static final Conformance CONFORMS = new Conformance("vector", 100, List.of());
  private static final PairedBenchmark BENCHMARK = Forked.benchmark("vector", 256);
  private static final Comparison SAME = Forked.comparison(Forked.of(5, 1.0), List.of());
  private static final Comparison SLOWER = Forked.comparison(Forked.of(5, 1.05), Forked.of(9, 1.05));
  private static final Comparison FASTER = Forked.comparison(Forked.of(5, 0.9), Forked.of(9, 0.9));
  private static final Comparison SCATTERED = Forked.comparison(Forked.of(0.9, 0.95, 1.0, 1.05, 1.1), List.of());
  private static final Comparison CRASHED = Comparison.failed(BENCHMARK, "Fork 1 crashed.");
  private static final GatePolicy WAIVED =
      GatePolicy.parse(
          """
          {"format": "lanewise/gate-policy", "version": 1,
           "rules": [{"benchmark": "vector/*", "waiver": "It is known."}]}
          """,
          "policy");

  private static GateResult result(GatePolicy policy, Comparison... comparisons) {
    return GateResult.of(
        new JsonObject(), List.of(comparisons), List.of(), List.of(), List.of(FRONT_DOOR, CONFORMS), policy, false);
  }

  private static void assertResult(Verdict verdict, int exit, int exitInCi, GateResult result) {
    assertEquals(verdict, result.verdict());
    assertEquals(exit, result.exitCode(false));
    assertEquals(exitInCi, result.exitCode(true));
  }

  @Test
  void theWorstBenchmarkDecides() {
    assertResult(Verdict.PASS, 0, 0, result(GatePolicy.none(), SAME, SAME));
    assertResult(Verdict.IMPROVED, 0, 0, result(GatePolicy.none(), SAME, FASTER));
    assertResult(Verdict.INCONCLUSIVE, 4, 0, result(GatePolicy.none(), SAME, FASTER, SCATTERED));
    assertResult(Verdict.UNMEASURED, 3, 3, result(GatePolicy.none(), SAME, SCATTERED, CRASHED));
    assertResult(Verdict.REGRESSED, 1, 1, result(GatePolicy.none(), FASTER, CRASHED, SLOWER));
  }

  @Test
  void aWaiverAcceptsWhatWasMeasuredAndKeepsTheVerdict() {
    GateResult slower = result(WAIVED, SAME, SLOWER, SCATTERED);

    assertResult(Verdict.PASS, 0, 0, slower);
    assertTrue(slower.rows().get(1).isWaived());
    assertEquals(Verdict.REGRESSED, slower.rows().get(1).judgement().verdict());
    assertFalse(slower.rows().get(0).isWaived());
    assertResult(Verdict.UNMEASURED, 3, 3, result(WAIVED, SAME, CRASHED));
  }

  @Test
  void aNonconformingKernelIsRegressedHoweverFast() {
    Conformance wrong = new Conformance("vector", 100, List.of("The loss is off by 17 ULP."));
    GateResult result =
        GateResult.of(new JsonObject(), List.of(FASTER), List.of(), List.of(), List.of(wrong), WAIVED, false);

    assertResult(Verdict.REGRESSED, 1, 1, result);
  }

  @Test
  void nothingIsAPassBecauseNothingWasDone() {
    assertResult(Verdict.UNMEASURED, 3, 3, result(GatePolicy.none()));

    GateResult unchecked =
        GateResult.of(new JsonObject(), List.of(SAME), List.of(), List.of(), List.of(), GatePolicy.none(), false);
    assertResult(Verdict.UNMEASURED, 3, 3, unchecked);
    assertEquals(
        List.of("The conformance of 'front-door' was not checked.", "The conformance of 'vector' was not checked."), unchecked.gaps());

    GateResult noCases =
        GateResult.of(
            new JsonObject(),
            List.of(SAME),
            List.of(),
            List.of(),
            List.of(FRONT_DOOR, new Conformance("vector", 0, List.of())),
            GatePolicy.none(),
            false);
    assertResult(Verdict.UNMEASURED, 3, 3, noCases);
  }

  @Test
  void anInterruptedRunIsNoPass() {
    JsonObject environment = new JsonObject();
    environment.addProperty("complete", false);

    assertResult(
        Verdict.UNMEASURED,
        3,
        3,
        GateResult.of(
            environment, List.of(SAME), List.of(), List.of(), List.of(FRONT_DOOR, CONFORMS), GatePolicy.none(), false));
  }

  @Test
  void whatTheCandidateLacksNeedsAWaiverWhatItAddsDoesNot() {
    PairedBenchmark other = Forked.benchmark("vector", 16);
    GateResult added =
        GateResult.of(
            new JsonObject(), List.of(SAME), List.of(other), List.of(), List.of(FRONT_DOOR, CONFORMS), GatePolicy.none(), false);
    GateResult removed =
        GateResult.of(
            new JsonObject(), List.of(SAME), List.of(), List.of(other), List.of(FRONT_DOOR, CONFORMS), GatePolicy.none(), false);
    GateResult waived =
        GateResult.of(new JsonObject(), List.of(SAME), List.of(), List.of(other), List.of(FRONT_DOOR, CONFORMS), WAIVED, false);

    assertResult(Verdict.PASS, 0, 0, added);
    assertResult(Verdict.UNMEASURED, 3, 3, removed);
    assertResult(Verdict.PASS, 0, 0, waived);
  }

  @Test
  void newBitsAreAllowedForAllOrNone() {
    Comparison bits = new Comparison(BENCHMARK, Forked.of(5, 1.0), List.of(), 0, 0, false, 0, null);
    GateResult allowed =
        GateResult.of(
            new JsonObject(), List.of(bits), List.of(), List.of(), List.of(FRONT_DOOR, CONFORMS), GatePolicy.none(), true);

    assertResult(Verdict.REGRESSED, 1, 1, result(GatePolicy.none(), bits));
    assertResult(Verdict.PASS, 0, 0, allowed);
  }

  @Test
  void holmMultipliesByTheBenchmarksThatAreLeft() {
    // The signs of 14 of 14 and 13 of 14 forks, among four benchmarks.
    Comparison nearly =
        Forked.comparison(Forked.of(5, 1.05), Forked.of(0.99, 1.05, 1.05, 1.05, 1.05, 1.05, 1.05, 1.05, 1.05));
    GateResult result = result(GatePolicy.none(), SAME, nearly, SLOWER, SAME);

    assertTrue(Double.isNaN(result.holm(result.rows().get(0))));
    assertEquals(4 / 16384.0, result.holm(result.rows().get(2)), 1e-12);
    assertEquals(3 * 15 / 16384.0, result.holm(result.rows().get(1)), 1e-12);
  }

  @Test
  void aLossTooSmallForEachBenchmarkIsSeenInTheMean() {
    Comparison little = Forked.comparison(Forked.of(1.014, 1.015, 1.016, 1.015, 1.013), List.of());
    GateResult result = result(GatePolicy.none(), little, little, little);
    SuiteMean mean = result.mean();

    assertEquals(Verdict.PASS, result.verdict());
    assertNotNull(mean);
    assertEquals(1.015, mean.ratio(), 1e-6);
    assertTrue(mean.low() > 1.012 && mean.high() < 1.017, mean.toString());
    assertTrue(mean.isBroadLoss());
    SuiteMean even = result(GatePolicy.none(), SAME, SAME).mean();
    assertNotNull(even);
    assertFalse(even.isBroadLoss());
  }
}
