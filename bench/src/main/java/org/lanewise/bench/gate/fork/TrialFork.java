package org.lanewise.bench.gate.fork;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.JvmFlags;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.SafeFile;

/** Tries benchmarks in a JVM of its own: a kernel that ends its JVM, or never returns, must not do so to the gate. */
public final class TrialFork {
  private static final String RESULT = "trial.json";
  private static final int SECONDS = 120;

  private TrialFork() {}

  /** What that JVM runs; the order lies in the fork's folder, and what was found goes there. */
  public static void main(String[] args) {
    Path folder = ForkOrder.folder();
    ForkOrder order = ForkOrder.read(folder);
    JsonObject json;
    try {
      json = TwinBenchmarks.triedHere(order.base(), order.candidate(), order.benchmarks()).toJson();
    } catch (UserError e) {
      json = new JsonObject();
      json.addProperty("error", e.getMessage());
      json.addProperty("usage", e.exitCode() == ExitCode.USAGE);
    }
    SafeFile.write(folder.resolve(RESULT), Json.line(json));
    System.exit(0); // whatever threads the kernels left
  }

  /** Starts that JVM. */
  static TwinBenchmarks run(ForkOrder order) {
    try (ForkFolder folder = ForkFolder.create()) {
      order.write(folder.path());
      return tried(folder.path(), order.benchmarks());
    } catch (IOException e) {
      throw UserError.environment("The benchmarks cannot be tried: %s.".formatted(e.getMessage()));
    }
  }

  private static TwinBenchmarks tried(Path folder, List<PairedBenchmark> benchmarks) throws IOException {
    List<String> command = JvmFlags.command();
    command.addAll(
        List.of(
            ForkOrder.flag(folder),
            "-cp",
            System.getProperty("java.class.path"),
            TrialFork.class.getName()));
    File said = folder.resolve("said.txt").toFile();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said).start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        throw UserError.environment(
            "Trying a call of each benchmark did not end within %d seconds; validate the candidate, it may never return."
                .formatted(SECONDS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw UserError.environment("The gate was interrupted.");
    } finally {
      process.destroyForcibly();
    }
    Path result = folder.resolve(RESULT);
    if (!Files.exists(result)) {
      List<String> lines = Files.readString(said.toPath(), StandardCharsets.ISO_8859_1).lines().toList();
      throw UserError.environment(
          "The JVM that tried a call of each benchmark ended with %d and without a result%s; validate the candidate, it may end its JVM."
              .formatted(process.exitValue(), lines.isEmpty() ? "" : ", its last words: " + lines.getLast()));
    }
    try {
      JsonObject json = JsonParser.parseString(Files.readString(result)).getAsJsonObject();
      if (json.has("error")) {
        String sentence = json.get("error").getAsString();
        throw json.get("usage").getAsBoolean() ? UserError.usage(sentence) : UserError.environment(sentence);
      }
      return TwinBenchmarks.of(json, benchmarks);
    } catch (JsonParseException | IllegalStateException | NullPointerException e) {
      throw UserError.environment("What the trial of the benchmarks found cannot be read: %s.".formatted(e.getMessage()));
    }
  }
}
