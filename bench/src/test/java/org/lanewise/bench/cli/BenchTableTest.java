package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Map;
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

        vector: It failed.
        """,
        table);
  }

  @Test
  void callsOfUpToASecondFitInto80Columns() {
    Work work = work(8192, 128256, "forward_backward");
    String table = BenchTable.of(List.of(row(work, "scalar", 912_345_678.0), row(work, "vector", 100_000_000.0)));

    assertTrue(table.lines().allMatch(line -> line.length() <= 80), table);
  }

  @Test
  void withoutTheScalarKernelThereIsNoColumnOfRatiosToIt() {
    String table = BenchTable.of(List.of(row(work(16, 10, "forward"), "vector", 100)));

    assertEquals(
        """
        shape  kernel  ns/call   low   high  logits/s

        cross_entropy forward, float32, mean, normal data
        16x10  vector    100.0  98.0  130.0    1.60 G
        """,
        table);
  }

  @Test
  void aReasonStandsOnceForAllThatItKeptFromBeingMeasured() {
    Work work = work(16, 10, "forward");
    MeasuredRow eager = MeasuredRow.failed(work, Implementation.kernel("pytorch-eager"), "PyTorch is missing.");
    MeasuredRow compiled = MeasuredRow.failed(work, Implementation.kernel("pytorch-compile"), "PyTorch is missing.");

    String table = BenchTable.of(List.of(row(work, "vector", 100), eager, compiled, eager));

    assertTrue(table.endsWith("\n\npytorch-eager, pytorch-compile: PyTorch is missing.\n"), table);
  }

  @Test
  void peersStandBesideTheKernelPointByPointAndInTheMean() {
    Work tiny = work(16, 10, "forward");
    Work first = work(256, 10, "forward");
    Work second = work(512, 10, "forward");
    MeasuredRow compiled =
        new MeasuredRow(
            second,
            Implementation.kernel("jax-jit"),
            new Time(800, 790, 810, 10),
            null,
            null,
            Map.of("compile_s", new JsonPrimitive(1.25)));
    List<MeasuredRow> rows =
        List.of(
            row(tiny, "vector", 100), row(tiny, "jax-jit", 50),
            row(first, "vector", 100), row(first, "jax-jit", 200), row(first, "pytorch-eager", 150),
            row(second, "vector", 100), compiled,
            MeasuredRow.failed(second, Implementation.kernel("pytorch-eager"), "It failed."));

    assertEquals(
        """
        time / vector   pytorch-eager  jax-jit  best peer   5 % - 95 %

        cross_entropy forward, float32, mean, normal data
        16x10                       -     0.50       0.50  0.37 - 0.82
        256x10                   1.50     2.00       1.50  1.14 - 1.84
        512x10                      -     8.00       8.00  6.08 - 8.27

        From 1,024 logits, 2 points
        geometric mean           1.50     4.00       3.46  2.63 - 3.90
        worst                    1.50     2.00       1.50
        The worst point is cross_entropy forward 256x10 normal.
        jax-jit compiled for 1.25 to 1.25 s a point, which is not in its times.
        """,
        PeerTable.of(rows, List.of("pytorch-eager", "jax-jit")));
    assertEquals("", PeerTable.of(rows, List.of("pytorch-compile")));
  }
}
