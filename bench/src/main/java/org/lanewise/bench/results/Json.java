package org.lanewise.bench.results;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;

/** The JSON rules that all Lanewise files share. */
public final class Json {
  private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private Json() {}

  /** A number; what JSON lacks becomes the string "NaN", "inf" or "-inf". */
  public static JsonPrimitive number(double value) {
    if (Double.isNaN(value)) {
      return new JsonPrimitive("NaN");
    }
    if (Double.isInfinite(value)) {
      return new JsonPrimitive(value > 0 ? "inf" : "-inf");
    }
    return new JsonPrimitive(value);
  }

  /**
   * The number that {@link #number} wrote.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static double number(JsonElement json) {
    if (json instanceof JsonPrimitive primitive) {
      switch (primitive.getAsString()) {
        case "NaN" -> {
          return Double.NaN;
        }
        case "inf" -> {
          return Double.POSITIVE_INFINITY;
        }
        case "-inf" -> {
          return Double.NEGATIVE_INFINITY;
        }
        default -> {
          if (primitive.isNumber()) {
            return primitive.getAsDouble();
          }
        }
      }
    }
    throw new IllegalArgumentException("%s is not a number".formatted(json));
  }

  /** The element on one line. */
  public static String line(JsonElement json) {
    return GSON.toJson(json);
  }
}
