package org.lanewise.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.compare.Crossover.Outcome;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;

/** Curves whose crossings are known. */
class CrossoverTest {
  private static final int[] BATCHES = {1, 16, 256, 4096, 65536, 1048576};

  /** Nanoseconds of a call over the batch, with a spread of the given share to both sides. */
  private static List<MeasuredRow> curve(String name, double spread, DoubleUnaryOperator nanos, int... batches) {
    List<MeasuredRow> rows = new ArrayList<>();
    for (int batch : batches) {
      Work work = new Work("bce_with_logits", "float32", "binary", batch, 1, "mean", "forward", "normal");
      double median = nanos.applyAsDouble(batch);
      Time time = new Time(median, median * (1 - spread), median * (1 + spread), 10);
      rows.add(MeasuredRow.measured(work, Implementation.kernel(name), time, null));
    }
    return rows;
  }

  private static List<MeasuredRow> cpu(double spread) {
    return curve("vector", spread, n -> 50 + 0.4 * n, BATCHES);
  }

  private static List<MeasuredRow> gpu(double spread, double launch) {
    return curve("gpu", spread, n -> launch + 0.004 * n, BATCHES);
  }

  @Test
  void oneCrossing() {
    // 50 + 0.4 n = 8000 + 0.004 n at n = 20076
    Outcome outcome = Crossover.between(cpu(0.01), gpu(0.01, 8000));
    assertEquals(6, outcome.points());
    assertEquals(1, outcome.crossovers().size());
    Crossover crossover = outcome.crossovers().getFirst();
    assertTrue(crossover.secondWins());
    assertEquals(20076, crossover.batch(), 0.06 * 20076, "between two points a factor of 16 apart");
    assertTrue(crossover.low() < crossover.batch() && crossover.batch() < crossover.high(), crossover.toString());
    assertEquals(0, outcome.throughout());
  }

  /** Power laws are straight in the logarithms, so that interpolation between them is exact. */
  @Test
  void ofPowerLawsTheCrossingIsExact() {
    List<MeasuredRow> steep = curve("steep", 0, n -> n, BATCHES);
    List<MeasuredRow> flat = curve("flat", 0, n -> 100 * Math.sqrt(n), BATCHES);
    assertEquals(10_000, Crossover.between(steep, flat).crossovers().getFirst().batch(), 1e-6);
    Crossover reversed = Crossover.between(flat, steep).crossovers().getFirst();
    assertEquals(10_000, reversed.batch(), 1e-6);
    assertFalse(reversed.secondWins(), "the flat one wins from there on, whichever comes first");
  }

  @Test
  void theSpreadOfTheTimesIsThatOfTheCrossing() {
    List<MeasuredRow> steep = curve("steep", 0.1, n -> n, BATCHES);
    List<MeasuredRow> flat = curve("flat", 0, n -> 100 * Math.sqrt(n), BATCHES);
    Crossover crossover = Crossover.between(steep, flat).crossovers().getFirst();
    assertEquals(10_000 / (1.1 * 1.1), crossover.low(), 1e-6);
    assertEquals(10_000 / (0.9 * 0.9), crossover.high(), 1e-6);
  }

  @Test
  void noCrossing() {
    Outcome slow = Crossover.between(cpu(0.01), gpu(0.01, 1e9));
    assertEquals(List.of(), slow.crossovers());
    assertEquals(-1, slow.throughout());
    Outcome fast = Crossover.between(cpu(0.01), gpu(0.01, 1));
    assertEquals(List.of(), fast.crossovers());
    assertEquals(1, fast.throughout());
  }

  @Test
  void severalCrossings() {
    List<MeasuredRow> flat = curve("flat", 0.01, n -> 100, BATCHES);
    List<MeasuredRow> zigzag = curve("zigzag", 0.01, n -> n == 256 || n == 65536 ? 50 : 200, BATCHES);
    List<Crossover> crossovers = Crossover.between(flat, zigzag).crossovers();
    assertEquals(4, crossovers.size());
    assertEquals(List.of(true, false, true, false), crossovers.stream().map(Crossover::secondWins).toList());
    assertEquals(64, crossovers.getFirst().batch(), 1e-6, "halfway between 16 and 256");
  }

  /** Within their spread the curves cross at nearly every step; nobody is clearly faster anywhere. */
  @Test
  void noiseIsNoCrossing() {
    SplittableRandom random = new SplittableRandom(7);
    for (int repeat = 0; repeat < 200; repeat++) {
      List<MeasuredRow> one = curve("one", 0.1, n -> n * (1 + random.nextDouble(-0.05, 0.05)), BATCHES);
      List<MeasuredRow> other = curve("other", 0.1, n -> n * (1 + random.nextDouble(-0.05, 0.05)), BATCHES);
      Outcome outcome = Crossover.between(one, other);
      assertEquals(List.of(), outcome.crossovers());
      assertEquals(0, outcome.throughout());
    }
  }

  /** A crossing is placed where the medians cross, although each point is noisy. */
  @Test
  void noiseMovesACrossingWithinItsSpread() {
    SplittableRandom random = new SplittableRandom(8);
    for (int repeat = 0; repeat < 200; repeat++) {
      List<MeasuredRow> steep = curve("steep", 0.1, n -> n * (1 + random.nextDouble(-0.05, 0.05)), BATCHES);
      List<MeasuredRow> flat =
          curve("flat", 0.1, n -> 100 * Math.sqrt(n) * (1 + random.nextDouble(-0.05, 0.05)), BATCHES);
      List<Crossover> crossovers = Crossover.between(steep, flat).crossovers();
      assertEquals(1, crossovers.size());
      assertTrue(crossovers.getFirst().low() < 10_000 && 10_000 < crossovers.getFirst().high(), crossovers.toString());
    }
  }

