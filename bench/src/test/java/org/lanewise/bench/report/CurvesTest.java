package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.report.SpeedUps.SpeedUp;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;

class CurvesTest {
  private final Curves curves = new Curves();

  private static Work work(int batch, String direction) {
    return new Work("bce_with_logits", "float32", "binary", batch, 1, "mean", direction, "normal");
  }

  private void add(Work work, Implementation who, double median, boolean peer) {
    curves.add(MeasuredRow.measured(work, who, new Time(median, median, median, 1), null), new JsonObject(), peer);
  }

  private void add(int batch, String who, double median) {
    add(work(batch, "forward"), Implementation.kernel(who), median, who.startsWith("py"));
  }

  @Test
  void aReadIsARoofAndNeverACompetitor() {
    add(16, "scalar", 10);
    add(16, "read", 1);
    add(4, "read", 1);

    assertEquals(List.of("scalar"), curves.who().stream().map(curves::label).toList());
    assertEquals(1, curves.rows().size());
    assertEquals(List.of(4, 16), curves.reads(work(1, "forward")).stream().map(row -> row.work().batch()).toList());
    assertEquals(List.of(), curves.reads(work(1, "forward_backward")));
    assertEquals(List.of(), new SpeedUps(curves).againstBaseline());
  }

  @Test
  void theProjectsOwnComeFirstInWhateverOrderTheyWereMeasured() {
    for (String name : List.of("pytorch-eager", "vector", "mine", "scalar")) {
      add(1, name, 1);
    }

    assertEquals(
        List.of("scalar", "vector", "pytorch-eager", "mine"),
        curves.who().stream().map(curves::label).toList());
  }

  @Test
  void theStatedPointIsTheOneThatMostMeasuredAndThenTheOneNearestToItsSize() {
    for (int batch : new int[] {1024, 262144, 1 << 22}) {
      add(batch, "scalar", batch);
    }
    add(1024, "vector", 1);
    add(1 << 22, "vector", 1);
    add(work(8, "forward_backward"), Implementation.kernel("scalar"), 1, false);

    assertEquals(
        List.of(1 << 22, 8), curves.statedPoints().keySet().stream().map(Work::batch).toList(), "2^22 before 2^10");
    assertEquals(2, curves.statedPoints().values().iterator().next().size());
  }

  @Test
  void forwardStandsBesideForwardAndBackward() {
    add(work(8, "forward_backward"), Implementation.kernel("scalar"), 1, false);
    add(16, "scalar", 1);
    add(2, "scalar", 1);

    assertEquals(
        List.of("forward", "forward_backward"), curves.plots().keySet().stream().map(Work::direction).toList());
    assertEquals(
        List.of(2, 16), curves.plots().values().iterator().next().stream().map(row -> row.work().batch()).toList());
  }

  @Test
  void theBestPeerIsTheFastestOfEachPoint() {
    add(2048, "vector", 100);
    add(2048, "pytorch-eager", 300);
    add(2048, "pytorch-compile", 200);
    add(4096, "vector", 100);
    add(4096, "pytorch-eager", 50);
    add(4096, "pytorch-compile", 900);
    add(16, "vector", 1);
    add(16, "pytorch-eager", 1e6);

    List<SpeedUp> speedUps = new SpeedUps(curves).againstBestPeer();
    assertEquals(1, speedUps.size(), "peers are not compared with themselves");
    SpeedUp vector = speedUps.getFirst();
    assertEquals(2, vector.points(), "too few logits to count at batch 16");
    assertEquals(1, vector.mean(), 1e-12, "of 2 and 1/2");
    assertEquals(0.5, vector.least(), 1e-12);
    assertEquals(4096, vector.worst().batch());
    assertEquals(
        List.of("2048 pytorch-compile 2.0", "4096 pytorch-eager 0.5", "16 pytorch-eager 1000000.0"),
        new SpeedUps(curves)
            .leads(Implementation.kernel("vector")).stream()
                .map(
                    lead ->
                        "%d %s %s"
                            .formatted(
                                lead.row().work().batch(),
                                lead.peer().implementation().name(),
                                lead.ratio().value()))
                .toList());
  }

  @Test
  void aPeerOnMoreThreadsOrAnotherDeviceIsNoRival() {
    Work work = work(2048, "forward");
    add(work, Implementation.kernel("vector"), 100, false);
    add(work, Implementation.kernel("pytorch-eager", 8), 1, true);
    add(work, new Implementation("pytorch-eager", "A GPU", 1, "resident"), 1, true);

    assertTrue(new SpeedUps(curves).againstBestPeer().isEmpty());
  }

  private void addOn(String cpu, Implementation who, double median) {
    JsonObject environment = new JsonObject();
    environment.addProperty("cpu", cpu);
    Time time = new Time(median, median, median, 1);
    curves.add(
        MeasuredRow.measured(work(2048, "forward"), who, time, null), environment, who.name().startsWith("py"));
  }

  @Test
  void timesOfTwoMachinesAreNoTwoMeasurementsOfOneThingAndHaveNoRatio() {
    Implementation vector = Implementation.kernel("vector");
    addOn("AMD EPYC 9R14 96-Core Processor", Implementation.kernel("scalar"), 400);
    addOn("AMD EPYC 9R14 96-Core Processor", vector, 100);
    addOn("Intel(R) Xeon(R) CPU @ 2.20GHz", vector, 10);
    addOn("Intel(R) Xeon(R) CPU @ 2.20GHz", Implementation.kernel("pytorch-eager"), 30);
    addOn("Intel(R) Xeon(R) CPU @ 2.20GHz", vector, 20);

    assertEquals(4, curves.rows().size());
    assertEquals(1, curves.replaced(), "the one of the same machine");
    assertEquals(2, curves.cpus().size());
    assertEquals(
        List.of(
            "scalar (AMD EPYC 9R14)", "vector (AMD EPYC 9R14)", "vector (Intel Xeon @ 2.20GHz)",
            "pytorch-eager (Intel Xeon @ 2.20GHz)"),
        curves.who().stream().map(curves::label).toList());
    List<SpeedUp> scalar = new SpeedUps(curves).againstBaseline();
    assertEquals(List.of(4.0), scalar.stream().map(SpeedUp::mean).toList(), "of the machine that measured scalar");
    List<SpeedUp> peers = new SpeedUps(curves).againstBestPeer();
    assertEquals(List.of(1.5), peers.stream().map(SpeedUp::mean).toList(), "of the machine that measured a peer");
    assertEquals(1, new SpeedUps(curves).leads(vector).size());
  }

  @Test
  void theHostOfAGpuIsNoSecondMachineOfTheKernels() {
    addOn("A CPU", Implementation.kernel("vector"), 10);
    addOn("The host", new Implementation("pytorch-eager", "A GPU", 1, "pinned"), 10);

    assertEquals(
        List.of("vector", "pytorch-eager, A GPU, pinned"), curves.who().stream().map(curves::label).toList());
  }

  @Test
  void aMeanIsOfCallsThatAreMoreThanDispatch() {
    add(1, "scalar", 1000);
    add(1, "vector", 1);
    assertEquals(List.of(), new SpeedUps(curves).againstBaseline());
    add(1024, "scalar", 8);
    add(1024, "vector", 2);
    assertEquals(List.of(4.0), new SpeedUps(curves).againstBaseline().stream().map(SpeedUp::mean).toList());
  }
}
