package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;

class BenchTableTest {
  private static Work work(int batch, int classes, String direction) {
    return new Work("cross_entropy", "float32", "indices", batch, classes, "mean", direction, "normal");
  }

  private static MeasuredRow row(Work work, String kernel, double median) {
    return MeasuredRow.measured(
        work, Implementation.kernel(kernel), new Time(median, median - 2, median + 30, 10), null);
  }

  @Test
  void kernelsOfAPointStandTogetherWithTheirRatio() {
    String table =
        BenchTable.of(
            List.of(
                row(work(16, 10, "forward"), "scalar", 800),
                row(work(16, 10, "forward"), "vector", 100),
                row(work(256, 10, "forward"), "scalar", 12800),
                row(work(256, 10, "forward_backward"), "vector", 2560),
                MeasuredRow.failed(work(256, 10, "forward"), Implementation.kernel("vector"), "It failed.")));

    assertEquals(
        """
        shape   kernel  ns/call     low    high  logits/s  vs scalar

        cross_entropy forward, float32, mean, normal data
        16x10   scalar    800.0   798.0   830.0     200 M
                vector    100.0    98.0   130.0    1.60 G       8.00
        256x10  scalar   12,800  12,798  12,830     200 M
                vector    error

        cross_entropy forward_backward, float32, mean, normal data
        256x10  vector    2,560   2,558   2,590    1.00 G
        """,
        table);
  }

  @Test
  void callsOfUpToASecondFitInto80Columns() {
    Work work = work(8192, 128256, "forward_backward");
    String table = BenchTable.of(List.of(row(work, "scalar", 912_345_678.0), row(work, "vector", 100_000_000.0)));

    assertTrue(table.lines().allMatch(line -> line.length() <= 80), table);
  }
}