  /** The medians of three steps cross, and only after the third it is clear: one crossing, amid the first and the last. */
  @Test
  void crossingsThatAreNotClearAreOne() {
    List<MeasuredRow> flat = curve("flat", 0.1, n -> 100, BATCHES);
    List<MeasuredRow> wavering = curve("wavering", 0.1, n -> n == 1 ? 200 : n == 16 ? 95 : n == 256 ? 105 : 50, BATCHES);
    List<Crossover> crossovers = Crossover.between(flat, wavering).crossovers();
    assertEquals(1, crossovers.size());
    double first = Math.log(16) * Math.log(2) / (Math.log(2) - Math.log(0.95));
    double last = Math.log(256) + Math.log(16) * Math.log(1.05) / (Math.log(1.05) + Math.log(2));
    assertEquals(Math.exp((first + last) / 2), crossovers.getFirst().batch(), 1e-9);
    assertTrue(crossovers.getFirst().low() < 16 && 256 < crossovers.getFirst().high(), crossovers.toString());
  }

  /** Which of two comes first is a matter of words. */
  @Test
  void whoComesFirstDoesNotMatter() {
    List<MeasuredRow> flat = curve("flat", 0.1, n -> 100, BATCHES);
    List<MeasuredRow> wavering = curve("wavering", 0.2, n -> n == 1 ? 200 : n == 16 ? 95 : n == 256 ? 105 : 50, BATCHES);
    Crossover one = Crossover.between(flat, wavering).crossovers().getFirst();
    Crossover other = Crossover.between(wavering, flat).crossovers().getFirst();
    assertEquals(one.batch(), other.batch(), 1e-9);
    assertEquals(one.low(), other.low(), 1e-9);
    assertEquals(one.high(), other.high(), 1e-9);
    assertTrue(one.secondWins() && !other.secondWins());
  }

  @Test
  void theOrderOfTheRowsDoesNotMatter() {
    assertEquals(Crossover.between(cpu(0.01), gpu(0.01, 8000)), Crossover.between(cpu(0.01).reversed(), gpu(0.01, 8000)));
  }

  /** Equal times are no win, however sure they are; and medians that meet without parting do not cross. */
  @Test
  void equalIsNotFaster() {
    assertEquals(new Outcome(6, 0, List.of(), 0), Crossover.between(cpu(0), cpu(0)));
    List<MeasuredRow> flat = curve("flat", 0.2, n -> 100, BATCHES);
    List<MeasuredRow> meeting = curve("meeting", 0.2, n -> n == 1 ? 400 : n == 16 ? 100 : n == 256 ? 120 : 25, BATCHES);
    double share = Math.log(1.2) / (Math.log(1.2) + Math.log(4));
    assertEquals(256 * Math.pow(16, share), Crossover.between(flat, meeting).crossovers().getFirst().batch(), 1e-9);
  }

  @Test
  void otherWorkHasNoPointInCommon() {
    List<MeasuredRow> others =
        cpu(0.01).stream()
            .map(
                row ->
                    MeasuredRow.measured(
                        new Work("bce_with_logits", "bfloat16", "binary", row.work().batch(), 1, "mean", "forward", "normal"),
                        row.implementation(), row.time(), null))
            .toList();
    assertEquals(new Outcome(0, 0, List.of(), 0), Crossover.between(cpu(0.01), others));
  }

  /** A GPU without memory for a point says so in place of a time. */
  @Test
  void aPointThatCouldNotBeMeasuredIsNone() {
    List<MeasuredRow> some = new ArrayList<>(gpu(0.01, 8000));
    MeasuredRow lost = some.get(4);
    some.set(4, MeasuredRow.failed(lost.work(), lost.implementation(), "out of memory"));
    Outcome outcome = Crossover.between(cpu(0.01), some);
    assertEquals(5, outcome.points());
    assertEquals(1, outcome.crossovers().size());
  }

  /** Curves that touch within their spread and part the way they came. */
  @Test
  void touchingIsNoCrossing() {
    List<MeasuredRow> flat = curve("flat", 0.1, n -> 100, BATCHES);
    List<MeasuredRow> dip = curve("dip", 0.1, n -> n == 256 ? 95 : 200, BATCHES);
    Outcome outcome = Crossover.between(flat, dip);
    assertEquals(List.of(), outcome.crossovers());
    assertEquals(-1, outcome.throughout());
  }

  /** Where it is not clear at an end, nothing is claimed beyond what was measured. */
  @Test
  void anUnclearEndIsNoCrossing() {
    List<MeasuredRow> flat = curve("flat", 0.1, n -> 100, BATCHES);
    List<MeasuredRow> late = curve("late", 0.1, n -> n == 1048576 ? 95 : 200, BATCHES);
    assertEquals(List.of(), Crossover.between(flat, late).crossovers());
    List<MeasuredRow> early = curve("early", 0.1, n -> n == 1 ? 95 : 200, BATCHES);
    assertEquals(-1, Crossover.between(flat, early).throughout());
  }

  @Test
  void onlyBatchesThatBothHaveCount() {
    List<MeasuredRow> few = curve("gpu", 0.01, n -> 8000 + 0.004 * n, 2, 256, 65536);
    Outcome outcome = Crossover.between(cpu(0.01), few);
    assertEquals(2, outcome.points());
    assertEquals(1, outcome.crossovers().size());
    assertEquals(0, Crossover.between(cpu(0.01), List.of()).points());
  }
}
