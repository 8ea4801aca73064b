package org.lanewise.kernels;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Digests of everything that a kernel computes behind the front doors from a fixed set of inputs, by group, so that a
 * difference has a name; a program of its own, for other JVMs to run.
 */
final class Fingerprint {
  private static final int[] CLASSES = {1, 2, 10, 33, 255, 256, 1000, 4096};
  private static final DType[] FLOATS = {DType.FLOAT32, DType.FLOAT64, DType.FLOAT16, DType.BFLOAT16};

  /** Logits within ±8, where most are; within ±128, so that rows are spread and exponentials vanish. */
  private static final int[] EXPONENTS = {-20, -16};

  private final KernelProvider provider;
  private final int threads;
  private final Map<String, String> digests = new TreeMap<>();
  private MessageDigest digest = sha256();
  private long seed;

  private Fingerprint(String id, int threads) {
    this.provider = Samples.provider(id);
    this.threads = threads;
  }

  /**
   * Prints the digests of each kernel, what {@code vector} says of its availability, and what {@code auto} chooses.
   *
   * @param arguments milliseconds to repeat the computation for, so that the JIT compilers take over from the interpreter
   *     (every repetition must give the same digests); the number of threads; ids of kernels
   */
  public static void main(String[] arguments) {
    Availability availability = Samples.provider("vector").availability();
    System.out.println(
        availability.available()
            ? "vector is available"
            : "vector is not available: %s %s".formatted(availability.reason(), availability.remedy()));
    System.out.println("auto chooses " + Kernels.auto().id());
    int threads = Integer.parseInt(arguments[1]);
    for (String id : Arrays.copyOfRange(arguments, 2, arguments.length)) {
      Map<String, String> first = of(id, threads);
      Map<String, String> last = first;
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Long.parseLong(arguments[0]));
      while (last.equals(first) && System.nanoTime() < end) {
        last = of(id, threads);
      }
      Map<String, String> later = last;
      first.forEach(
          (group, sum) -> {
            String again = later.get(group);
            System.out.printf("%s %s %s%s%n", id, group, sum, again.equals(sum) ? "" : ", later " + again);
          });
    }
  }


  /**
   * The digests by group; groups that the kernel does not supply are missing.
   *
   * @param threads where more than 1, also of batches of several blocks: smaller ones are not split
   */
  static Map<String, String> of(String id, int threads) {
    Fingerprint fingerprint = new Fingerprint(id, threads);
    for (DType dtype : FLOATS) {
      if (Declarations.has(fingerprint.provider, Operation.BCE_WITH_LOGITS, Declarations.computation(Tensor.zeros(dtype)))) {
        fingerprint.bceWithLogits(dtype);
      }
      if (Declarations.has(fingerprint.provider, Operation.CROSS_ENTROPY, Declarations.computation(Tensor.zeros(dtype)))) {
        fingerprint.crossEntropy(dtype);
      }
    }
    if (threads > 1) {
      fingerprint.blocks();
    }
    return fingerprint.digests;
  }

  private void bceWithLogits(DType dtype) {
    int size = 509; // whole vectors and a rest at every width
    seed = 1000;
    Map<String, Tensor> logits =
        Map.of(
            "within_8", Recipe.uniform(dtype, ++seed, -20, size),
            "within_128", Recipe.uniform(dtype, ++seed, -16, size),
            "any_bits", Recipe.bits(dtype, ++seed, size));
    for (Map.Entry<String, Tensor> kind : new TreeMap<>(logits).entrySet()) {
      String group = "bce_with_logits/%s/%s".formatted(dtype.id(), kind.getKey());
      for (Tensor target : new Tensor[] {Recipe.binary(dtype, ++seed, size), Recipe.uniform(dtype, ++seed, -23, size)}) {
        for (Reduction reduction : Reduction.values()) {
          BceWithLogits loss = BceWithLogits.on(provider).reduction(reduction).threads(threads);
          Tensor upstream = reduction == Reduction.NONE ? Recipe.uniform(dtype, ++seed, -22, size) : Tensor.scalar(0.7f);
          add(loss.forwardBackward(kind.getValue(), target, upstream));
        }
      }
      end(group);
    }
    Tensor logitsMatrix = Recipe.uniform(dtype, ++seed, -19, 37, 11);
    Tensor target = Recipe.binary(dtype, ++seed, 37, 11);
    BceWithLogits weighted =
        BceWithLogits.on(provider)
            .weight(Recipe.uniform(dtype, ++seed, -22, 37, 1))
            .posWeight(Recipe.uniform(dtype, ++seed, -21, 11))
            .threads(threads);
    add(weighted.forwardBackward(logitsMatrix, target));
    add(weighted.targetGradient(logitsMatrix, target, null));
    end("bce_with_logits/%s/weights".formatted(dtype.id()));
  }

  private void crossEntropy(DType dtype) {
    for (int classes : CLASSES) {
      seed = 2000L + classes;
      int rows = Math.clamp(400 / classes, 1, 37);
      String group = "cross_entropy/%s/%d_classes".formatted(dtype.id(), classes);
      Tensor indices = Recipe.index(++seed, classes, rows);
      Tensor weight = Recipe.uniform(dtype, ++seed, -22, classes);
      CrossEntropy loss = CrossEntropy.on(provider).threads(threads);
      for (int exponent : EXPONENTS) {
        Tensor logits = Recipe.uniform(dtype, ++seed, exponent, rows, classes);
        CrossEntropy none = loss.reduction(Reduction.NONE);
        add(none.forwardBackward(logits, indices, Recipe.uniform(dtype, ++seed, -22, rows)));
        add(loss.forwardBackward(logits, indices));
      }
      Tensor logits = Recipe.uniform(dtype, ++seed, -19, rows, classes);
      add(loss.reduction(Reduction.SUM).weight(weight).ignoreIndex(indices.getLong(rows - 1)).forwardBackward(logits, indices));
      add(loss.weight(weight).forwardBackward(logits, indices));
      add(loss.reduction(Reduction.NONE).forwardBackward(Recipe.bits(dtype, ++seed, rows, classes), indices));
      end(group);

      if (classes <= 1000) {
        add(loss.weight(weight).labelSmoothing(0.1).forwardBackward(logits, indices));
        if (rows > 1) { // [1, 1] would be indices and probabilities at once
          Tensor probabilities = Recipe.uniform(dtype, ++seed, -23, rows, classes);
          add(loss.forwardBackward(logits, probabilities));
          add(loss.targetGradient(logits, probabilities, null));
        }
        end(group + "_spread_targets");
      }
    }
    seed = 3000;
    Tensor logits = Recipe.uniform(dtype, ++seed, -19, 3, 40, 7);
    add(CrossEntropy.on(provider).threads(threads).forwardBackward(logits, Recipe.index(++seed, 40, 3, 7)));
    end("cross_entropy/%s/inner".formatted(dtype.id()));
  }

  /** Batches of several blocks, in float32. */
  private void blocks() {
    seed = 4000;
    int size = 5 * BceWithLogitsBatch.BLOCK + 77;
    BceWithLogits bce = BceWithLogits.on(provider).threads(threads);
    Tensor target = Recipe.binary(DType.FLOAT32, ++seed, size);
    add(bce.forwardBackward(Recipe.uniform(DType.FLOAT32, ++seed, -20, size), target));
    end("bce_with_logits/float32/blocks");
    CrossEntropy crossEntropy = CrossEntropy.on(provider).threads(threads);
    for (int classes : new int[] {10, 1000}) {
      int rows = size / classes;
      Tensor indices = Recipe.index(++seed, classes, rows);
      add(crossEntropy.forwardBackward(Recipe.uniform(DType.FLOAT32, ++seed, -20, rows, classes), indices));
    }
    end("cross_entropy/float32/blocks");
  }

  private void end(String group) {
    digests.put(group, HexFormat.of().formatHex(digest.digest()));
  }

  private void add(LossAndGradient result) {
    add(result.loss());
    add(result.logitsGradient());
  }

  /** Every NaN as the same: its payload is the CPU's affair. */
  private void add(Tensor tensor) {
    ByteBuffer bytes = ByteBuffer.allocate(tensor.numel() * tensor.dtype().bytes());
    for (int i = 0; i < tensor.numel(); i++) {
      switch (tensor.array()) {
        case float[] values -> bytes.putInt(Float.floatToIntBits(values[i]));
        case double[] values -> bytes.putLong(Double.doubleToLongBits(values[i]));
        case short[] values -> bytes.putShort(Double.isNaN(tensor.getDouble(i)) ? Short.MAX_VALUE : values[i]);
        default -> throw new IllegalArgumentException("no result is " + tensor.dtype());
      }
    }
    digest.update(bytes.array());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
