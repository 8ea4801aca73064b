package org.lanewise.bench.gate;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.List;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Json;

/**
 * What a fork is told, by system properties of its JVM.
 *
 * @param base the jar of the base build
 * @param candidate the jar of the candidate
 * @param benchmark what to measure
 * @param seed of the order of the blocks
 * @param into the file for what was measured
 */
record ForkOrder(Path base, Path candidate, PairedBenchmark benchmark, long seed, Path into) {
  private static final String PREFIX = "lanewise.gate.";

  static ForkOrder ofProperties() {
    JsonObject work = JsonParser.parseString(property("work")).getAsJsonObject();
    return new ForkOrder(
        Path.of(property("base")),
        Path.of(property("candidate")),
        new PairedBenchmark(property("kernel"), Work.of(work)),
        Long.parseLong(property("seed")),
        Path.of(property("into")));
  }

  List<String> flags() {
    return List.of(
        flag("base", base.toAbsolutePath().toString()),
        flag("candidate", candidate.toAbsolutePath().toString()),
        flag("kernel", benchmark.kernel()),
        flag("work", Json.line(benchmark.work().toJson())),
        flag("seed", Long.toString(seed)),
        flag("into", into.toAbsolutePath().toString()));
  }

  private static String property(String name) {
    return System.getProperty(PREFIX + name);
  }

  private static String flag(String name, String value) {
    return "-D%s%s=%s".formatted(PREFIX, name, value);
  }
}
