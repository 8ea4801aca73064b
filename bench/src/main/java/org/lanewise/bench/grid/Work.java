package org.lanewise.bench.grid;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

/**
 * What a call computes, whoever computes it: the key by which measurements of different implementations are matched.
 *
 * @param operation such as {@code bce_with_logits}
 * @param dtype of logits and result
 * @param target {@code binary} or {@code soft}; {@code indices} or {@code probabilities}
 * @param batch the number of rows
 * @param classes the number of logits a row
 * @param reduction {@code none}, {@code mean} or {@code sum}
 * @param direction {@code forward} or {@code forward_backward}
 * @param data {@code normal}, {@code trained} or {@code extreme}
 */
public record Work(
    String operation,
    String dtype,
    String target,
    int batch,
    int classes,
    String reduction,
    String direction,
    String data) {

  /** More logits than any memory holds: their bytes would not fit a long. */
  private static final long MOST_ELEMENTS = 1L << 50;

  /** The direction that computes the gradient as well. */
  public static final String FORWARD_BACKWARD = "forward_backward";

  /**
   * The work of a JSON object.
   *
   * @throws IllegalArgumentException if a key is missing or has a value of another kind; the message names it
   */
  public static Work of(JsonObject json) {
    Work work =
        new Work(
            text(json, "operation"),
            text(json, "dtype"),
            text(json, "target"),
            size(json, "batch"),
            size(json, "classes"),
            text(json, "reduction"),
            text(json, "direction"),
            text(json, "data"));
    if (work.elements() > MOST_ELEMENTS) {
      throw new IllegalArgumentException(
          "\"batch\" times \"classes\" is %d, expected at most %d".formatted(work.elements(), MOST_ELEMENTS));
    }
    return work;
  }

  /** This work as a JSON object, its keys in the order of the file format. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.addProperty("operation", operation);
    json.addProperty("dtype", dtype);
    json.addProperty("target", target);
    json.addProperty("batch", batch);
    json.addProperty("classes", classes);
    json.addProperty("reduction", reduction);
    json.addProperty("direction", direction);
    json.addProperty("data", data);
    return json;
  }

  /** The number of logits a call computes: the unit of throughput. */
  public long elements() {
    return (long) batch * classes;
  }

  /** Whether a call computes the gradient as well. */
  public boolean backward() {
    return direction.equals(FORWARD_BACKWARD);
  }

  /** The shape of the logits as people write it: {@code 1024}, {@code 256x1000}. */
  public String shape() {
    return classes == 1 ? Integer.toString(batch) : batch + "x" + classes;
  }

  /** The same work on another number of rows; rows that differ in nothing else lie on one curve. */
  public Work withBatch(int otherBatch) {
    return new Work(operation, dtype, target, otherBatch, classes, reduction, direction, data);
  }

  /** One line for people. */
  @Override
  public String toString() {
    return "%s %s %s %s %s %s %s".formatted(operation, dtype, target, shape(), reduction, direction, data);
  }

  /**
   * The text of a key.
   *
   * @throws IllegalArgumentException if it is none, or none that a line shows
   */
  public static String text(JsonObject json, String key) {
    JsonElement value = json.get(key);
    if (!(value instanceof JsonPrimitive primitive) || !primitive.isString()) {
      throw new IllegalArgumentException("key \"%s\" is %s, expected a string".formatted(key, shown(value)));
    }
    String text = value.getAsString();
    if (text.isBlank() || text.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "key \"%s\" is %s, expected a text without control characters".formatted(key, shown(value)));
    }
    return text;
  }

  /**
   * The count of a key.
   *
   * @throws IllegalArgumentException if it is no integer above 0
   */
  public static int size(JsonObject json, String key) {
    JsonElement value = json.get(key);
    if (value instanceof JsonPrimitive primitive && primitive.isNumber()) {
      try {
        int size = primitive.getAsBigDecimal().intValueExact();
        if (size > 0) {
          return size;
        }
      } catch (ArithmeticException | NumberFormatException notAnInt) {
        // told below
      }
    }
    throw new IllegalArgumentException(
        "key \"%s\" is %s, expected an integer from 1 to 2147483647".formatted(key, shown(value)));
  }

  private static String shown(JsonElement value) {
    return value == null ? "missing" : value.toString();
  }
}
