package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Results in 16 bits are those of the float32 kernel, rounded once to nearest even: over all logits there are. */
class Float16Test {
  private static final int ALL = 1 << 16;

  /** Rounding by the definition, in exact decimal arithmetic: independent of every conversion under test. */
  private static short rounded(float value, DType dtype) {
    boolean half = dtype == DType.FLOAT16;
    int precision = half ? 11 : 8;
    int smallestExponent = half ? -24 : -133; // of the last bit of a subnormal
    int largestExponent = half ? 15 : 127;
    int sign = Float.floatToRawIntBits(value) >>> 31 << 15;
    int infinity = half ? 0x7C00 : 0x7F80;
    float magnitude = Math.abs(value);
    if (Float.isInfinite(magnitude)) {
      return (short) (sign | infinity);
    }
    if (magnitude == 0) {
      return (short) sign;
    }
    int unit = Math.max(Math.getExponent(magnitude) - precision + 1, smallestExponent);
    BigDecimal units =
        unit >= 0
            ? new BigDecimal(magnitude).divide(BigDecimal.TWO.pow(unit), MathContext.UNLIMITED)
            : new BigDecimal(magnitude).multiply(BigDecimal.TWO.pow(-unit));
    long count = units.setScale(0, RoundingMode.HALF_EVEN).longValueExact();
    if (count == 1L << precision) {
      count >>= 1;
      unit++;
    }
    if (unit + precision - 1 > largestExponent) {
      return (short) (sign | infinity);
    }
    long exponentField = count < 1L << precision - 1 ? 0 : unit - smallestExponent + 1;
    long fraction = count & (1L << precision - 1) - 1;
    return (short) (sign | exponentField << precision - 1 | fraction);
  }

  private static void assertRounded(String what, Tensor of32, Tensor of16) {
    assertEquals(of32.numel(), of16.numel(), what);
    short[] bits = (short[]) of16.array();
    for (int i = 0; i < bits.length; i++) {
      float exact = of32.floats()[i];
      boolean right =
          exact != exact ? Double.isNaN(of16.getDouble(i)) : bits[i] == rounded(exact, of16.dtype());
      int at = i;
      assertTrue(right, () -> "%s, element %d: %a became %s".formatted(what, at, exact, of16.getDouble(at)));
    }
  }

  private static Tensor allValues(DType dtype) {
    short[] bits = new short[ALL];
    for (int i = 0; i < ALL; i++) {
      bits[i] = (short) i;
    }
    return Tensor.of(dtype, bits, ALL);
  }

  @ParameterizedTest
  @CsvSource({"scalar,FLOAT16", "scalar,BFLOAT16", "vector,FLOAT16", "vector,BFLOAT16"})
  void all_logits_with_both_targets(String kernel, DType dtype) {
    Tensor logits = allValues(dtype);
    for (float t : new float[] {0, 1}) {
      float[] targets = new float[ALL];
      Arrays.fill(targets, t);
      Tensor target = Tensor.of(targets, ALL);
      BceWithLogits loss = BceWithLogits.on(Samples.provider(kernel)).reduction(Reduction.NONE);
      LossAndGradient in32 = loss.forwardBackward(logits.to(DType.FLOAT32), target);
      LossAndGradient in16 = loss.forwardBackward(logits, target.to(dtype));
      String what = "%s %s, t = %s".formatted(kernel, dtype, t);
      assertRounded(what + ", loss", in32.loss(), in16.loss());
      assertRounded(what + ", gradient", in32.logitsGradient(), in16.logitsGradient());

      // Mixed: each result in its own operand's dtype.
      LossAndGradient mixed = loss.forwardBackward(logits, target);
      for (int i = 0; i < ALL; i++) { // not sameBits: a NaN's payload is the CPU's affair
        assertEquals(in32.loss().floats()[i], mixed.loss().floats()[i], what + ", mixed loss");
      }
      assertRounded(what + ", mixed gradient", in32.logitsGradient(), mixed.logitsGradient());
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT16", "BFLOAT16"})
  void conversions_round_every_kind_of_float(DType dtype) {
    Random random = new Random(3);
    float[] values = new float[1 << 18];
    for (int i = 0; i < values.length; i++) {
      // Any bits; values between two neighbours, half of them exactly; values near the ends of the ranges.
      values[i] =
          switch (i % 4) {
            case 0 -> Float.intBitsToFloat(random.nextInt());
            case 1 -> Float.intBitsToFloat(random.nextInt() & 0xFFFFF000 | 0x1000);
            case 2 -> Float.intBitsToFloat(random.nextInt() & 0xFFFF0000 | 0x8000);
            default -> Math.scalb(random.nextInt(1 << 13) * (random.nextBoolean() ? 1 : -1), random.nextInt(12) - 30);
          };
    }
    Tensor all = Tensor.of(values, values.length);
    assertRounded("conversion", all, all.to(dtype));
  }

  @ParameterizedTest
  @CsvSource({"FLOAT16", "BFLOAT16"})
  void cross_entropy_in_several_blocks_of_every_kind(DType dtype) {
    Random random = new Random(4);
    int[][] shapes = {{2000, 10}, {3, 20_000}, {2, 7, 3001}, {40, 33, 5}};
    for (int[] shape : shapes) {
      Tensor logits = Tensor.of(Samples.Logits.WITHIN_20.array(Tensor.numel(shape), random), shape).to(dtype);
      Tensor logits32 = logits.to(DType.FLOAT32);
      int inner = shape.length == 3 ? shape[2] : 1;
      long[] indices = Samples.classIndices(shape[0] * inner, shape[1], random);
      Tensor target = shape.length == 3 ? Tensor.of(indices, shape[0], inner) : Tensor.of(indices, shape[0]);
      CrossEntropy loss = CrossEntropy.create().reduction(Reduction.NONE).threads(3);
      Tensor upstream = Tensor.of(Samples.Logits.ORDINARY.array(indices.length, random), target.shape()).to(dtype);
      LossAndGradient in32 = loss.forwardBackward(logits32, target, upstream.to(DType.FLOAT32));
      LossAndGradient in16 = loss.forwardBackward(logits, target, upstream);
      String what = dtype + " " + Arrays.toString(shape);
      assertRounded(what + ", loss", in32.loss(), in16.loss());
      assertRounded(what + ", gradient", in32.logitsGradient(), in16.logitsGradient());

      Tensor soft = Tensor.of(Samples.Target.SOFT.array(Tensor.numel(shape), random), shape).to(dtype);
      in32 = loss.forwardBackward(logits32, soft.to(DType.FLOAT32), upstream.to(DType.FLOAT32));
      in16 = loss.forwardBackward(logits, soft, upstream);
      assertRounded(what + ", soft loss", in32.loss(), in16.loss());
      assertRounded(what + ", soft gradient", in32.logitsGradient(), in16.logitsGradient());
      assertRounded(
          what + ", target gradient",
          loss.targetGradient(logits32, soft.to(DType.FLOAT32), upstream.to(DType.FLOAT32)),
          loss.targetGradient(logits, soft, upstream));
    }
  }
}
