package org.lanewise.conformance.cases;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** A large input as a rule instead of as values: the same bits here and in the generator. */
final class Recipe {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private Recipe() {}

  /** The tensor that the recipe describes, checked against its stored SHA-256. */
  static Tensor tensor(Json entry, DType dtype, int[] shape) {
    Json recipe = entry.object("recipe");
    String kind = recipe.string("kind");
    long seed = recipe.integer("seed");
    int numel = Tensor.numel(shape);
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(numel, dtype.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    Tensor tensor = Tensor.zeros(dtype, shape);
    switch (tensor.array()) {
      case float[] values when kind.equals("uniform") -> {
        int exponent = Math.toIntExact(recipe.integer("exponent"));
        for (int i = 0; i < numel; i++) {
          values[i] = Math.scalb((float) ((splitmix64(seed, i) >>> 40) - (1 << 23)), exponent);
          bytes.putFloat(values[i]);
        }
      }
      case float[] values when kind.equals("binary") -> {
        for (int i = 0; i < numel; i++) {
          values[i] = splitmix64(seed, i) < 0 ? 1 : 0;
          bytes.putFloat(values[i]);
        }
      }
      case long[] values when kind.equals("index") -> {
        long bound = recipe.integer("bound");
        for (int i = 0; i < numel; i++) {
          values[i] = (splitmix64(seed, i) >>> 33) % bound;
          bytes.putLong(values[i]);
        }
      }
      default -> throw recipe.wrong("kind", "'uniform' or 'binary' for float32, 'index' for int64");
    }
    if (!DataFolder.sha256(bytes.array()).equals(entry.string("sha256"))) {
      throw entry.wrong("sha256", "the sum of the values that the recipe gives");
    }
    return tensor;
  }

  /** Number i of the splitmix64 sequence (Steele, Lea and Flood, OOPSLA 2014). */
  private static long splitmix64(long seed, long i) {
    long z = seed + (i + 1) * GAMMA;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
