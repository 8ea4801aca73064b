package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
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

  private static final JsonObject NOWHERE = new JsonObject();

  /** 32 GB/s and 4 GHz. */
  private static JsonObject machine() {
    JsonObject machine = new JsonObject();
    machine.addProperty("read_bandwidth_bytes_per_s", 32_000_000_000L);
    machine.addProperty("dependent_add_hz", 4_000_000_000L);
    return machine;
  }

  @Test
  void kernelsOfAPointStandTogetherInTheUnitsPeopleThinkIn() {
    String table =
        BenchTable.of(
            List.of(
                row(work(1, 10, "forward"), "vector", 50),
                row(work(16, 10, "forward"), "scalar", 800),
                row(work(16, 10, "forward"), "vector", 100),
                row(work(16, 10, "forward"), "read", 10),
                row(work(256, 10, "forward"), "scalar", 12800),
                row(work(256, 10, "forward_backward"), "vector", 2560),
                MeasuredRow.failed(work(256, 10, "forward"), Implementation.kernel("vector"), "It failed.")),
            machine());

    assertEquals(
        """
        shape   kernel  ns/call   ±%  logits/s  rows/s  GB/s  % read  cyc est.  x scalar

        cross_entropy forward, float32, mean, normal data
        1x10    vector     50.0   32     200 M  20.0 M  0.96    3.00      20.0
        16x10   scalar    800.0    2     200 M  20.0 M  0.96    3.00      20.0
                vector    100.0   16    1.60 G   160 M  7.68    24.0      2.50      8.00
                read       10.0  160    16.0 G  1.60 G  76.8     240      0.25
        256x10  scalar   12,800    0     200 M  20.0 M  0.96    3.00      20.0
                vector    error

        cross_entropy forward_backward, float32, mean, normal data
        256x10  vector    2,560    1    1.00 G   100 M  8.80    27.5      4.00

        ns/call   median; at batch 1 the latency of a single row
        ±%        half of what lies between the 5th and 95th percentile of the samples
        GB/s      the bytes that a call must read and write at least, over its time
        % read    of the 32.0 GB/s that a thread reads from memory; over 100 in a cache
        cyc est.  cycles a logit, estimated from a clock of 4.00 GHz
        x scalar  times as fast as the kernel scalar

        vector: It failed.
        """,
        table);
  }

  @Test
  void callsOfUpToASecondAndTheLongestNamesFitInto80Columns() {
    Work work = work(8192, 128256, "forward_backward");
    String table =
        BenchTable.of(
            List.of(
                row(work, "scalar", 912_345_678.0), row(work, "vector", 100_000_000.0),
                row(work, "pytorch-compile", 912_345_678.0)),
            machine());

    assertTrue(table.lines().allMatch(line -> line.length() <= 80), table);
    assertTrue(table.startsWith("shape        kernel               ns/call  ±%  logits/s  GB/s  x scalar"), table);
    assertTrue(table.endsWith("\nLeft out for lack of room: rows/s, % read, cyc est.\n"), table);
  }

  @Test
  void whatIsNotKnownHasNoColumn() {
    String table = BenchTable.of(List.of(row(work(16, 10, "forward"), "vector", 100)), NOWHERE);

    assertEquals(
        """
        shape  kernel  ns/call  ±%  logits/s  rows/s  GB/s

        cross_entropy forward, float32, mean, normal data
        16x10  vector    100.0  16    1.60 G   160 M  7.68

        ns/call   median; at batch 1 the latency of a single row
        ±%        half of what lies between the 5th and 95th percentile of the samples
        GB/s      the bytes that a call must read and write at least, over its time
        """,
        table);
  }

  @Test
  void aReasonStandsOnceForAllThatItKeptFromBeingMeasured() {
    Work work = work(16, 10, "forward");
    MeasuredRow eager = MeasuredRow.failed(work, Implementation.kernel("pytorch-eager"), "PyTorch is missing.");
    MeasuredRow compiled = MeasuredRow.failed(work, Implementation.kernel("pytorch-compile"), "PyTorch is missing.");

    String table = BenchTable.of(List.of(row(work, "vector", 100), eager, compiled, eager), NOWHERE);

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
        points                      1        2          2
        geometric mean           1.50     4.00       3.46  2.63 - 3.90
        worst                    1.50     2.00       1.50  1.14 - 1.84
        The worst point against the best peer is cross_entropy forward 256x10 normal.
        At 1 of these points not every peer was measured; means over different points do
        not compare peers, and the best peer is that of the rest.
        Best peer: the fastest of each point. 5 % - 95 %: the room that the samples
        leave for its ratio.
        jax-jit compiled for 1.25 to 1.25 s a point, which is not in its times.
        """,
        PeerTable.of(rows, List.of("pytorch-eager", "jax-jit")));
    assertEquals("", PeerTable.of(rows, List.of("pytorch-compile")));
  }
}
