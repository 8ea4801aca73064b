package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.Json;

/** The fields of a row; each method throws an IllegalArgumentException that says what is wrong. */
final class Fields {
  private Fields() {}

  /** The text under a key; empty where it is null. */
  static String text(JsonObject json, String key) {
    JsonElement value = required(json, key);
    return value.isJsonNull() ? "" : value.isJsonPrimitive() ? value.getAsString() : value.toString();
  }

  /** The number under a key, which may be infinite but is a number. */
  static double number(JsonObject json, String key) {
    double value = numberOrNan(json, key);
    if (Double.isNaN(value)) {
      throw new IllegalArgumentException("its \"%s\" is NaN, expected a number".formatted(key));
    }
    return value;
  }

  /** The number under a key, which may be NaN. */
  static double numberOrNan(JsonObject json, String key) {
    return number(required(json, key), key);
  }

  /** The numbers under a key; some may be infinite, none is NaN. */
  static List<Double> numbers(JsonObject json, String key) {
    List<Double> numbers = new ArrayList<>();
    for (JsonElement element : array(json, key)) {
      double value = number(element, key);
      if (Double.isNaN(value)) {
        throw new IllegalArgumentException("its \"%s\" holds NaN, expected numbers".formatted(key));
      }
      numbers.add(value);
    }
    return numbers;
  }

  static JsonArray array(JsonObject json, String key) {
    if (required(json, key) instanceof JsonArray array) {
      return array;
    }
    throw new IllegalArgumentException("its \"%s\" is not a list".formatted(key));
  }

  static JsonObject object(@Nullable JsonElement json, String name) {
    if (json instanceof JsonObject object) {
      return object;
    }
    throw new IllegalArgumentException("its \"%s\" is not an object".formatted(name));
  }

  /** A JSON value as people read it. */
  static String shown(@Nullable JsonElement value) {
    return switch (value) {
      case null -> "unknown";
      case JsonPrimitive primitive -> primitive.getAsString();
      case JsonArray array ->
          StreamSupport.stream(array.spliterator(), false).map(Fields::shown).collect(Collectors.joining(" · "));
      case JsonObject object ->
          object.entrySet().stream()
              .map(entry -> "%s: %s".formatted(entry.getKey().replace('_', ' '), shown(entry.getValue())))
              .collect(Collectors.joining(" · "));
      default -> Numbers.UNKNOWN;
    };
  }

  private static double number(JsonElement value, String key) {
    try {
      return Json.number(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("its \"%s\" holds %s, expected a number".formatted(key, value), e);
    }
  }

  private static JsonElement required(JsonObject json, String key) {
    JsonElement value = json.get(key);
    if (value == null) {
      throw new IllegalArgumentException("it lacks \"%s\"".formatted(key));
    }
    return value;
  }
}
