package org.lanewise.conformance.cases;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON object of a named file. Every accessor gives the value or throws a {@link DataException} that says where. */
final class Json {
  private static final TypeAdapter<JsonElement> ELEMENTS = new Gson().getAdapter(JsonElement.class);

  private final String file;
  private final String path;
  private final JsonObject object;

  private Json(String file, String path, JsonObject object) {
    this.file = file;
    this.path = path;
    this.object = object;
  }

  /** Parses a whole file, strictly. */
  static Json parse(String file, byte[] content) {
    try (JsonReader reader = new JsonReader(new StringReader(new String(content, StandardCharsets.UTF_8)))) {
      reader.setStrictness(Strictness.STRICT);
      JsonElement element = ELEMENTS.read(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT || !element.isJsonObject()) {
        throw new DataException("%s is not one JSON object; write the data anew with generate.py.".formatted(file));
      }
      return new Json(file, "", element.getAsJsonObject());
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw new DataException(
          "%s is not valid JSON (%s); write the data anew with generate.py."
              .formatted(file, String.valueOf(e.getMessage()).lines().findFirst().orElse("cut short")));
    }
  }

  /** Checks {@code format} and {@code version}. */
  Json requireFormat(String format, long version) {
    if (!string("format").equals(format)) {
      throw new DataException("%s has the format '%s', expected '%s'.".formatted(file, string("format"), format));
    }
    if (integer("version") != version) {
      throw new DataException(
          "%s has version %d of the format '%s'; this Lanewise reads version %d, so use a matching release."
              .formatted(file, integer("version"), format, version));
    }
    return this;
  }

  List<String> keys() {
    return List.copyOf(object.keySet());
  }

  boolean has(String key) {
    return object.has(key);
  }

  Json object(String key) {
    JsonElement element = require(key);
    if (!element.isJsonObject()) {
      throw wrong(key, "an object");
    }
    return new Json(file, path + "/" + key, element.getAsJsonObject());
  }

  List<Json> objects(String key) {
    List<Json> objects = new ArrayList<>();
    for (JsonElement element : array(key)) {
      if (!element.isJsonObject()) {
        throw wrong(key, "a list of objects");
      }
      objects.add(new Json(file, path + "/" + key + "/" + objects.size(), element.getAsJsonObject()));
    }
    return objects;
  }

  String string(String key) {
    JsonElement element = require(key);
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isString()) {
      throw wrong(key, "a string");
    }
    return element.getAsString();
  }

  List<String> strings(String key) {
    List<String> strings = new ArrayList<>();
    for (JsonElement element : array(key)) {
      if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isString()) {
        throw wrong(key, "a list of strings");
      }
      strings.add(element.getAsString());
    }
    return strings;
  }

  /** A 64-bit integer, read from its digits, never through a double. */
  long integer(String key) {
    return integer(key, require(key));
  }

  /**
   * The values of an object: strings, lists of strings, and numbers as {@link Long} where they are integers, otherwise
   * {@link Double}.
   */
  Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    for (String key : keys()) {
      JsonElement element = require(key);
      if (element.isJsonArray()) {
        values.put(key, strings(key));
        continue;
      }
      if (!element.isJsonPrimitive() || element.getAsJsonPrimitive().isBoolean()) {
        throw wrong(key, "a string, a number or a list of strings");
      }
      String text = element.getAsString();
      if (element.getAsJsonPrimitive().isString()) {
        values.put(key, text);
      } else if (text.matches("-?\\d+")) {
        values.put(key, integer(key, element));
      } else {
        values.put(key, element.getAsDouble());
      }
    }
    return values;
  }

  int[] sizes(String key) {
    JsonArray array = array(key);
    int[] sizes = new int[array.size()];
    for (int i = 0; i < sizes.length; i++) {
      long size = integer(key, array.get(i));
      if (size < 0 || size > Integer.MAX_VALUE) {
        throw wrong(key, "a list of sizes from 0 to 2^31 - 1");
      }
      sizes[i] = (int) size;
    }
    return sizes;
  }

  DataException wrong(String key, String expected) {
    return new DataException(
        "%s: '%s/%s' should be %s; write the data anew with generate.py.".formatted(file, path, key, expected));
  }

  private long integer(String key, JsonElement element) {
    try {
      if (element.isJsonPrimitive() && element.getAsJsonPrimitive().isNumber()) {
        return Long.parseLong(element.getAsString());
      }
    } catch (NumberFormatException notAnInteger) {
      // reported below
    }
    throw wrong(key, "a 64-bit integer");
  }

  private JsonArray array(String key) {
    JsonElement element = require(key);
    if (!element.isJsonArray()) {
      throw wrong(key, "a list");
    }
    return element.getAsJsonArray();
  }

  private JsonElement require(String key) {
    JsonElement element = object.get(key);
    if (element == null) {
      throw new DataException(
          "%s: '%s' has no '%s'; write the data anew with generate.py.".formatted(file, path.isEmpty() ? "/" : path, key));
    }
    return element;
  }
}
