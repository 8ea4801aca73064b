package org.lanewise.kernels;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.tensor.DType;

/** One hash of everything that a kernel computes from a fixed set of inputs; a program of its own, for other JVMs to run. */
final class Fingerprint {
  private Fingerprint() {}

  /**
   * Prints the hash of each kernel, what {@code vector} says of its availability, and what {@code auto} chooses.
   *
   * @param arguments milliseconds to repeat the computation for, so that the JIT compilers take over from the interpreter;
   *     every repetition must give the same hash
   */
  public static void main(String[] arguments) {
    Availability availability = Samples.provider("vector").availability();
    System.out.println(
        availability.available()
            ? "vector is available"
            : "vector is not available: %s %s".formatted(availability.reason(), availability.remedy()));
    System.out.println("auto chooses " + Kernels.auto().id());
    for (String id : Arrays.copyOfRange(arguments, 1, arguments.length)) {
      String first = of(id);
      String last = first;
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Long.parseLong(arguments[0]));
      while (last.equals(first) && System.nanoTime() < end) {
        last = of(id);
      }
      System.out.println(id + " " + first + (last.equals(first) ? "" : ", later " + last));
    }
  }

  static String of(String id) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
    Random random = new Random(5);
    for (Samples.Logits kind : Samples.Logits.values()) {
      int size = 61; // whole vectors and a rest at every width
      float[] logits = kind.array(size, random);
      for (Samples.Target targets : Samples.Target.values()) {
        bce(id, logits, targets.array(size, random), random, digest);
        bceFloat64(id, logits, targets.array(size, random), random, digest);
      }
      crossEntropy(id, 1, 61, logits, random, digest);
      crossEntropy(id, 6, 10, logits, random, digest);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void bce(String id, float[] logits, float[] target, Random random, MessageDigest digest) {
    int size = logits.length;
    BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
    call.rows = 1;
    call.columns = size;
    call.logits.set(logits, 0, size, 1);
    call.target.set(target, 0, size, 1);
    call.upstream.set(Samples.Logits.ORDINARY.array(size, random), 0, size, 1);
    call.gradientScale = 1 / 3.0;
    call.loss.set(new float[size], 0, size, 1);
    call.logitsGradient.set(new float[size], 0, size, 1);
    Samples.bce(id).compute(call);
    add(call.loss.array, digest);
    add(call.logitsGradient.array, digest);
    add(call.lossSum, digest);
  }

  /** With every option, as one path serves them all. */
  private static void bceFloat64(String id, float[] logits, float[] target, Random random, MessageDigest digest) {
    int size = logits.length;
    BceWithLogitsCall<double[]> call = new BceWithLogitsCall<>();
    call.rows = 1;
    call.columns = size;
    call.logits.set(doubles(logits, random), 0, size, 1);
    call.target.set(doubles(target, random), 0, size, 1);
    call.weight.set(doubles(Samples.Logits.ORDINARY.array(size, random), random), 0, size, 1);
    call.posWeight.set(doubles(Samples.Target.SOFT.array(size, random), random), 0, size, 1);
    call.upstream.set(doubles(Samples.Logits.ORDINARY.array(size, random), random), 0, size, 1);
    call.gradientScale = 1 / 3.0;
    call.loss.set(new double[size], 0, size, 1);
    call.logitsGradient.set(new double[size], 0, size, 1);
    call.targetGradient.set(new double[size], 0, size, 1);
    Samples.provider(id).<double[]>bceWithLogits(DType.FLOAT64).compute(call);
    for (double[] values : List.of(call.loss.array, call.logitsGradient.array, call.targetGradient.array)) {
      for (double value : values) {
        add(value, digest);
      }
    }
    add(call.lossSum, digest);
  }

  /** The values as float64, those that are neither 0 nor 1 with bits of their own below the float32. */
  private static double[] doubles(float[] values, Random random) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i] == 0 || values[i] == 1 ? values[i] : values[i] * (1 + random.nextDouble() * 0x1p-24);
    }
    return doubles;
  }

  private static void crossEntropy(
      String id, int rows, int classes, float[] logits, Random random, MessageDigest digest) {
    CrossEntropyCall<float[]> call = new CrossEntropyCall<>();
    call.outer = rows;
    call.classes = classes;
    call.inner = 1;
    call.logits.set(logits, 0, classes, 1);
    call.target.set(Samples.classIndices(rows, classes, random), 0, 1, 1);
    call.ignoreIndex = -100;
    call.gradientScale = 1 / 3.0;
    call.loss.set(new float[rows], 0, 1, 1);
    call.logitsGradient.set(new float[rows * classes], 0, classes, 1);
    Samples.crossEntropy(id).compute(call);
    add(call.loss.array, digest);
    add(call.logitsGradient.array, digest);
    add(call.lossSum, digest);
  }

  private static void add(float[] values, MessageDigest digest) {
    for (float value : values) {
      digest.update(ByteBuffer.allocate(Float.BYTES).putInt(Float.floatToIntBits(value)).array());
    }
  }

  private static void add(double value, MessageDigest digest) {
    digest.update(ByteBuffer.allocate(Double.BYTES).putLong(Double.doubleToLongBits(value)).array());
  }
}
