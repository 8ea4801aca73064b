package org.lanewise.fuzz;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.stream.Stream;

/** JSON that is right but for a few values of it, which are missing, or others. */
public final class JsonEdits {
  private static final List<JsonElement> VALUES =
      Stream.of(
              "null", "true", "-1", "0", "1", "2", "1.5", "-0.0", "2147483648", "9223372036854775808", "1e400", "\"\"", "\"NaN\"",
              "\"inf\"", "\"-inf\"", "\"a b c\"", "\"\\u001b\\n\"", "[]", "{}", "[null]", "[1,2,3]", "[[]]", "{\"a\":1}")
          .map(JsonParser::parseString)
          .toList();

  private JsonEdits() {}

  /** One of the texts with edits of the choices. */
  public static String of(List<String> texts, Choices choices) {
    JsonElement root = JsonParser.parseString(choices.of(texts));
    for (int i = choices.below(4); i >= 0; i--) {
      edit(root, choices);
    }
    return root.toString();
  }

  private static void edit(JsonElement root, Choices choices) {
    JsonElement at = root;
    while (true) {
      if (at instanceof JsonObject object && !object.isEmpty()) {
        String key = choices.of(List.copyOf(object.keySet()));
        JsonElement value = object.get(key);
        if (isEdited(value, choices)) {
          object.add(key, other(value, choices));
          if (choices.oneIn(4)) {
            object.remove(key);
          }
          return;
        }
        at = value;
      } else if (at instanceof JsonArray array && !array.isEmpty()) {
        int index = choices.below(Math.min(array.size(), 256));
        JsonElement value = array.get(index);
        if (isEdited(value, choices)) {
          array.set(index, other(value, choices));
          if (choices.oneIn(4)) {
            array.remove(index);
          } else if (choices.oneIn(4)) {
            array.add(value);
          }
          return;
        }
        at = value;
      } else {
        return;
      }
    }
  }

  private static boolean isEdited(JsonElement value, Choices choices) {
    return value.isJsonPrimitive() || value.isJsonNull() || choices.oneIn(6);
  }

  private static JsonElement other(JsonElement value, Choices choices) {
    if (value instanceof JsonPrimitive number && number.isNumber() && choices.flag()) {
      return choices.flag() ? new JsonPrimitive(choices.integer()) : finite(choices.number());
    }
    return choices.of(VALUES).deepCopy();
  }

  private static JsonElement finite(double number) {
    return Double.isFinite(number) ? new JsonPrimitive(number) : JsonNull.INSTANCE;
  }
}
