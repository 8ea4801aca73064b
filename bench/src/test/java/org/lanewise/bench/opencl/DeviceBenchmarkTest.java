package org.lanewise.bench.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.run.AlsoMeasured;
import org.lanewise.bench.run.BenchmarkProgress;
import org.lanewise.bench.run.BenchmarkRunner;
import org.lanewise.bench.run.Effort;
import org.lanewise.kernels.spi.BceWithLogitsCall;

/** The device's times: a row a transfer, each of a result that was right. */
class DeviceBenchmarkTest {
  private static final Effort SHORT = new Effort(1, 1, Duration.ofMillis(1), 1, Duration.ofMillis(5));

  @BeforeAll
  static void requireDevice() {
    OpenClDevice.require();
  }

  @ParameterizedTest
  @CsvSource({
    "bce_with_logits,binary,1000,3,mean,forward,normal",
    "bce_with_logits,binary,64,4,none,forward_backward,trained",
    "cross_entropy,indices,300,10,mean,forward_backward,trained",
    "cross_entropy,indices,20,1000,none,forward_backward,extreme",
    "cross_entropy,indices,1,100,sum,forward,normal"
  })
  void everyTransferIsMeasured(
      String operation, String target, int batch, int classes, String reduction, String direction, String data) {
    Work work = new Work(operation, "float32", target, batch, classes, reduction, direction, data);
    OpenClKernelProvider kernel = new OpenClKernelProvider();
    List<MeasuredRow> rows = kernel.measure(work, SHORT);
    assertEquals(
        List.of("resident", "resident-cold", "launch", "pinned", "pageable"),
        rows.stream().map(row -> row.implementation().transfer()).toList());
    for (MeasuredRow row : rows) {
      assertNull(row.error());
      assertNotNull(row.time());
      assertEquals(work, row.work());
      assertEquals("opencl", row.implementation().name());
      assertEquals(Device.here().device().name(), row.implementation().device());
      assertEquals(row.toJson(), MeasuredRow.of(row.toJson()).toJson());
    }
  }

  /** What is timed as 'pinned' brings the inputs and fetches the results, whatever was on the device before. */
  @Test
  void aPinnedRoundTripBringsInputsAndResults() {
    DeviceBceWithLogits loss = new DeviceBceWithLogits(new Session(Device.here().device(), source -> source));
    BceWithLogitsCall<float[]> call = call(2);
    loss.compute(call);
    float[] expected = call.loss.array.clone();
    synchronized (loss) {
      loss.upload(call);
      loss.pin();
      loss.upload(call(-3));
      loss.launch();
      assertFalse(loss.isDownloaded());
      loss.roundTripPinned();
      assertTrue(loss.isDownloaded());
      loss.download(call);
      loss.release();
    }
    assertArrayEquals(expected, call.loss.array);
  }

  private static BceWithLogitsCall<float[]> call(float logit) {
    BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
    call.rows = 1;
    call.columns = 1000;
    call.logits.set(new float[] {logit}, 0, 0, 0);
    call.target.set(new float[1000], 0, 0, 1);
    call.loss.set(new float[1000], 0, 0, 1);
    return call;
  }

  @Test
  void aWrongResultIsNotTimed() {
    OpenClKernelProvider spoilt =
        new OpenClKernelProvider(source -> source.replace("loss_sum += rounded;", "loss_sum += 2 * rounded;"));
    Work work = new Work("cross_entropy", "float32", "indices", 10, 10, "mean", "forward", "normal");
    for (MeasuredRow row : spoilt.measure(work, SHORT)) {
      assertNull(row.time());
      assertTrue(row.error().startsWith("The loss sum is "), row.error());
    }
  }

  @Test
  void theRunnerAsksTheKernelToMeasureItself(@TempDir Path folder) {
    Work work = new Work("cross_entropy", "float32", "indices", 10, 10, "mean", "forward", "normal");
    List<MeasuredRow> rows =
        new BenchmarkRunner(SHORT, 1, folder.resolve("jmh.log"))
            .run(List.of(work), List.of(new OpenClKernelProvider()), AlsoMeasured.nothing(), BenchmarkProgress.none());
    assertEquals(5, rows.size());
    rows.forEach(row -> assertNull(row.jmh()));
  }

  @Test
  void tooLittleMemoryIsToldApart() {
    DeviceBuffer buffer = new DeviceBuffer(new Session(Device.here().device(), source -> source));
    OpenClException e = assertThrows(OpenClException.class, () -> buffer.reserve(1L << 50));
    assertTrue(e.isOutOfMemory(), e.getMessage());
    buffer.release(); // there is nothing to release
  }

  @Test
  void whatHasNoBenchmarkSaysSo() {
    Work work = new Work("cross_entropy", "float32", "probabilities", 10, 10, "mean", "forward", "normal");
    List<MeasuredRow> rows = new OpenClKernelProvider().measure(work, SHORT);
    assertEquals(5, rows.size());
    rows.forEach(row -> assertTrue(row.error().startsWith("There is no benchmark of"), row.error()));
  }

  @Test
  void theEnvironmentTellsTheDeviceAndItsBandwidths() {
    JsonObject environment = new JsonObject();
    new OpenClKernelProvider().describe(environment);
    assertEquals(Device.here().device().name(), environment.getAsJsonObject("device").get("name").getAsString());
    JsonObject bandwidth = environment.getAsJsonObject("bandwidth");
    for (String key : List.of("device_copy", "host_to_device_pinned", "host_to_device_pageable")) {
      assertTrue(bandwidth.getAsJsonObject(key).get("gb_per_s").getAsDouble() > 0, key);
    }
  }
}
