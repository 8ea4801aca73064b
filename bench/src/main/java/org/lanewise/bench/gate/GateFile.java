package org.lanewise.bench.gate;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.GateResult.Removed;
import org.lanewise.bench.gate.GateResult.Row;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.Judgement;
import org.lanewise.bench.gate.rule.Judgement.SlowModes;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.gate.rule.PairedRounds;
import org.lanewise.bench.gate.rule.Threshold;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.ResultFile;

/**
 * The result file of a run, kind {@code gate}. It holds every round and the threshold and waiver of each benchmark, so that
 * reading it gives the same verdict; the verdict it also holds is for other readers, and is not read back.
 */
public final class GateFile {
  private static final String KIND = "gate";
  private static final String UNIT = "ns/call";

  /** How many rows there are, in the environment: a file that lost some is refused. */
  private static final String ROWS = "rows";

  private GateFile() {}

  /** The run as a file. */
  public static ResultFile of(GateResult result) {
    List<JsonObject> rows = new ArrayList<>();
    for (Row row : result.rows()) {
      rows.add(json(row, result.holm(row)));
    }
    for (PairedBenchmark benchmark : result.added()) {
      JsonObject json = json(benchmark);
      json.addProperty("only", "candidate");
      rows.add(json);
    }
    for (Removed removed : result.removed()) {
      JsonObject json = json(removed.benchmark());
      json.addProperty("only", "base");
      json.addProperty("waiver", removed.waiver());
      rows.add(json);
    }
    for (Conformance conformance : result.conformance()) {
      JsonObject json = new JsonObject();
      json.addProperty("kernel", conformance.kernel());
      json.addProperty("checked", conformance.checked());
      JsonArray failures = new JsonArray();
      conformance.failures().forEach(failures::add);
      json.add("failures", failures);
      rows.add(json);
    }
    JsonObject environment = result.environment().deepCopy();
    environment.addProperty(ROWS, rows.size());
    return new ResultFile(KIND, environment, rows);
  }

  /** Reads a run and judges it again. */
  public static GateResult read(Path path) {
    ResultFile file = ResultFile.read(path, List.of(KIND));
    JsonElement expected = file.environment().get(ROWS);
    if (expected == null || !expected.toString().equals(Integer.toString(file.results().size()))) {
      throw UserError.environment(
          "%s has %d rows, expected %s; measure again.".formatted(path, file.results().size(), expected));
    }
    if (!(file.environment().get("complete") instanceof JsonPrimitive complete) || !complete.isBoolean()) {
      throw UserError.environment("%s does not say whether its run was complete; measure again.".formatted(path));
    }
    List<Row> rows = new ArrayList<>();
    List<PairedBenchmark> added = new ArrayList<>();
    List<Removed> removed = new ArrayList<>();
    List<Conformance> conformance = new ArrayList<>();
    int number = 0;
    for (JsonObject json : file.results()) {
      number++;
      try {
        if (json.has("kernel")) {
          conformance.add(conformance(json));
        } else if (!json.has("only")) {
          rows.add(Row.of(comparison(json), threshold(json), text(json, "waiver")));
        } else if (json.get("only").getAsString().equals("candidate")) {
          added.add(benchmark(json));
        } else {
          removed.add(new Removed(benchmark(json), text(json, "waiver")));
        }
      } catch (NullPointerException | ClassCastException | IllegalStateException | UnsupportedOperationException e) {
        throw UserError.environment(
            "%s: row %d of \"results\" lacks a key or has one of another kind; measure again.".formatted(path, number));
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw UserError.environment(
            "%s: row %d of \"results\": %s; measure again.".formatted(path, number, e.getMessage()));
      }
    }
    return new GateResult(file.environment(), rows, added, removed, conformance);
  }

  private static JsonObject json(PairedBenchmark benchmark) {
    JsonObject json = new JsonObject();
    json.add("work", benchmark.work().toJson());
    json.add("implementation", Implementation.kernel(benchmark.kernel()).toJson());
    return json;
  }

  private static PairedBenchmark benchmark(JsonObject json) {
    return new PairedBenchmark(
        json.getAsJsonObject("implementation").get("name").getAsString(), Work.of(json.getAsJsonObject("work")));
  }

