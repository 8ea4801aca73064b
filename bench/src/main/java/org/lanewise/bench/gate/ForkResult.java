package org.lanewise.bench.gate;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.SafeFile;

/**
 * What a fork found out about a benchmark.
 *
 * @param rounds the times
 * @param baseAllocated bytes that a call of the base allocates
 * @param candidateAllocated bytes that a call of the candidate allocates
 * @param sameBits whether both gave the same output bits
 * @param warmUp the milliseconds until both builds ran steadily
 * @param steady whether they did before the time for that was up
 */
record ForkResult(
    PairedRounds rounds, long baseAllocated, long candidateAllocated, boolean sameBits, long warmUp, boolean steady) {

  void write(Path file) {
    JsonObject json = new JsonObject();
    json.add("base", array(rounds.base()));
    json.add("candidate", array(rounds.candidate()));
    json.addProperty("base_allocated", baseAllocated);
    json.addProperty("candidate_allocated", candidateAllocated);
    json.addProperty("same_bits", sameBits);
    json.addProperty("warm_up_ms", warmUp);
    json.addProperty("steady", steady);
    SafeFile.write(file, Json.line(json));
  }

  /**
   * The result in a file.
   *
   * @throws IllegalArgumentException if that is no such result: half a file, a time that is no positive number
   */
  static ForkResult read(Path file) throws IOException {
    try {
      JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      return new ForkResult(
          new PairedRounds(times(json, "base"), times(json, "candidate")),
          json.get("base_allocated").getAsLong(),
          json.get("candidate_allocated").getAsLong(),
          json.get("same_bits").getAsBoolean(),
          json.get("warm_up_ms").getAsLong(),
          json.get("steady").getAsBoolean());
    } catch (JsonParseException
        | IllegalStateException
        | ClassCastException
        | NullPointerException
        | UnsupportedOperationException e) {
      throw new IllegalArgumentException("the fork's file %s is not whole".formatted(file.getFileName()), e);
    }
  }

  private static double[] times(JsonObject json, String arm) {
    return json.getAsJsonArray(arm).asList().stream().mapToDouble(Json::number).toArray();
  }

  private static JsonArray array(double[] times) {
    JsonArray array = new JsonArray();
    Arrays.stream(times).forEach(time -> array.add(Json.number(time)));
    return array;
  }
}
