package org.lanewise.bench.gate.fork;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.SafeFile;

/**
 * What a fork has to do. It lies in a file of the fork's folder, and beside it the fork puts what it measured, a file a
 * benchmark.
 *
 * @param base the jar of the base
 * @param candidate the jar of the candidate
 * @param benchmarks what to measure, in this order
 * @param seed of the order of the blocks
 */
record ForkOrder(Path base, Path candidate, List<PairedBenchmark> benchmarks, long seed) {
  /** Names the folder, in a fork. */
  private static final String FOLDER = "lanewise.gate.fork";

  private static final String FILE = "order.json";

  /** The folder of this JVM, which is a fork. */
  static Path folder() {
    return Path.of(System.getProperty(FOLDER));
  }

  /** The flag with which a JVM is the fork of a folder. */
  static String flag(Path folder) {
    return "-D%s=%s".formatted(FOLDER, folder.toAbsolutePath());
  }

  /** Where the result of the benchmark with this place in the order belongs. */
  static Path result(Path folder, int index) {
    return folder.resolve(index + ".json");
  }

  void write(Path folder) {
    JsonObject json = new JsonObject();
    json.addProperty("base", base.toAbsolutePath().toString());
    json.addProperty("candidate", candidate.toAbsolutePath().toString());
    json.addProperty("seed", Long.toString(seed));
    JsonArray array = new JsonArray();
    for (PairedBenchmark benchmark : benchmarks) {
      JsonObject entry = new JsonObject();
      entry.addProperty("kernel", benchmark.kernel());
      entry.add("work", benchmark.work().toJson());
      array.add(entry);
    }
    json.add("benchmarks", array);
    SafeFile.write(folder.resolve(FILE), Json.line(json));
  }

  static ForkOrder read(Path folder) {
    Path file = folder.resolve(FILE);
    JsonObject json;
    try {
      json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException e) {
      throw UserError.unreadable(file, e);
    }
    List<PairedBenchmark> benchmarks = new ArrayList<>();
    for (JsonElement entry : json.getAsJsonArray("benchmarks")) {
      JsonObject benchmark = entry.getAsJsonObject();
      benchmarks.add(
          new PairedBenchmark(benchmark.get("kernel").getAsString(), Work.of(benchmark.getAsJsonObject("work"))));
    }
    return new ForkOrder(
        Path.of(json.get("base").getAsString()),
        Path.of(json.get("candidate").getAsString()),
        benchmarks,
        Long.parseLong(json.get("seed").getAsString()));
  }
}