  private static JsonObject json(Row row, double holm) {
    Comparison comparison = row.comparison();
    JsonObject json = json(comparison.benchmark());
    json.add("judgement", json(row.judgement(), holm));
    JsonObject threshold = new JsonObject();
    threshold.addProperty("slowdown", row.threshold().slowdown());
    threshold.addProperty("new_bits", row.threshold().newBits());
    json.add("threshold", threshold);
    json.addProperty("waiver", row.waiver());
    json.addProperty("problem", comparison.problem());
    json.addProperty("same_bits", comparison.sameBits());
    json.addProperty("unsteady", comparison.unsteady());
    JsonObject allocated = new JsonObject();
    allocated.addProperty("base", comparison.baseAllocated());
    allocated.addProperty("candidate", comparison.candidateAllocated());
    json.add("allocated_bytes", allocated);
    JsonObject rounds = new JsonObject();
    rounds.addProperty("unit", UNIT);
    rounds.add("first", forks(comparison.first()));
    rounds.add("confirmation", forks(comparison.confirmation()));
    json.add("rounds", rounds);
    return json;
  }

  private static JsonObject json(Judgement judgement, double holm) {
    JsonObject json = new JsonObject();
    json.addProperty("verdict", judgement.verdict().toString());
    json.addProperty("reason", judgement.reason());
    json.add("ratio", Json.number(judgement.ratio()));
    json.add("low", Json.number(judgement.low()));
    json.add("high", Json.number(judgement.high()));
    json.add("power", Json.number(judgement.power()));
    json.add("p", Json.number(judgement.p()));
    json.add("holm", Json.number(holm));
    SlowModes modes = judgement.modes();
    if (modes == null) {
      json.add("slow_modes", JsonNull.INSTANCE);
    } else {
      JsonObject slow = new JsonObject();
      slow.addProperty("base", modes.base());
      slow.addProperty("candidate", modes.candidate());
      slow.addProperty("forks", modes.forks());
      slow.add("p", Json.number(modes.p()));
      json.add("slow_modes", slow);
    }
    return json;
  }

  private static JsonArray forks(List<PairedRounds> forks) {
    JsonArray array = new JsonArray();
    forks.forEach(fork -> array.add(fork.toJson()));
    return array;
  }

  private static Comparison comparison(JsonObject json) {
    JsonObject allocated = json.getAsJsonObject("allocated_bytes");
    JsonObject rounds = json.getAsJsonObject("rounds");
    if (!rounds.get("unit").getAsString().equals(UNIT)) {
      throw new IllegalArgumentException("its times are in %s, expected %s".formatted(rounds.get("unit"), UNIT));
    }
    return new Comparison(
        benchmark(json),
        forks(rounds.getAsJsonArray("first")),
        forks(rounds.getAsJsonArray("confirmation")),
        integer(allocated, "base"),
        integer(allocated, "candidate"),
        bool(json, "same_bits"),
        Math.toIntExact(integer(json, "unsteady")),
        text(json, "problem"));
  }

  private static List<PairedRounds> forks(JsonArray array) {
    List<PairedRounds> forks = new ArrayList<>();
    for (JsonElement fork : array) {
      forks.add(PairedRounds.of(fork.getAsJsonObject()));
    }
    return forks;
  }

  private static Threshold threshold(JsonObject json) {
    JsonObject threshold = json.getAsJsonObject("threshold");
    return new Threshold(Json.number(threshold.get("slowdown")), bool(threshold, "new_bits"));
  }

  private static Conformance conformance(JsonObject json) {
    List<String> failures = new ArrayList<>();
    json.getAsJsonArray("failures").forEach(failure -> failures.add(failure.getAsString()));
    return new Conformance(json.get("kernel").getAsString(), Math.toIntExact(integer(json, "checked")), failures);
  }

  private static boolean bool(JsonObject json, String key) {
    // Not getAsBoolean, which takes any other text for false.
    if (!(json.get(key) instanceof JsonPrimitive value) || !value.isBoolean()) {
      throw new IllegalArgumentException("\"%s\" is %s, expected true or false".formatted(key, json.get(key)));
    }
    return value.getAsBoolean();
  }

  private static long integer(JsonObject json, String key) {
    if (!(json.get(key) instanceof JsonPrimitive value) || !value.isNumber()) {
      throw new IllegalArgumentException("\"%s\" is %s, expected an integer".formatted(key, json.get(key)));
    }
    try {
      return value.getAsBigDecimal().longValueExact();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("\"%s\" is %s, expected an integer".formatted(key, value), e);
    }
  }

  private static @Nullable String text(JsonObject json, String key) {
    // A key that was lost must not read as "nothing wrong".
    JsonElement value = Objects.requireNonNull(json.get(key));
    return value.isJsonNull() ? null : value.getAsString();
  }
}
