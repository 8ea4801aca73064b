package org.lanewise.conformance.cases;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * A file in the public safetensors format: the length of the header as a 64-bit little-endian integer, a JSON header, the
 * values. Everything the header claims is checked against the file's size before anything is allocated.
 */
public final class Safetensors {
  private static final String METADATA = "__metadata__";

  private final String file;
  private final ByteBuffer values;
  private final Map<String, Place> places = new LinkedHashMap<>();
  private final @Nullable Json metadata;

  /** What the header says of a tensor. */
  private record Place(DType dtype, int[] shape, int begin, int end) {}

  /**
   * Reads a file.
   *
   * @param file its name, for messages
   * @throws DataException if it is not of the format, or what it says of a tensor does not fit
   */
  public Safetensors(String file, byte[] content) {
    this.file = file;
    if (content.length < Long.BYTES) {
      throw new DataException(
          "%s has %d bytes, too few for a safetensors header; write the data anew.".formatted(file, content.length));
    }
    ByteBuffer buffer = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    long headerLength = buffer.getLong();
    if (headerLength < 2 || headerLength > content.length - Long.BYTES) {
      throw new DataException(
          "%s claims a header of %s bytes, but only %d follow; write the data anew."
              .formatted(file, Long.toUnsignedString(headerLength), content.length - Long.BYTES));
    }
    int end = Long.BYTES + (int) headerLength;
    Json names = Json.parse(file, Arrays.copyOfRange(content, Long.BYTES, end));
    this.metadata = names.has(METADATA) ? names.object(METADATA) : null;
    this.values = buffer.slice(end, content.length - end).order(ByteOrder.LITTLE_ENDIAN);
    long bytes = 0;
    for (String name : names.keys()) {
      if (!name.equals(METADATA)) {
        Place place = place(name, names.object(name));
        places.put(name, place);
        bytes += place.end - place.begin;
      }
    }
    if (bytes > values.capacity()) {
      // Not what the format allows, and of a small file it would make tensors that no memory holds.
      throw new DataException(
          "%s has tensors of %d bytes and values of %d, so that they overlap; write the data anew."
              .formatted(file, bytes, values.capacity()));
    }
  }

  private Place place(String name, Json entry) {
    DType dtype = dtype(entry.string("dtype"));
    if (dtype == null) {
      throw entry.wrong("dtype", "one of F32, F64, F16, BF16, I64, I32, I16, I8, U8, BOOL");
    }
    int[] shape = entry.sizes("shape");
    int[] offsets = entry.sizes("data_offsets");
    long numel = 1;
    for (int size : shape) {
      // More than an array holds stays more, unless a size is 0.
      numel = Math.min(numel * size, Integer.MAX_VALUE + 1L);
    }
    if (offsets.length != 2
        || offsets[0] > offsets[1]
        || offsets[1] > values.capacity()
        || numel > Integer.MAX_VALUE
        || offsets[1] - (long) offsets[0] != numel * dtype.bytes()) {
      throw new DataException(
          "%s: the offsets %s of tensor '%s' do not fit its shape %s, or the file; write the data anew."
              .formatted(file, Arrays.toString(offsets), name, Arrays.toString(shape)));
    }
    return new Place(dtype, shape, offsets[0], offsets[1]);
  }

  /** The names of the tensors. */
  public Set<String> names() {
    return places.keySet();
  }

  /** An entry of the metadata, a text. */
  public String metadata(String key) {
    if (metadata == null) {
      throw new DataException("%s has no %s; write it anew.".formatted(file, METADATA));
    }
    return metadata.string(key);
  }

