package org.lanewise.conformance.cases;

import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** A large input as a rule instead of as values: the same bits here and in the generator. */
final class Recipe {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  /** More values than any stored case needs would only exhaust the memory. */
  private static final int LARGEST = 1 << 20;

  private Recipe() {}

  /** The tensor that the recipe describes, checked against its stored SHA-256. */
  static Tensor tensor(Json entry, DType dtype, int[] shape) {
    Json recipe = entry.object("recipe");
    String kind = recipe.string("kind");
    long seed = recipe.integer("seed");
    int numel = Tensor.numel(shape);
    if (numel > LARGEST) {
      throw entry.wrong("shape", "a shape of at most 2^20 values, which is what a recipe may have");
    }
    Tensor drawn;
    switch (kind) {
      case "uniform" -> {
        int exponent = Math.clamp(recipe.integer("exponent"), -2000, 2000);
        int bits = recipe.has("bits") ? Math.clamp(recipe.integer("bits"), 1, 62) : 24;
        double[] values = new double[numel];
        for (int i = 0; i < numel; i++) {
          values[i] = Math.scalb((double) ((splitmix64(seed, i) >>> 64 - bits) - (1L << bits - 1)), exponent);
        }
        drawn = Tensor.of(values, shape);
      }
      case "binary" -> {
        double[] values = new double[numel];
        for (int i = 0; i < numel; i++) {
          values[i] = splitmix64(seed, i) < 0 ? 1 : 0;
        }
        drawn = Tensor.of(values, shape);
      }
      case "index" -> {
        long bound = recipe.integer("bound");
        if (bound < 1) {
          throw recipe.wrong("bound", "at least 1");
        }
        long[] values = new long[numel];
        for (int i = 0; i < numel; i++) {
          values[i] = (splitmix64(seed, i) >>> 33) % bound;
        }
        drawn = Tensor.of(values, shape);
      }
      default -> throw recipe.wrong("kind", "'uniform', 'binary' or 'index'");
    }
    Tensor tensor = drawn.to(dtype);
    byte[] bytes = Safetensors.encode(tensor);
    if (!DataFolder.sha256(bytes).equals(entry.string("sha256"))) {
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
