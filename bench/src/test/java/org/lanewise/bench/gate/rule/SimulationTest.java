package org.lanewise.bench.gate.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.gate.rule.SimulatedForks.ForkNoise;
import org.lanewise.bench.gate.rule.SimulatedForks.Shares;

/**
 * How often the rule is right, on simulated machines. The seeds are fixed, so a band is met or missed for good; it is as
 * wide as 400 comparisons leave a rate uncertain.
 */
class SimulationTest {
  private static final int COMPARISONS = 400;
  private static final Map<String, Noise> NOISES = new LinkedHashMap<>();
  private static final Map<String, Shares> JUDGED = new HashMap<>();

  private record Noise(ForkNoise noise, String what) {}

  static {
    NOISES.put("measured", new Noise(SimulatedForks.measured(), "as 120 measured forks of this project's kernels do"));
    NOISES.put("calm", new Noise(SimulatedForks.scatter(0.001), "they scatter by 0.1 %, the least measured"));
    NOISES.put("usual", new Noise(SimulatedForks.scatter(0.0095), "by 0.95 % (standard deviation), the median measured"));
    NOISES.put("noisy", new Noise(SimulatedForks.scatter(0.027), "by 2.7 %, the most measured"));
    NOISES.put("strays", new Noise(SimulatedForks.strays(0.057), "5.7 % of them are off by 2 to 14 %, as measured"));
    NOISES.put("wild", new Noise(SimulatedForks.scatter(0.08), "they scatter by 8 %"));
    NOISES.put("rare modes", new Noise(SimulatedForks.modes(0.02, 0.02), "each build is twice as slow in 2 % of forks"));
    NOISES.put("modes", new Noise(SimulatedForks.modes(0.3, 0.3), "each build is twice as slow in 30 % of forks"));
    NOISES.put("either slow", new Noise(SimulatedForks.eitherIsSlow(), "in every fork one of the two builds is twice as slow"));
    NOISES.put("more often", new Noise(SimulatedForks.modes(0.05, 0.5), "twice as slow: the base in 5 % of forks, the candidate in 50 %"));
  }

  private static Shares judged(String name, double slowdown) {
    return JUDGED.computeIfAbsent(name + slowdown, _ -> judged(NOISES.get(name).noise, slowdown));
  }

  private static Shares judged(ForkNoise noise, double slowdown) {
    return new SimulatedForks(noise, slowdown, SimulatedForks.ROUNDS, 1).judge(COMPARISONS);
  }

  private static void assertBand(double low, double high, double share, Shares shares) {
    assertTrue(low <= share && share <= high, "%s, expected %s to %s".formatted(shares, low, high));
  }

  @ParameterizedTest
  @CsvSource({"measured, 1, 1", "calm, 1, 1", "usual, 0.99, 1", "strays, 0.97, 1", "rare modes, 0.85, 0.97", "noisy, 0.75, 0.9"})
  void theSameBuildPasses(String noise, double low, double high) {
    Shares shares = judged(noise, 0);

    assertEquals(0, shares.count(Verdict.REGRESSED), shares.toString());
    assertEquals(0, shares.count(Verdict.IMPROVED), shares.toString());
    assertBand(low, high, shares.of(Verdict.PASS), shares);
  }

  @ParameterizedTest
  @CsvSource({
    "measured, 0.03, 0.97", "measured, 0.05, 1", "measured, 0.1, 1",
    "calm, 0.03, 0.95", "usual, 0.03, 0.83", "strays, 0.03, 0.88", "rare modes, 0.03, 0.92", "noisy, 0.03, 0.3",
    "calm, 0.05, 1", "usual, 0.05, 0.99", "strays, 0.05, 0.97", "rare modes, 0.05, 0.97", "noisy, 0.05, 0.86",
    "calm, 0.1, 1", "usual, 0.1, 1", "strays, 0.1, 0.99", "rare modes, 0.1, 0.97", "noisy, 0.1, 0.99"
  })
  void aSlowdownIsFound(String noise, double slowdown, double least) {
    Shares shares = judged(noise, slowdown);

    assertBand(least, 1, shares.of(Verdict.REGRESSED), shares);
    assertEquals(0, shares.count(Verdict.IMPROVED), shares.toString());
  }

  @ParameterizedTest
  @CsvSource({"usual, 0.99", "noisy, 0.86"})
  void aSpeedUpIsFoundAsOften(String noise, double least) {
    Shares shares = judged(noise, 1 / 1.05 - 1);

    assertBand(least, 1, shares.of(Verdict.IMPROVED), shares);
  }

