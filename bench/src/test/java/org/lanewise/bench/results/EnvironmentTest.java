package org.lanewise.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvironmentTest {
  @TempDir private Path folder;

  @Test
  void everyFactHasItsKey() {
    JsonObject environment = Environment.current();
    for (String key :
        List.of(
            "program", "lanewise", "git_commit", "utc", "os", "cpu", "cpu_count", "cpu_caches", "cpu_flags", "jdk",
            "jvm_flags", "vector_lanes", "vector_bits", "max_heap_bytes")) {
      assertTrue(environment.has(key), key);
    }
    assertTrue(environment.get("jdk").getAsString().contains(Runtime.version().toString()));
  }

  @Test
  void theCpuIsReadAsLinuxTellsIt() {
    List<String> cpuinfo =
        List.of("processor\t: 0", "model name\t: A CPU: 3 GHz", "flags\t\t: fpu fma avx2 avx512f nx", "model name\t: x");

    assertEquals("A CPU: 3 GHz", Environment.cpuModel(cpuinfo));
    assertEquals(List.of("avx2", "avx512f", "fma"), Environment.isaFlags(cpuinfo));
    assertEquals(List.of("asimd", "sve"), Environment.isaFlags(List.of("Features\t: fp asimd sve")));
    assertEquals(List.of(), Environment.isaFlags(List.of()));
  }

  @Test
  void cachesAreListedWithoutThatOfInstructions() throws IOException {
    cache("index0", "1", "Data", "48K");
    cache("index1", "1", "Instruction", "32K");
    cache("index2", "2", "Unified", "1024K");

    assertEquals(List.of("L1d 48K", "L2 1024K"), Environment.caches(folder));
    assertEquals(List.of(), Environment.caches(folder.resolve("missing")));
  }

  @Test
  void theLargestCacheIsTheLast() {
    assertEquals(32L << 20, Environment.lastLevelCache(caches("L1d 48K", "L2 1024K", "L3 32M")));
    assertEquals(1L << 20, Environment.lastLevelCache(caches("L1d 48K", "L2 1024K")));
    assertEquals(2L << 30, Environment.lastLevelCache(caches("L4 2G")));
    assertNull(Environment.lastLevelCache(caches()));
    assertNull(Environment.lastLevelCache(caches("L3 unknown")));
  }

  private static JsonObject caches(String... caches) {
    JsonArray array = new JsonArray();
    List.of(caches).forEach(array::add);
    JsonObject environment = new JsonObject();
    environment.add("cpu_caches", array);
    return environment;
  }

  @Test
  void whatTheMachineCanDoIsMeasuredWhereSpeedsAre() {
    JsonObject measured = Environment.measured();

    assertTrue(measured.keySet().containsAll(Environment.current().keySet()));
    for (String key : List.of("read_bandwidth_bytes_per_s", "dependent_add_hz")) {
      assertFalse(Environment.current().has(key), key + " is of results that are times");
      assertTrue(measured.get(key).getAsLong() > 100_000_000, key);
    }
  }

  private void cache(String name, String level, String type, String size) throws IOException {
    Path cache = Files.createDirectory(folder.resolve(name));
    Files.writeString(cache.resolve("level"), level + "\n");
    Files.writeString(cache.resolve("type"), type + "\n");
    Files.writeString(cache.resolve("size"), size + "\n");
  }
}
