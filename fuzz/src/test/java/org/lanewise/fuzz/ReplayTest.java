package org.lanewise.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every build checks of each target: the stored inputs, and some drawn ones, the same each time. */
class ReplayTest {
  private static final long SEED = Long.parseLong(or(System.getProperty("lanewise.fuzz.seed", ""), "1"));
  private static final int DRAWN = 2000;

  private static String or(String value, String otherwise) {
    return value.isEmpty() ? otherwise : value;
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void onlyDocumentedExceptions(Targets which) throws Exception {
    long start = System.nanoTime();
    Target target = new Limits(which.create());
    Findings findings = new Findings(which);
    List<byte[]> stored = Corpus.of(which);
    List<byte[]> seeds = new ArrayList<>(target.seeds());
    for (byte[] input : stored) {
      feed(target, input, findings);
    }
    for (byte[] input : seeds) {
      feed(target, input, findings);
    }
    Mutations mutations = new Mutations(seeds, target.words(), new SplittableRandom(SEED));
    for (int i = 0; i < DRAWN; i++) {
      feed(target, mutations.next(), findings);
    }
    System.out.printf(
        "%s: %d stored, %d valid and %d drawn inputs of seed %d in %.1f s%n",
        which.id(), stored.size(), seeds.size(), DRAWN, SEED, (System.nanoTime() - start) / 1e9);
    assertTrue(findings.isEmpty(), findings::toString);
  }

  private static void feed(Target target, byte[] input, Findings findings) {
    try {
      target.feed(input);
    } catch (Throwable e) {
      findings.add(e, input);
    }
  }
}