  /** The error that a gate must not make: to say pass where there is a slowdown that matters, whatever the noise. */
  @Test
  void aSlowdownOfFivePercentIsHardlyEverCalledAPass() {
    for (String noise : NOISES.keySet()) {
      Shares five = judged(noise, 0.05);
      assertTrue(five.of(Verdict.PASS) <= 0.03, noise + ": " + five);
      Shares ten = judged(noise, 0.1);
      assertTrue(ten.of(Verdict.PASS) <= 0.01, noise + ": " + ten);
    }
  }

  @ParameterizedTest
  @CsvSource({"wild, 0.85", "modes, 0.85", "either slow, 0.98"})
  void whatCannotBeToldIsInconclusive(String noise, double least) {
    Shares shares = judged(noise, 0);

    assertBand(least, 1, shares.of(Verdict.INCONCLUSIVE), shares);
  }

  /**
   * Three looks at signs that chance gives once in two thousand times: at most 0.15 % to either side by any noise. Nothing
   * is worse than a coin that decides which build is slow, so that one is thrown most often.
   */
  @ParameterizedTest
  @CsvSource({"wild, 3000", "modes, 3000", "either slow, 20000"})
  void falseAlarmsStayBelowTheirBoundInTheWorstNoise(String noise, int comparisons) {
    Shares shares = new SimulatedForks(NOISES.get(noise).noise, 0, 1, 5).judge(comparisons);

    assertTrue(shares.of(Verdict.REGRESSED) <= 3 * Judge.ALPHA, shares.toString());
    assertTrue(shares.of(Verdict.IMPROVED) <= 3 * Judge.ALPHA, shares.toString());
  }

  @Test
  void landingInTheSlowModeMoreOftenIsFound() {
    Shares half = judged("more often", 0);
    Shares nearlyAlways = judged(SimulatedForks.modes(0.05, 0.95), 0);
    Shares lessOften = judged(SimulatedForks.modes(0.5, 0.05), 0);

    assertBand(0.83, 0.95, half.of(Verdict.REGRESSED), half);
    assertBand(0.99, 1, nearlyAlways.of(Verdict.REGRESSED), nearlyAlways);
    assertBand(0.83, 0.95, lessOften.of(Verdict.IMPROVED), lessOften);
    assertEquals(0, half.count(Verdict.IMPROVED), half.toString());
  }

  /** 24 benchmarks of a second a fork must fit into four minutes: at most ten forks each. */
  @Test
  void thePriceIsPaidOnlyWhereThereIsDoubt() {
    assertTrue(judged("usual", 0).forks() < 5.1);
    assertTrue(judged("strays", 0).forks() < 6);
    assertTrue(judged("noisy", 0).forks() < 10);
  }

  /** All figures, for the documentation: {@code -Dtest=SimulationTest -Dlanewise.write.docs=true}. */
  @AfterAll
  static void writeFigures() throws IOException {
    if (Boolean.getBoolean("lanewise.write.docs")) {
      Files.writeString(Path.of("../docs/gate-record/simulated.md"), page());
    }
  }

  private static String page() {
    StringBuilder text =
        new StringBuilder(
            """
            # What the rule would do on simulated machines

            Each figure is of %d comparisons, judged by the rule itself; `SimulationTest` writes this page and holds the
            figures within its bands. "Found" is regressed; what is neither found nor called a pass is inconclusive. The
            figures on real kernels, with the gate's own measurements, are in `README.md`.

            | how forks differ from each other | nothing changed: found | inconclusive | forks | 2 %% slower: found | 3 %% | 5 %% | 10 %% | 5 %% slower, called a pass |
            |---|---|---|---|---|---|---|---|---|
            """
                .formatted(COMPARISONS));
    NOISES.forEach(
        (name, noise) -> {
          Shares same = judged(name, 0);
          text.append("| %s | %s ".formatted(noise.what, percent(same.of(Verdict.REGRESSED))));
          text.append("| %s ".formatted(percent(same.of(Verdict.INCONCLUSIVE))));
          text.append(String.format(Locale.ROOT, "| %.1f ", same.forks()));
          for (double slowdown : new double[] {0.02, 0.03, 0.05, 0.1}) {
            text.append("| %s ".formatted(percent(judged(name, slowdown).of(Verdict.REGRESSED))));
          }
          text.append("| %s |\n".formatted(percent(judged(name, 0.05).of(Verdict.PASS))));
        });
    return text.toString();
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
