package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.report.Hardware.Cache;

class HardwareTest {
  private static Hardware of(String environment) {
    return Hardware.of((JsonObject) JsonParser.parseString(environment));
  }

  @Test
  void cachesAndBandwidthAreRead() {
    Hardware hardware =
        of("{\"cpu_caches\": [\"L1d 48K\", \"L2 1M\", \"L3 32768K\"], \"read_bandwidth_bytes_per_s\": 1.5e10}");

    assertEquals(
        List.of(new Cache("L1", 48 << 10), new Cache("L2", 1 << 20), new Cache("L3", 32 << 20)), hardware.caches());
    assertEquals(1.5e10, hardware.readBandwidth());
  }

  @Test
  void whatIsNotToldIsUnknown() {
    for (String environment :
        List.of("{}", "{\"cpu_caches\": [\"huge\", 3], \"read_bandwidth_bytes_per_s\": \"fast\"}",
            "{\"cpu_caches\": null, \"read_bandwidth_bytes_per_s\": null}")) {
      assertEquals(List.of(), of(environment).caches(), environment);
      assertTrue(Double.isNaN(of(environment).readBandwidth()), environment);
    }
  }
}
