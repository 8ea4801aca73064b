package org.lanewise.bench.results;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.regex.Pattern;

/**
 * Text that tells nothing of the folders of the machine where it was written: result files are stored and passed on, and where
 * somebody keeps a JDK or a file changes no number.
 */
public final class Portable {
  /** The folders of an absolute path; what comes before it says that it begins there, as in {@code -Dfile=/a/b}. */
  private static final Pattern FOLDERS =
      Pattern.compile("(?<=^|[\\s=:,;'\"(\\[@])(?:[A-Za-z]:[\\\\/]|~?/)(?:[^\\s/\\\\:,;'\"()]+[\\\\/])*(?=[^\\s/\\\\]|$)");

  private Portable() {}

  /** The text with each absolute path cut to its last name. */
  public static String text(String text) {
    return FOLDERS.matcher(text).replaceAll("");
  }

  /** A copy in which every text is so cut; keys stay. */
  public static JsonElement json(JsonElement element) {
    return switch (element) {
      case JsonObject object -> object(object);
      case JsonArray array -> {
        JsonArray copy = new JsonArray(array.size());
        array.forEach(item -> copy.add(json(item)));
        yield copy;
      }
      case JsonPrimitive value when value.isString() -> new JsonPrimitive(text(value.getAsString()));
      default -> element;
    };
  }

  /** As {@link #json}, of an object. */
  public static JsonObject object(JsonObject object) {
    JsonObject copy = new JsonObject();
    object.entrySet().forEach(field -> copy.add(field.getKey(), json(field.getValue())));
    return copy;
  }
}
