package org.lanewise.bench.sweep;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.ResultFile;

/**
 * What a sweep shows of one operation and kernel: the rows of a result file of kind {@code certificate}, one an output.
 *
 * @param verdict PASSED, FAILED, or UNDECIDED for a sweep that was cut short or strided and found no fault
 */
public record Certificate(String operation, String kernel, String verdict, List<JsonObject> rows) {
  /** The kind of the result file. */
  public static final String KIND = "certificate";

  /** Where the project keeps the certificates of its own kernels. */
  public static final String FOLDER = "reference-data/results/certificates";

  /** Every input was judged and conforms. */
  public static final String PASSED = "PASSED";

  /** An input was found that does not conform. */
  public static final String FAILED = "FAILED";

  /** No fault was found, but not everything was judged. */
  public static final String UNDECIDED = "UNDECIDED";

  /** The file of a certificate in a folder of them. */
  public static Path file(Path folder, String operation, String kernel) {
    return folder.resolve("%s.%s.json".formatted(operation, kernel));
  }

  /** Whether it is a proof: of all inputs that it speaks of, none failed. */
  boolean isProof() {
    return verdict.equals(PASSED);
  }

  /** The first reason why the kernel does not conform; null if none was found. */
  public @Nullable String fault() {
    return rows.stream()
        .map(row -> row.get("reason"))
        .filter(reason -> !reason.isJsonNull())
        .map(reason -> reason.getAsString())
        .findFirst()
        .orElse(null);
  }

  /** The certificate as a file. */
  ResultFile toFile() {
    return new ResultFile(KIND, Environment.current(), rows);
  }

  /** The certificate in a file; null if there is none. */
  public static @Nullable ResultFile read(Path folder, String operation, String kernel) {
    Path file = file(folder, operation, kernel);
    return Files.exists(file) ? ResultFile.read(file, List.of(KIND)) : null;
  }

  /** The certificate of a sweep over logits. */
  static Certificate of(
      String operation,
      String kernel,
      LogitSweep.Found found,
      int stride,
      List<Double> declaredUlp,
      @Nullable KernelSources sources) {
    boolean whole = found.complete() && stride == 1;
    List<String> faults = new ArrayList<>();
    for (int i = 0; i < found.tallies().size(); i++) {
      faults.add(found.tallies().get(i).fault(declaredUlp.get(i)));
    }
    String verdict = faults.stream().anyMatch(f -> f != null) ? FAILED : whole ? PASSED : UNDECIDED;
    List<JsonObject> rows = new ArrayList<>();
    for (int i = 0; i < found.tallies().size(); i++) {
      Tally tally = found.tallies().get(i);
      JsonObject row = header(operation, kernel, tally.output.output, faults.get(i) != null ? FAILED : verdict, sources);
      row.addProperty("reason", faults.get(i));
      row.addProperty("sampled", false);
      row.addProperty("stride", stride);
      row.addProperty("complete", found.complete());
      row.addProperty("seconds", Math.round(found.seconds() * 10) / 10.0);
      row.addProperty("finite_inputs", tally.checked);
      row.addProperty("declared_ulp", declaredUlp.get(i));
      row.add("max_ulp", Json.number(tally.maxUlp()));
      row.add("worst", tally.worst.list().isEmpty() ? null : worst(tally.worst.list().getFirst()));
      row.addProperty("correctly_rounded", tally.checked == 0 ? null : (double) tally.histogram[0] / tally.checked);
      JsonArray histogram = new JsonArray();
      for (long count : tally.histogram) {
        histogram.add(count);
      }
      row.add("histogram", histogram);
      row.addProperty("sums_sha256", whole ? sha256(tally.sums) : null);
      JsonObject identities = new JsonObject();
      if (operation.equals("bce_with_logits")) {
        identities.add("target_1_is_the_mirror_image", violations(tally.mirrored));
      }
      identities.add("range_and_sign", violations(tally.outOfRange));
      JsonObject order = violations(tally.outOfOrder);
      order.addProperty("largest_ulp", tally.largestStepBack);
      identities.add("order_of_neighbours", order);
      identities.add("special_values", violations(tally.special));
      row.add("identities", identities);
      rows.add(row);
    }
    return new Certificate(operation, kernel, verdict, rows);
  }

  /** What every row begins with. */
  static JsonObject header(
      String operation, String kernel, String output, String verdict, @Nullable KernelSources sources) {
    JsonObject row = new JsonObject();
    row.addProperty("operation", operation);
    row.addProperty("kernel", kernel);
    row.addProperty("dtype", "float32");
    row.addProperty("output", output);
    row.addProperty("verdict", verdict);
    JsonArray files = new JsonArray();
    if (sources != null) {
      sources.files().forEach(files::add);
    }
    row.addProperty("sources_sha256", sources == null ? null : sources.sha256());
    row.add("sources", files);
    return row;
  }

  private static JsonObject worst(Extremes.Extreme extreme) {
    JsonObject json = new JsonObject();
    json.addProperty("input", Float.toHexString(extreme.input()));
    json.addProperty("got", hex(extreme.got()));
    json.addProperty("correctly_rounded", hex(extreme.rounded()));
    return json;
  }

  private static String hex(float value) {
    return Float.isFinite(value) ? Float.toHexString(value) : Json.number(value).getAsString();
  }

  private static JsonObject violations(Tally.Violations violations) {
    JsonObject json = new JsonObject();
    json.addProperty("violations", violations.count);
    json.addProperty("first", violations.count == 0 ? null : hex(violations.first));
    return json;
  }

  /** Over the 256 sums as little-endian 64-bit integers, in the order of the inputs' top byte. */
  private static String sha256(long[] sums) {
    ByteBuffer bytes = ByteBuffer.allocate(sums.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long sum : sums) {
      bytes.putLong(sum);
    }
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }
}
