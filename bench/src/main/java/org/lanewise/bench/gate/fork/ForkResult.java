package org.lanewise.bench.gate.fork;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lanewise.bench.gate.rule.PairedRounds;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.SafeFile;

/**
 * What a fork found out about a benchmark.
 *
 * @param rounds the times
 * @param baseAllocated bytes that a call of the base allocates
 * @param candidateAllocated bytes that a call of the candidate allocates
 * @param sameBits whether both gave the same output bits
 * @param steady whether both builds ran steadily before the time for that was up
 */
record ForkResult(
    PairedRounds rounds, long baseAllocated, long candidateAllocated, boolean sameBits, boolean steady) {
  void write(Path file) {
    JsonObject json = rounds.toJson();
    json.addProperty("base_allocated", baseAllocated);
    json.addProperty("candidate_allocated", candidateAllocated);
    json.addProperty("same_bits", sameBits);
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
          PairedRounds.of(json),
          json.get("base_allocated").getAsLong(),
          json.get("candidate_allocated").getAsLong(),
          json.get("same_bits").getAsBoolean(),
          json.get("steady").getAsBoolean());
    } catch (JsonParseException
        | IllegalStateException
        | ClassCastException
        | NullPointerException
        | UnsupportedOperationException e) {
      throw new IllegalArgumentException("the fork's file %s is not whole".formatted(file.getFileName()), e);
    }
  }
}
