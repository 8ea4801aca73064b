package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;

/** Where a ring stands. */
class CrossoverSectionTest {
  private static List<MeasuredRow> curve(DoubleUnaryOperator nanos, int... batches) {
    return Arrays.stream(batches)
        .mapToObj(
            batch -> {
              double time = nanos.applyAsDouble(batch);
              return MeasuredRow.measured(
                  new Work("bce_with_logits", "float32", "binary", batch, 1, "mean", "forward", "normal"),
                  Implementation.kernel("vector"),
                  new Time(time, time, time, 5),
                  null);
            })
        .toList();
  }

  /** 10^7 sqrt(n) logits a second, and from 4096 on a level line. */
  @Test
  void onTheLineBetweenTheNeighbouringPoints() {
    DoubleUnaryOperator bent = n -> n > 4096 ? n / 0.64 : 100 * Math.sqrt(n);
    List<MeasuredRow> rows = curve(bent, 16, 256, 4096, 65536);
    assertEquals(1e7 * Math.sqrt(1000), CrossoverSection.at(1000, rows, rows), 1e-3);
    assertEquals(6.4e8, CrossoverSection.at(4096, rows, rows), 1e-3);
    assertEquals(6.4e8, CrossoverSection.at(9999, rows, rows), 1e-3);
  }

  /** Between the points of both: what one has alone was no part of the interpolation. */
  @Test
  void aPointThatTheOtherLacksDoesNotCount() {
    List<MeasuredRow> rows = curve(n -> n == 256 ? 1 : 100 * Math.sqrt(n), 16, 256, 4096);
    assertEquals(1e7 * Math.sqrt(256), CrossoverSection.at(256, rows, curve(n -> n, 16, 4096)), 1e-3);
  }
}
