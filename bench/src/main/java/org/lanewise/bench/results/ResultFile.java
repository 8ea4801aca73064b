package org.lanewise.bench.results;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;

/**
 * A result file: its kind, the environment it was made in, and rows. Rows stay JSON, so that what a newer program adds
 * to them survives being read and written.
 *
 * @param kind such as {@code bench} or {@code verify}
 * @param environment where the results were made, see {@link Environment}
 * @param results the rows
 * @param counts of checked rows: how many cases there are of each kind; null where rows are not counted
 * @param errors of measured rows: how far from the truth what was measured is; null where that was not looked at
 */
public record ResultFile(
    String kind,
    JsonObject environment,
    List<JsonObject> results,
    @Nullable JsonArray counts,
    @Nullable JsonArray errors) {
  private static final String PREFIX = "lanewise/";
  private static final int VERSION = 1;

  /** A file with nothing beside its rows. */
  public ResultFile(String kind, JsonObject environment, List<JsonObject> results) {
    this(kind, environment, results, null, null);
  }

  /** A file of checked rows. */
  public ResultFile(String kind, JsonObject environment, List<JsonObject> results, @Nullable JsonArray counts) {
    this(kind, environment, results, counts, null);
  }

  /**
   * Reads a file.
   *
   * @param kinds the kinds that the caller understands; any other is refused
   */
  public static ResultFile read(Path file, List<String> kinds) {
    JsonElement root;
    try {
      String text = Files.readString(file);
      if (text.isBlank()) {
        throw UserError.environment("%s is empty; name a file that Lanewise wrote.".formatted(file));
      }
      root = JsonParser.parseString(text);
    } catch (CharacterCodingException | JsonParseException e) {
      throw UserError.environment("%s is not JSON; name a file that Lanewise wrote.".formatted(file));
    } catch (IOException e) {
      throw UserError.unreadable(file, e);
    }
    if (!(root instanceof JsonObject document)
        || !(document.get("format") instanceof JsonPrimitive format)
        || !format.getAsString().startsWith(PREFIX)) {
      throw UserError.environment(
          "%s is not a result file: its \"format\" does not begin with \"%s\"; name a file that Lanewise wrote."
              .formatted(file, PREFIX));
    }
    String kind = format.getAsString().substring(PREFIX.length());
    if (!kinds.contains(kind)) {
      throw UserError.environment(
          "%s holds results of kind '%s', but %s %s expected here; name another file."
              .formatted(file, kind, String.join(" or ", kinds), kinds.size() == 1 ? "is" : "are"));
    }
    JsonElement version = document.get("version");
    if (version == null || !version.toString().equals(Integer.toString(VERSION))) {
      throw UserError.environment(
          "%s has version %s, and this program reads version %d; read it with the program that wrote it."
              .formatted(file, version, VERSION));
    }
    if (!(document.get("environment") instanceof JsonObject environment)
        || !(document.get("results") instanceof JsonArray array)) {
      throw UserError.environment("%s lacks \"environment\" or \"results\"; measure again.".formatted(file));
    }
    List<JsonObject> results = new ArrayList<>();
    for (JsonElement row : array) {
      if (!(row instanceof JsonObject object)) {
        throw UserError.environment(
            "%s: row %d of \"results\" is not an object; measure again.".formatted(file, results.size()));
      }
      results.add(object);
    }
    return new ResultFile(
        kind,
        environment,
        List.copyOf(results),
        document.get("counts") instanceof JsonArray counts ? counts : null,
        document.get("errors") instanceof JsonArray errors ? errors : null);
  }

  /** The file's text, one row a line, so that two files can be compared line by line. */
  public String text() {
    return results.stream()
        .map(row -> "  " + Json.line(row))
        .collect(
            Collectors.joining(
                ",\n",
                "{\"format\": \"%s%s\", \"version\": %d,\n \"environment\": %s,\n%s%s \"results\": [%s"
                    .formatted(
                        PREFIX,
                        kind,
                        VERSION,
                        Json.line(environment),
                        beside("counts", counts),
                        beside("errors", errors),
                        results.isEmpty() ? "" : "\n"),
                "]}\n"));
  }

  private static String beside(String key, @Nullable JsonArray array) {
    return array == null ? "" : " \"%s\": %s,\n".formatted(key, Json.line(array));
  }

  /** Writes the file beside its place and moves it there. */
  public void write(Path file) {
    SafeFile.write(file, text());
  }
}
