package org.lanewise.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.UserError;
import org.lanewise.bench.compare.Comparison.Curve;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.ResultFile;

/** What is compared with what, and what is not. */
class ComparisonTest {
  private static final Implementation VECTOR = Implementation.kernel("vector");
  private static final Implementation PEER = Implementation.kernel("jax-jit");
  private static final Implementation GPU = new Implementation("pytorch-eager", "Some GPU", 1, "launch");

  private static Work work(int batch, int classes, String direction) {
    return new Work("bce_with_logits", "float32", "binary", batch, classes, "mean", direction, "normal");
  }

  private static MeasuredRow row(Implementation who, Work work, double nanos) {
    return MeasuredRow.measured(work, who, new Time(nanos, nanos, nanos, 5), null);
  }

  private static List<MeasuredRow> rows(Implementation who, double nanos, int... batches) {
    return Arrays.stream(batches).mapToObj(batch -> row(who, work(batch, 1, "forward"), nanos * batch)).toList();
  }

  private static ResultFile file(String cpu, List<MeasuredRow> rows) {
    JsonObject environment = new JsonObject();
    environment.addProperty("cpu", cpu);
    return new ResultFile("bench", environment, rows.stream().map(MeasuredRow::toJson).toList());
  }

  private static Comparison compare(ResultFile... files) {
    return Comparison.of(List.of(files), "vector", List.of());
  }

  @Test
  void theOrderOfTheRowsDoesNotMatter() {
    List<MeasuredRow> kernel = rows(VECTOR, 1, 4096, 16, 256);
    List<MeasuredRow> gpu = rows(GPU, 2, 256, 4096, 16);
    Curve curve = compare(file("A", kernel), file("B", gpu)).curves().getFirst();
    assertEquals(List.of(16, 256, 4096), curve.batches());
    for (Implementation who : List.of(VECTOR, GPU)) {
      assertEquals(List.of(16, 256, 4096), curve.rows(who).stream().map(row -> row.work().batch()).toList());
    }
  }

  @Test
  void workThatDiffersInMoreThanTheBatchIsAnotherCurve() {
    List<MeasuredRow> rows = new ArrayList<>();
    for (Implementation who : List.of(VECTOR, GPU)) {
      rows.addAll(rows(who, 1, 16, 256));
      rows.add(row(who, work(16, 7, "forward"), 1));
      rows.add(row(who, work(16, 1, "forward_backward"), 1));
    }
    List<Curve> curves = compare(file("A", rows)).curves();
    assertEquals(List.of(2, 1, 1), curves.stream().map(curve -> curve.rows(VECTOR).size()).toList());
    assertEquals(List.of(2, 1, 1), curves.stream().map(curve -> curve.rows(GPU).size()).toList());
  }

  /** With what the other side lacks, and what could not be measured. */
  @Test
  void pointsWithoutAPartnerAreNamedOnBothSides() {
    List<MeasuredRow> gpu = new ArrayList<>(rows(GPU, 1, 16, 65536));
    gpu.add(MeasuredRow.failed(work(256, 1, "forward"), GPU, "out of memory"));
    Comparison comparison = compare(file("A", rows(VECTOR, 1, 16, 256)), file("A", gpu));
    assertEquals(List.of(16), comparison.curves().getFirst().batches());
    assertEquals(
        Map.of(VECTOR, List.of(work(256, 1, "forward")), GPU, List.of(work(65536, 1, "forward"))), comparison.unmatched());
  }

  @Test
  void ofAMeasurementMadeTwiceTheLastCountsWithItsEnvironment() {
    Comparison comparison =
        compare(file("A", rows(VECTOR, 1, 16)), file("B", rows(GPU, 1, 16)), file("C", rows(GPU, 2, 16)));
    assertEquals(List.of(), comparison.curves().getFirst().rows(VECTOR).stream().filter(row -> row.time() == null).toList());
    assertEquals(32, comparison.curves().getFirst().rows(GPU).getFirst().time().median());
    assertEquals("C", comparison.environment(GPU).get("cpu").getAsString());
  }

  /** Peers on the CPU stand back where there is a GPU, unless they are asked for; a kernel on a GPU is no base. */
  @Test
  void whatIsComparedWhereNobodyChooses() {
    List<MeasuredRow> rows = new ArrayList<>(rows(VECTOR, 1, 16));
    rows.addAll(rows(PEER, 1, 16));
    rows.addAll(rows(GPU, 1, 16));
    ResultFile all = file("A", rows);
    assertEquals(List.of(GPU), List.copyOf(compare(all).curves().getFirst().others().keySet()));
    Comparison chosen = Comparison.of(List.of(all), "vector", List.of("jax-jit"));
    assertEquals(List.of(PEER), List.copyOf(chosen.curves().getFirst().others().keySet()));
    UserError e = assertThrows(UserError.class, () -> Comparison.of(List.of(all), "pytorch-eager", List.of()));
    assertTrue(e.getMessage().startsWith("No file holds measurements of the kernel 'pytorch-eager' on the CPU"), e.getMessage());
  }

  @Test
  void filesOfOneCpuAreOfOneCpu() {
    Comparison comparison =
        compare(file("A", rows(VECTOR, 1, 16)), file("A", rows(VECTOR, 1, 256)), file("B", rows(GPU, 1, 16, 256)));
    assertEquals(List.of(16, 256), comparison.curves().getFirst().batches());
    assertEquals(Map.of(), comparison.unmatched());
  }

  /** Two GPUs, and one from two programs, are columns of their own. */
  @Test
  void eachGpuIsAGroup() {
    List<MeasuredRow> rows = new ArrayList<>(rows(VECTOR, 1, 16));
    for (Implementation who :
        List.of(
            GPU,
            new Implementation("pytorch-eager", "Other GPU", 1, "launch"),
            new Implementation("opencl", "Some GPU", 1, "launch"),
            new Implementation("opencl", "Some GPU", 1, "pinned"))) {
      rows.addAll(rows(who, 1, 16));
    }
    assertEquals(
        List.of("pytorch-eager on Some GPU", "pytorch-eager on Other GPU", "opencl on Some GPU"),
        List.copyOf(compare(file("A", rows)).curves().getFirst().groups().keySet()));
  }

  /** 2 ns a call of 20 logits are 0.1 s for 10^9 of them. */
  @Test
  void whatIsPaidForIsALogit() {
    MeasuredRow row = row(VECTOR, work(2, 10, "forward"), 2);
    assertEquals(0.36 * 0.1 / 3600, new Prices(List.of("cpu=0.36")).ofBillion(row), 1e-15);
  }
}
