package org.lanewise.bench.gate.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.gate.rule.Judgement.SlowModes;

class JitModesTest {
  private static SlowModes modes(double... ratios) {
    return JitModes.of(Arrays.stream(ratios).map(StrictMath::log).toArray());
  }

  @Test
  void ratiosWithAGapOfMoreThan15PercentAreModes() {
    assertEquals(new SlowModes(0, 1, 5, 0.5), modes(1, 1.01, 0.99, 1, 1.17));
    assertEquals(new SlowModes(1, 0, 5, 0.5), modes(1, 1.01, 0.99, 1, 1 / 1.17));
    assertNull(modes(1, 1.01, 0.99, 1, 1.14));
  }

  @Test
  void forksThatSpreadWithoutAGapAreNoise() {
    assertNull(modes(0.8, 0.9, 1, 1.1, 1.2, 1.3));
  }

  @Test
  void aCandidateThatIsSlowerInEveryForkHasNoModes() {
    assertNull(modes(2, 2.01, 1.99, 2, 2));
  }

  @Test
  void eitherBuildsSlowForksAreCounted() {
    SlowModes modes = modes(1, 2, 0.5, 2, 1, 2, 2, 2);

    assertEquals(1, modes.base());
    assertEquals(5, modes.candidate());
    assertEquals(7 / 64.0, modes.p(), 1e-12);
  }
}