  /**
   * The tensor of the given name.
   *
   * @throws DataException if there is none
   */
  public Tensor tensor(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new DataException("%s has no tensor '%s'; write the data anew with generate.py.".formatted(file, name));
    }
    ByteBuffer bytes = values.slice(place.begin, place.end - place.begin).order(ByteOrder.LITTLE_ENDIAN);
    return decode(place.dtype, bytes, place.shape);
  }

  /** The tensor whose little-endian values are given. */
  private static Tensor decode(DType dtype, ByteBuffer bytes, int[] shape) {
    Tensor tensor = Tensor.zeros(dtype, shape);
    switch (tensor.array()) {
      case float[] array -> bytes.asFloatBuffer().get(array);
      case double[] array -> bytes.asDoubleBuffer().get(array);
      case long[] array -> bytes.asLongBuffer().get(array);
      case int[] array -> bytes.asIntBuffer().get(array);
      case short[] array -> bytes.asShortBuffer().get(array);
      case byte[] array -> bytes.get(array);
      default -> throw new IllegalStateException("No dtype has an array of " + tensor.array().getClass());
    }
    return tensor;
  }

  /** A file with the given tensors and metadata; values begin at multiples of eight bytes. */
  public static byte[] write(Map<String, Tensor> tensors, Map<String, String> metadata) {
    JsonObject header = new JsonObject();
    JsonObject texts = new JsonObject();
    metadata.forEach(texts::addProperty);
    header.add(METADATA, texts);
    // The format knows no gaps: wide dtypes come first, so that every tensor is aligned to its own width.
    List<Map.Entry<String, Tensor>> ordered = new ArrayList<>(tensors.entrySet());
    ordered.sort(Comparator.comparingInt(entry -> -entry.getValue().dtype().bytes()));
    long offset = 0;
    for (Map.Entry<String, Tensor> entry : ordered) {
      Tensor tensor = entry.getValue();
      JsonObject place = new JsonObject();
      place.addProperty("dtype", name(tensor.dtype()));
      JsonArray shape = new JsonArray();
      for (int size : tensor.shape()) {
        shape.add(size);
      }
      place.add("shape", shape);
      JsonArray offsets = new JsonArray();
      offsets.add(offset);
      offset += (long) tensor.numel() * tensor.dtype().bytes();
      offsets.add(offset);
      place.add("data_offsets", offsets);
      header.add(entry.getKey(), place);
    }
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    int headerLength = Math.ceilDiv(text.length, Long.BYTES) * Long.BYTES;
    ByteBuffer file =
        ByteBuffer.allocate(Math.toIntExact(Long.BYTES + headerLength + offset)).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(headerLength).put(text);
    while (file.position() < Long.BYTES + headerLength) {
      file.put((byte) ' ');
    }
    ordered.forEach(entry -> file.put(encode(entry.getValue())));
    return file.array();
  }

  /** The little-endian bytes of a tensor's values. */
  static byte[] encode(Tensor tensor) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(tensor.numel(), tensor.dtype().bytes())).order(ByteOrder.LITTLE_ENDIAN);
    switch (tensor.array()) {
      case float[] array -> bytes.asFloatBuffer().put(array);
      case double[] array -> bytes.asDoubleBuffer().put(array);
      case long[] array -> bytes.asLongBuffer().put(array);
      case int[] array -> bytes.asIntBuffer().put(array);
      case short[] array -> bytes.asShortBuffer().put(array);
      case byte[] array -> bytes.put(array);
      default -> throw new IllegalStateException("No dtype has an array of " + tensor.array().getClass());
    }
    return bytes.array();
  }

  private static String name(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> "F32";
      case FLOAT64 -> "F64";
      case FLOAT16 -> "F16";
      case BFLOAT16 -> "BF16";
      case INT64 -> "I64";
      case INT32 -> "I32";
      case INT16 -> "I16";
      case INT8 -> "I8";
      case UINT8 -> "U8";
      case BOOL -> "BOOL";
    };
  }

  private static @Nullable DType dtype(String name) {
    return switch (name) {
      case "F32" -> DType.FLOAT32;
      case "F64" -> DType.FLOAT64;
      case "F16" -> DType.FLOAT16;
      case "BF16" -> DType.BFLOAT16;
      case "I64" -> DType.INT64;
      case "I32" -> DType.INT32;
      case "I16" -> DType.INT16;
      case "I8" -> DType.INT8;
      case "U8" -> DType.UINT8;
      case "BOOL" -> DType.BOOL;
      default -> null;
    };
  }
}
