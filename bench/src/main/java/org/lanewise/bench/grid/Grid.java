package org.lanewise.bench.grid;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;

/** The benchmark grid: named presets of points. Every program that measures reads the same file. */
public final class Grid {
  /** A point holds at most this many logits: 1 GiB of float32. */
  static final long MAX_ELEMENTS = 1L << 28;

  /** An entry stands for at most this many points: more than anybody has time to measure. */
  private static final int MOST_POINTS = 10_000;

  /** What can be drawn. */
  private static final List<String> DATA = List.of("normal", "trained", "extreme");

  private static final String RESOURCE = "/lanewise/grid.json";
  private static final int VERSION = 1;

  /**
   * A named list of points.
   *
   * @param name what {@code --preset} takes
   * @param description one line for people
   * @param points what to measure, in this order, none twice
   */
  public record Preset(String name, String description, List<Work> points) {}

  private final Map<String, Preset> presets;

  private Grid(Map<String, Preset> presets) {
    this.presets = presets;
  }

  /** The grid that came with this program. */
  public static Grid load() {
    try (InputStream stream = Grid.class.getResourceAsStream(RESOURCE)) {
      if (stream == null) {
        throw UserError.environment(
            "The benchmark grid %s is missing from the class path; build Lanewise again.".formatted(RESOURCE));
      }
      return parse(new String(stream.readAllBytes(), StandardCharsets.UTF_8), "grid.json");
    } catch (IOException e) {
      throw UserError.environment("The benchmark grid %s cannot be read; build Lanewise again.".formatted(RESOURCE));
    }
  }

  /** The grid of a file. */
  public static Grid read(Path file) {
    try {
      return parse(Files.readString(file), file.toString());
    } catch (IOException e) {
      throw UserError.unreadable(file, e);
    }
  }

  /** All presets, in the order of the file. */
  public List<Preset> presets() {
    return List.copyOf(presets.values());
  }

  /** The preset of the given name. */
  public Preset preset(String name) {
    Preset preset = presets.get(name);
    if (preset == null) {
      throw UserError.usage(
          "There is no preset '%s'; choose one of %s.".formatted(name, String.join(", ", presets.keySet())));
    }
    return preset;
  }

  static Grid parse(String text, String source) {
    JsonElement root;
    try {
      root = JsonParser.parseString(text);
    } catch (JsonParseException e) {
      throw UserError.environment("%s is not JSON; restore it or name another grid.".formatted(source));
    }
    if (!(root instanceof JsonObject document)
        || !new JsonPrimitive("lanewise/grid").equals(document.get("format"))) {
      throw UserError.environment(
          "%s is not a benchmark grid: its \"format\" is not \"lanewise/grid\"; name another file.".formatted(source));
    }
    JsonElement version = document.get("version");
    if (version == null || !version.toString().equals(Integer.toString(VERSION))) {
      throw UserError.environment(
          "%s has version %s, and this program reads version %d; use the grid that came with it."
              .formatted(source, version, VERSION));
    }
    Map<String, Preset> presets = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, JsonElement> entry : document.getAsJsonObject("presets").entrySet()) {
        presets.put(entry.getKey(), preset(entry.getKey(), entry.getValue().getAsJsonObject()));
      }
    } catch (NullPointerException
        | ClassCastException
        | IllegalStateException
        | UnsupportedOperationException e) {
      throw UserError.environment(
          "%s lacks \"presets\" that each have \"description\" and \"points\"; correct it.".formatted(source));
    } catch (IllegalArgumentException e) {
      throw UserError.environment("%s: %s; correct it.".formatted(source, e.getMessage()));
    }
    return new Grid(presets);
  }

  private static Preset preset(String name, JsonObject json) {
    Set<Work> points = new LinkedHashSet<>();
    for (JsonElement entry : json.getAsJsonArray("points")) {
      for (JsonObject point : expand(entry.getAsJsonObject())) {
        Work work = Work.of(point);
        if (work.elements() > MAX_ELEMENTS) {
          throw new IllegalArgumentException(
              "preset %s: %s has %d logits, expected at most %d".formatted(name, work, work.elements(), MAX_ELEMENTS));
        }
        if (!DATA.contains(work.data())) {
          throw new IllegalArgumentException(
              "preset %s: %s has data '%s', expected one of %s".formatted(name, work, work.data(), String.join(", ", DATA)));
        }
        if (!points.add(work)) {
          throw new IllegalArgumentException("preset %s lists %s twice".formatted(name, work));
        }
      }
    }
    return new Preset(name, Objects.requireNonNull(json.get("description")).getAsString(), List.copyOf(points));
  }

  /** One object a combination of the lists' values, the last-named key varying fastest. */
  private static List<JsonObject> expand(JsonObject entry) {
    List<JsonObject> points = List.of(new JsonObject());
    for (Map.Entry<String, JsonElement> key : entry.entrySet()) {
      List<JsonObject> longer = new ArrayList<>();
      long count = (long) points.size() * (key.getValue() instanceof JsonArray list ? list.size() : 1);
      if (count > MOST_POINTS) {
        throw new IllegalArgumentException("an entry stands for more than %d points".formatted(MOST_POINTS));
      }
      for (JsonObject point : points) {
        for (JsonElement value : values(key.getValue())) {
          JsonObject copy = point.deepCopy();
          copy.add(key.getKey(), value);
          longer.add(copy);
        }
      }
      points = longer;
    }
    return points;
  }

  private static Iterable<JsonElement> values(@Nullable JsonElement value) {
    return value instanceof JsonArray array ? array : List.of(Objects.requireNonNull(value));
  }
}
