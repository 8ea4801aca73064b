package org.lanewise.conformance.remote;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.Safetensors;
import org.lanewise.kernels.tensor.Tensor;

/**
 * A request or an answer: a JSON object and tensors by name. On the wire a length of eight bytes, little-endian, and a file in
 * safetensors format, whose metadata hold the object as text.
 */
record Message(JsonObject json, Map<String, Tensor> tensors) {
  static final int VERSION = 1;

  /** The largest frame that is read: above any case, below what would exhaust a heap. */
  private static final long LARGEST = 1L << 30;

  private static final String KEY = "lanewise";

  /** A message without tensors. */
  static Message of(String kind, String value) {
    JsonObject json = new JsonObject();
    if (kind.equals("request")) {
      json.addProperty("version", VERSION);
    }
    json.addProperty(kind, value);
    return new Message(json, new LinkedHashMap<>());
  }

  void write(OutputStream out) throws IOException {
    byte[] file = Safetensors.write(tensors, Map.of(KEY, json.toString()));
    out.write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(file.length).array());
    out.write(file);
    out.flush();
  }

  /**
   * Reads a message.
   *
   * @return null at the end of input
   * @throws RemoteFailure if what is read is no message
   */
  static @Nullable Message read(InputStream in) throws IOException {
    byte[] prefix = in.readNBytes(Long.BYTES);
    if (prefix.length == 0) {
      return null;
    }
    if (prefix.length < Long.BYTES) {
      throw new EOFException();
    }
    long length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 0 || length > LARGEST) {
      throw new RemoteFailure(
          "It answered with a frame of %s bytes, and at most %d are read; is something else printed to standard output?"
              .formatted(Long.toUnsignedString(length), LARGEST));
    }
    byte[] file = in.readNBytes((int) length);
    if (file.length < length) {
      throw new EOFException();
    }
    try {
      Safetensors read = new Safetensors("The frame", file);
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String name : read.names()) {
        tensors.put(name, read.tensor(name));
      }
      JsonElement json = JsonParser.parseString(read.metadata(KEY));
      if (!json.isJsonObject()) {
        throw new RemoteFailure("The message in its frame is no JSON object.");
      }
      return new Message(json.getAsJsonObject(), tensors);
    } catch (DataException | JsonParseException e) {
      throw new RemoteFailure("Its frame cannot be read: %s.".formatted(withoutAdvice(String.valueOf(e.getMessage()))));
    }
  }

  /** What files advise after the semicolon is no advice on a frame. */
  private static String withoutAdvice(String sentence) {
    int advice = sentence.indexOf("; ");
    int end = advice >= 0 ? advice : sentence.length() - (sentence.endsWith(".") ? 1 : 0);
    return sentence.substring(0, end);
  }

  /** A number as it is written: what JSON lacks is a string. */
  static JsonPrimitive number(double value) {
    return Double.isFinite(value)
        ? new JsonPrimitive(value)
        : new JsonPrimitive(Double.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf");
  }

  /** An integer within bounds. */
  static long integer(JsonObject json, String key, long least, long most) {
    double value = number(json, key);
    if (value != Math.rint(value) || value < least || value > most) {
      throw new RemoteFailure(
          "Its message has '%s': %s, expected an integer from %d to %d.".formatted(key, json.get(key), least, most));
    }
    return (long) value;
  }

  /** Whether there is such an entry; null is as good as none. */
  static boolean has(JsonObject json, String key) {
    return json.get(key) != null && !json.get(key).isJsonNull();
  }

  /** A list; empty where there is none. */
  static JsonArray array(JsonObject json, String key) {
    if (has(json, key) && !json.get(key).isJsonArray()) {
      throw new RemoteFailure("Its message has '%s': %s, expected a list.".formatted(key, json.get(key)));
    }
    return has(json, key) ? json.getAsJsonArray(key) : new JsonArray();
  }

  /** Yes or no; the given answer where there is none. */
  static boolean flag(JsonObject json, String key, boolean otherwise) {
    if (!has(json, key)) {
      return otherwise;
    }
    if (json.get(key) instanceof JsonPrimitive primitive && primitive.isBoolean()) {
      return primitive.getAsBoolean();
    }
    throw new RemoteFailure("Its message has '%s': %s, expected true or false.".formatted(key, json.get(key)));
  }

  /** A text that says something; the given one where there is none. */
  static String text(JsonObject json, String key, String otherwise) {
    String text = text(json, key);
    return text == null || text.isBlank() ? otherwise : text;
  }

  /** A text that has to be there. */
  static String requireText(JsonObject json, String key) {
    String text = text(json, key);
    if (text == null) {
      throw new RemoteFailure("Its message has '%s': %s, expected a text.".formatted(key, json.get(key)));
    }
    return text;
  }

  /** A text; null where there is none. */
  static @Nullable String text(JsonObject json, String key) {
    JsonElement element = json.get(key);
    return element instanceof JsonPrimitive primitive && primitive.isString() ? primitive.getAsString() : null;
  }

  /** A number. */
  static double number(JsonObject json, String key) {
    JsonElement element = json.get(key);
    if (element instanceof JsonPrimitive primitive && primitive.isNumber()) {
      return primitive.getAsDouble();
    }
    return switch (String.valueOf(text(json, key))) {
      case "NaN" -> Double.NaN;
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      default -> throw new RemoteFailure("Its message has '%s': %s, expected a number.".formatted(key, element));
    };
  }
}
