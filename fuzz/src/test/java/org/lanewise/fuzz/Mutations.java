package org.lanewise.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** Inputs made of others by a few changes each, of the kinds that readers trip over. The same seed gives the same ones. */
final class Mutations {
  private static final int LARGEST = 1 << 16;

  /** Values that JSON may have in the place of another. */
  static final List<String> VALUES =
      List.of(
          "0", "-1", "1", "2", "255", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807",
          "9223372036854775808", "-9223372036854775808", "1.5", "1e400", "1e-400", "1e999999999", "-0.0", "00", "0x10",
          "null", "true", "false", "\"\"", "\"NaN\"", "\"inf\"", "\"-inf\"", "[]", "{}", "[[]]", "[null]", "[1,2]", "{\"a\":1}",
          "\"\\u0000\"", "\"\\u001b[31m\\n\"", "\"\\ud800\"", "\"é\"", "NaN", "Infinity", "[1e400]", "[0,0,0,0,0,0,0,0,0]");

  private final List<byte[]> seeds;
  private final List<byte[]> words;
  private final RandomGenerator random;

  Mutations(List<byte[]> seeds, List<String> words, RandomGenerator random) {
    this.seeds = seeds;
    this.words =
        Stream.concat(words.stream(), VALUES.stream())
            .map(word -> word.getBytes(StandardCharsets.UTF_8))
            .toList();
    this.random = random;
  }

  byte[] next() {
    byte[] input = seed();
    int changes = 1 + random.nextInt(1 << random.nextInt(5));
    for (int i = 0; i < changes; i++) {
      input = change(input);
    }
    return input.length > LARGEST ? Arrays.copyOf(input, LARGEST) : input;
  }

  private byte[] seed() {
    return seeds.get(random.nextInt(seeds.size()));
  }

  private byte[] change(byte[] input) {
    int from = position(input);
    int to = Math.min(input.length, from + 1 + random.nextInt(1 << random.nextInt(9)));
    return switch (random.nextInt(12)) {
      case 0 -> with(input, from, (byte) (at(input, from) ^ 1 << random.nextInt(8)));
      case 1 -> with(input, from, (byte) random.nextInt());
      case 2 -> integer(input, from);
      case 3 -> replace(input, from, to, new byte[0]);
      case 4 -> replace(input, from, from, Arrays.copyOfRange(input, from, to)); // twice
      case 5 -> replace(input, from, from, bytes(1 + random.nextInt(16)));
      case 6 -> replace(input, from, from, word());
      case 7 -> Arrays.copyOf(input, from);
      case 8 -> splice(input, from, to);
      case 9 -> replace(input, from, to, copied(input, to - from));
      default -> value(input, from);
    };
  }

  /** A JSON value, or what stands in its place, is another. */
  private byte[] value(byte[] input, int near) {
    int from = near;
    while (from < input.length && ":,[{".indexOf(input[from]) < 0) {
      from++;
    }
    from = Math.min(input.length, from + 1);
    int to = from;
    int depth = 0;
    while (to < input.length && (depth > 0 || ",]}".indexOf(input[to]) < 0)) {
      depth += "[{".indexOf(input[to]) >= 0 ? 1 : "]}".indexOf(input[to]) >= 0 ? -1 : 0;
      to++;
    }
    return replace(input, from, to, word());
  }

  /** A binary integer becomes another. */
  private byte[] integer(byte[] input, int from) {
    int width = 1 << random.nextInt(4);
    if (from + width > input.length) {
      return input;
    }
    long value =
        switch (random.nextInt(4)) {
          case 0 -> random.nextLong();
          case 1 -> (1L << random.nextInt(64)) - random.nextInt(3) + 1;
          case 2 -> random.nextInt(300);
          default -> -1 - random.nextInt(3);
        };
    byte[] little = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    return replace(input, from, from + width, Arrays.copyOf(little, width));
  }

  /** A part of the input, for another place in it. */
  private byte[] copied(byte[] input, int length) {
    int from = random.nextInt(input.length - length + 1);
    return Arrays.copyOfRange(input, from, from + length);
  }

  private byte[] splice(byte[] input, int from, int to) {
    byte[] other = seed();
    int start = position(other);
    int end = Math.min(other.length, start + 1 + random.nextInt(64));
    return replace(input, from, random.nextBoolean() ? from : to, Arrays.copyOfRange(other, start, end));
  }

  /** Half of the time near the beginning, where lengths and kinds are. */
  private int position(byte[] input) {
    int bound = random.nextBoolean() ? Math.min(input.length, 32) : input.length;
    return random.nextInt(bound + 1);
  }

  private byte[] word() {
    return words.get(random.nextInt(words.size()));
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte at(byte[] input, int at) {
    return at < input.length ? input[at] : 0;
  }

  private static byte[] with(byte[] input, int at, byte value) {
    return at < input.length ? replace(input, at, at + 1, value) : input;
  }

  private static byte[] replace(byte[] input, int from, int to, byte... by) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(input.length + by.length);
    out.write(input, 0, from);
    out.writeBytes(by);
    out.write(input, to, input.length - to);
    return out.toByteArray();
  }
}
