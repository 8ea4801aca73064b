package org.lanewise.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.Safetensors;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The reader of safetensors files: the input as a file, and once more with the length of the header put right. */
final class SafetensorsTarget implements Target {
  @Override
  public void feed(byte[] input) {
    read(input);
    read(framed(input));
  }

  private static void read(byte[] file) {
    try {
      Safetensors read = new Safetensors("the input", file);
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String name : read.names()) {
        tensors.put(name, read.tensor(name));
      }
      long bytes = tensors.values().stream().mapToLong(tensor -> (long) tensor.numel() * tensor.dtype().bytes()).sum();
      long header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (bytes > file.length - Long.BYTES - header) {
        throw new AssertionError("The tensors have %d bytes, more than the file has values.".formatted(bytes));
      }
      assertWritable(tensors);
      read.metadata("lanewise");
    } catch (DataException e) {
      Sentences.check(e);
    }
  }

  /** What was read is written and read again without a change. */
  private static void assertWritable(Map<String, Tensor> tensors) {
    Safetensors again = new Safetensors("its copy", Safetensors.write(tensors, Map.of()));
    for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
      if (!again.tensor(tensor.getKey()).sameBits(tensor.getValue())) {
        throw new AssertionError("The tensor '%s' changes when it is written.".formatted(tensor.getKey()));
      }
    }
  }

  /** Length, header up to the last brace of the first line, values. */
  private static byte[] framed(byte[] input) {
    int start = Math.min(input.length, Long.BYTES);
    int end = start;
    int depth = 0;
    boolean text = false;
    while (end < input.length) {
      byte b = input[end++];
      if (text) {
        end += b == '\\' && end < input.length ? 1 : 0;
        text = b != '"';
      } else if (b == '"') {
        text = true;
      } else {
        depth += b == '{' ? 1 : b == '}' ? -1 : 0;
        if (depth <= 0) {
          break;
        }
      }
    }
    byte[] file = input.length < Long.BYTES ? new byte[Long.BYTES] : input.clone();
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(end - start);
    return file;
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    Map<String, Tensor> all = new LinkedHashMap<>();
    for (DType dtype : DType.values()) {
      all.put(dtype.id(), Tensor.zeros(dtype, 2, 3));
    }
    seeds.add(Safetensors.write(all, Map.of("lanewise", "{}")));
    seeds.add(Safetensors.write(Map.of("x", Tensor.of(new float[] {1, 2}, 2)), Map.of("lanewise", "{\"a\":1}")));
    seeds.add(Safetensors.write(Map.of("", Tensor.scalar(1), "empty", Tensor.zeros(DType.INT64, 0, 7)), Map.of()));
    seeds.add(Safetensors.write(Map.of(), Map.of()));
    return seeds;
  }

  @Override
  public List<String> words() {
    return List.of(
        "\"dtype\":", "\"shape\":", "\"data_offsets\":", "\"__metadata__\":", "\"lanewise\":", "\"F32\"", "\"F64\"", "\"F16\"",
        "\"BF16\"", "\"I64\"", "\"U8\"", "\"BOOL\"", "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}", ",", "[0,0]",
        "[2147483647,2147483647]", "[65536,65536]", "[0,65536,65536]", "[4294967296]");
  }
}
