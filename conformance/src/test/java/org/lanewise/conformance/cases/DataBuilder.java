package org.lanewise.conformance.cases;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes small folders of reference data for tests, right ones and wrong ones. */
public final class DataBuilder {
  private final Path folder;
  private final StringBuilder header = new StringBuilder();
  private final ByteArrayOutputStream values = new ByteArrayOutputStream();
  private final StringBuilder cases = new StringBuilder();
  private final Map<String, byte[]> replaced = new LinkedHashMap<>();
  private String operation = "bce_with_logits";

  public DataBuilder(Path folder) {
    this.folder = folder;
  }

  public DataBuilder operation(String operation) {
    this.operation = operation;
    return this;
  }

  public DataBuilder floats(String name, float... array) {
    ByteBuffer bytes = ByteBuffer.allocate(array.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(array);
    return tensor(name, "F32", array.length, bytes.array());
  }

  public DataBuilder doubles(String name, double... array) {
    ByteBuffer bytes = ByteBuffer.allocate(array.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(array);
    return tensor(name, "F64", array.length, bytes.array());
  }

  private DataBuilder tensor(String name, String dtype, int length, byte[] bytes) {
    int start = values.size();
    values.writeBytes(bytes);
    header
        .append(header.isEmpty() ? "" : ",")
        .append(
            "\"%s\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[%d,%d]}"
                .formatted(name, dtype, length, start, values.size()));
    return this;
  }

  /** A BCE case with reduction none over n elements, from tensors x, t, p (PyTorch's losses) and e (exact). */
  public DataBuilder elementwiseCase(String id, int n, String deviations) {
    return rawCase(
        """
        {"id":"%s","region":"TEST","rules":[],
         "inputs":{"logits":{"dtype":"float32","shape":[%2$d],"tensor":"x"},
                   "target":{"dtype":"float32","shape":[%2$d],"tensor":"t"}},
         "options":{"reduction":"none"},
         "expect":{"outputs":{"loss":{"dtype":"float32","shape":[%2$d],"pytorch":"p","exact":"e"}}},
         "deviations":[%3$s]}"""
            .formatted(id, n, deviations));
  }

  public DataBuilder rawCase(String json) {
    cases.append(cases.isEmpty() ? "" : ",").append(json);
    return this;
  }

  /** Replaces a file by other bytes; the index then holds their right sum. */
  public DataBuilder replace(String name, byte[] content) {
    replaced.put(name, content);
    return this;
  }

  public byte[] safetensors() {
    byte[] json = ("{" + header + "}").getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + values.size())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(values.toByteArray())
        .array();
  }

  public String casesJson() {
    return "{\"format\":\"lanewise/cases\",\"version\":1,\"operation\":\"%s\",\"tensors\":\"tensors/x.safetensors\",\"cases\":[%s]}"
        .formatted(operation, cases);
  }

  public Path write() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("cases/x.json", casesJson().getBytes(StandardCharsets.UTF_8));
    files.put("tensors/x.safetensors", safetensors());
    replaced.forEach((name, content) -> files.computeIfPresent(name, (n, old) -> content));
    StringBuilder sums = new StringBuilder();
    files.forEach(
        (name, content) ->
            sums.append(sums.isEmpty() ? "" : ",")
                .append("\"%s\":{\"bytes\":%d,\"sha256\":\"%s\"}".formatted(name, content.length, DataFolder.sha256(content))));
    String index =
        "{\"format\":\"lanewise/reference-data\",\"version\":1,\"versions\":{\"torch\":\"2.13.0\"},\"files\":{%s}}"
            .formatted(sums);
    files.put("index.json", replaced.getOrDefault("index.json", index.getBytes(StandardCharsets.UTF_8)));
    try {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Path path = folder.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.write(path, file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
  }
}
