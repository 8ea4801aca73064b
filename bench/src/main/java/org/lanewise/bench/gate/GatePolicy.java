package org.lanewise.bench.gate;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.gate.rule.Threshold;
import org.lanewise.conformance.cases.Glob;

/**
 * What a project has decided about its benchmarks, in {@code lanewise-gate.json}: thresholds that differ from the default,
 * and regressions that it accepts, each with its reason. Of several rules that match a benchmark the first counts.
 */
public final class GatePolicy {
  /** The file's name, looked for in the working folder. */
  public static final String FILE = "lanewise-gate.json";

  private static final String FORMAT = "lanewise/gate-policy";
  private static final Set<String> KEYS = Set.of("benchmark", "threshold", "waiver");

  /** One rule; it sets a threshold, or waives, or both. */
  private record Rule(String glob, @Nullable Double threshold, @Nullable String waiver) {
    private boolean matches(PairedBenchmark benchmark) {
      return Glob.matching(glob).test(benchmark.name());
    }
  }

  private final List<Rule> rules;

  private GatePolicy(List<Rule> rules) {
    this.rules = rules;
  }

  /** The default everywhere, nothing waived. */
  public static GatePolicy none() {
    return new GatePolicy(List.of());
  }

  /** The policy of a file. */
  public static GatePolicy read(Path file) {
    try {
      return parse(Files.readString(file), file.toString());
    } catch (IOException e) {
      throw UserError.unreadable(file, e);
    }
  }

  static GatePolicy parse(String text, String source) {
    JsonElement root;
    try {
      root = JsonParser.parseString(text);
    } catch (JsonParseException e) {
      throw UserError.environment("%s is not JSON; correct it.".formatted(source));
    }
    if (!(root instanceof JsonObject document)
        || !new JsonPrimitive(FORMAT).equals(document.get("format"))
        || !"1".equals(String.valueOf(document.get("version")))
        || !(document.get("rules") instanceof JsonArray array)) {
      throw UserError.environment(
          "%s is no policy of the gate: expected \"format\": \"%s\", \"version\": 1 and a list of \"rules\"; correct it."
              .formatted(source, FORMAT));
    }
    List<Rule> rules = new ArrayList<>();
    try {
      for (JsonElement rule : array) {
        rules.add(rule(rule));
      }
    } catch (IllegalArgumentException e) {
      throw UserError.environment("%s: rule %d: %s; correct it.".formatted(source, rules.size() + 1, e.getMessage()));
    }
    return new GatePolicy(List.copyOf(rules));
  }

  private static Rule rule(JsonElement json) {
    if (!(json instanceof JsonObject object)) {
      throw new IllegalArgumentException("%s is not an object".formatted(json));
    }
    for (String key : object.keySet()) {
      if (!KEYS.contains(key)) {
        throw new IllegalArgumentException(
            "there is no key \"%s\", expected \"benchmark\", \"threshold\" or \"waiver\"".formatted(key));
      }
    }
    String glob = text(object, "benchmark");
    String waiver = text(object, "waiver");
    Double threshold = null;
    JsonElement value = object.get("threshold");
    if (value != null) {
      if (!(value instanceof JsonPrimitive number) || !number.isNumber()) {
        throw new IllegalArgumentException("threshold %s, expected a number such as 0.02".formatted(value));
      }
      threshold = new Threshold(number.getAsDouble(), false).slowdown();
    }
    if (glob == null || (threshold == null && waiver == null)) {
      throw new IllegalArgumentException("expected \"benchmark\" and \"threshold\" or \"waiver\"");
    }
    return new Rule(glob, threshold, waiver);
  }

  private static @Nullable String text(JsonObject object, String key) {
    JsonElement value = object.get(key);
    if (value == null) {
      return null;
    }
    if (!(value instanceof JsonPrimitive text) || !text.isString() || text.getAsString().isBlank()) {
      throw new IllegalArgumentException("\"%s\" is %s, expected text".formatted(key, value));
    }
    return text.getAsString();
  }

  /** What the benchmark may lose. */
  public Threshold threshold(PairedBenchmark benchmark) {
    Double slowdown = first(benchmark, Rule::threshold);
    return slowdown == null ? Threshold.DEFAULT : new Threshold(slowdown, false);
  }

  /** Why a regression of the benchmark is accepted; null where it is not. */
  public @Nullable String waiver(PairedBenchmark benchmark) {
    return first(benchmark, Rule::waiver);
  }

  /** The patterns that match none of the benchmarks: misspelt, or of others than were selected. */
  public List<String> unmatched(List<PairedBenchmark> benchmarks) {
    return rules.stream().filter(rule -> benchmarks.stream().noneMatch(rule::matches)).map(Rule::glob).toList();
  }

  private <T> @Nullable T first(PairedBenchmark benchmark, Function<Rule, @Nullable T> value) {
    for (Rule rule : rules) {
      T found = value.apply(rule);
      if (found != null && rule.matches(benchmark)) {
        return found;
      }
    }
    return null;
  }
}
