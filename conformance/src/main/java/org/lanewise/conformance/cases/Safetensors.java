package org.lanewise.conformance.cases;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * A file in the public safetensors format: the length of the header as a 64-bit little-endian integer, a JSON header, the
 * values. Everything the header claims is checked against the file's size before anything is allocated.
 */
final class Safetensors {
  private final String file;
  private final ByteBuffer values;
  private final Map<String, Json> header = new HashMap<>();

  Safetensors(String file, byte[] content) {
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
    for (String name : names.keys()) {
      if (!name.equals("__metadata__")) {
        header.put(name, names.object(name));
      }
    }
    this.values = buffer.slice(end, content.length - end).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The tensor of the given name. */
  Tensor tensor(String name) {
    Json entry = header.get(name);
    if (entry == null) {
      throw new DataException("%s has no tensor '%s'; write the data anew with generate.py.".formatted(file, name));
    }
    DType dtype = dtype(entry.string("dtype"));
    if (dtype == null) {
      throw entry.wrong("dtype", "one of F32, F64, F16, BF16, I64, I32, I16, I8, U8, BOOL");
    }
    int[] shape = entry.sizes("shape");
    int[] offsets = entry.sizes("data_offsets");
    long numel = 1;
    for (int size : shape) {
      numel = Math.multiplyHigh(numel, size) != 0 ? Long.MAX_VALUE : numel * size;
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
    return decode(dtype, values.slice(offsets[0], offsets[1] - offsets[0]).order(ByteOrder.LITTLE_ENDIAN), shape);
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
