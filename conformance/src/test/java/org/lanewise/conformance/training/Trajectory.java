package org.lanewise.conformance.training;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The start, the batches and the losses of a network that PyTorch trained, as the reference data stores them. */
record Trajectory(
    String name, String operation, JsonObject optimiser, double tolerance, Map<String, Tensor> inputs, float[] losses) {
  private static final String RESOURCES = "/lanewise/reference-data/";

  /** All that the index of the reference data names. */
  static List<Trajectory> all() {
    return json("index.json").getAsJsonObject("files").keySet().stream()
        .filter(file -> file.startsWith("training/") && file.endsWith(".json"))
        .map(Trajectory::read)
        .toList();
  }

  private static Trajectory read(String file) {
    JsonObject document = json(file);
    byte[] tensors = bytes(document.get("tensors").getAsString());
    return new Trajectory(
        document.get("name").getAsString(),
        document.get("operation").getAsString(),
        document.getAsJsonObject("optimiser"),
        document.get("tolerance").getAsDouble(),
        document.getAsJsonObject("inputs").entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> tensor(tensors, entry.getValue()))),
        tensor(tensors, document.getAsJsonObject("expect").get("losses")).floats());
  }

  /** A tensor of a safetensors file: the header's length, eight bytes, little-endian; the header, JSON; the values. */
  private static Tensor tensor(byte[] file, JsonElement reference) {
    String name = reference.getAsJsonObject().get("tensor").getAsString();
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.toIntExact(buffer.getLong());
    JsonObject entry = parse(new String(file, Long.BYTES, header, StandardCharsets.UTF_8)).getAsJsonObject(name);
    int[] shape = entry.getAsJsonArray("shape").asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    JsonArray offsets = entry.getAsJsonArray("data_offsets");
    buffer.position(Long.BYTES + header + offsets.get(0).getAsInt());
    buffer.limit(Long.BYTES + header + offsets.get(1).getAsInt());
    String dtype = entry.get("dtype").getAsString();
    return switch (dtype) {
      case "F32" -> {
        float[] values = new float[buffer.remaining() / Float.BYTES];
        buffer.asFloatBuffer().get(values);
        yield Tensor.of(values, shape);
      }
      case "I64" -> {
        long[] values = new long[buffer.remaining() / Long.BYTES];
        buffer.asLongBuffer().get(values);
        yield Tensor.of(values, shape);
      }
      case "U8" -> {
        byte[] values = new byte[buffer.remaining()];
        buffer.get(values);
        yield Tensor.of(DType.UINT8, values, shape);
      }
      default -> throw new IllegalArgumentException("Tensor %s is %s, not F32, I64 or U8.".formatted(name, dtype));
    };
  }

  private static JsonObject json(String file) {
    return parse(new String(bytes(file), StandardCharsets.UTF_8));
  }

  private static JsonObject parse(String json) {
    return new Gson().fromJson(json, JsonObject.class);
  }

  private static byte[] bytes(String file) {
    try (InputStream in = Trajectory.class.getResourceAsStream(RESOURCES + file)) {
      if (in == null) {
        throw new FileNotFoundException("The reference data on the class path has no file '%s'.".formatted(file));
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
