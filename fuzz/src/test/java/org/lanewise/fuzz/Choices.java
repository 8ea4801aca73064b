package org.lanewise.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Bytes read as choices, for targets whose input has structure. After the last byte every choice is the first. */
public final class Choices {
  private final byte[] bytes;
  private int next;

  /** @param bytes what decides */
  public Choices(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Inputs to begin with, the same each time. */
  public static List<byte[]> random(int count) {
    Random random = new Random(count);
    List<byte[]> inputs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] input = new byte[16 + random.nextInt(200)];
      random.nextBytes(input);
      input[0] = (byte) i; // what decides most
      inputs.add(input);
    }
    return inputs;
  }

  /** A number from 0 to 255. */
  public int any() {
    return next < bytes.length ? bytes[next++] & 0xFF : 0;
  }

  /** A number below the bound, which is at most 256. */
  public int below(int bound) {
    return any() % bound;
  }

  /** Whether one in so many. */
  public boolean oneIn(int times) {
    return below(times) == times - 1;
  }

  /** Yes or no. */
  public boolean flag() {
    return below(2) == 1;
  }

  /** One of several. */
  public <T> T of(List<T> several) {
    return several.get(below(several.size()));
  }

  /** Any 64 bits. */
  public long bits() {
    long bits = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      bits = bits << 8 | any();
    }
    return bits;
  }

  /** An integer of the kind that breaks things, or a small one. */
  public long integer() {
    return switch (below(8)) {
      case 0, 1, 2 -> below(5);
      case 3 -> of(EDGES);
      case 4 -> -of(EDGES);
      case 5 -> (1L << below(64)) - below(3) + 1;
      case 6 -> (long) any() * any();
      default -> bits();
    };
  }

  /** A number of the kind that breaks things, or an ordinary one. */
  public double number() {
    return switch (below(4)) {
      case 0 -> below(21) / 10.0 - 1;
      case 1 -> of(SPECIAL);
      case 2 -> Double.longBitsToDouble(bits());
      default -> (any() - 128) / 8.0;
    };
  }

  private static final List<Long> EDGES =
      List.of(
          1L, 127L, 128L, 255L, 256L, 32_767L, 32_768L, 46_341L, 65_535L, 65_536L, 65_537L, 1L << 30, (1L << 31) - 1, 1L << 31,
          (1L << 32) - 1, 1L << 32, 1L << 53, 1L << 61, Long.MAX_VALUE, Long.MIN_VALUE);

  private static final List<Double> SPECIAL =
      List.of(
          0.0, -0.0, 1.0, -1.0, 0.5, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.MIN_VALUE,
          Double.MAX_VALUE, -Double.MAX_VALUE, (double) Float.MIN_VALUE, (double) Float.MAX_VALUE, 1e-40, 88.8, -103.97, 1e300);
}
