package org.lanewise.kernels.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tensors hold every dtype, convert with one rounding, and refuse shapes that do not fit in one sentence. */
class TensorTest {
  private static void assertRefused(String part, Executable call) {
    IllegalArgumentException error = assertThrows(IllegalArgumentException.class, call, part);
    assertTrue(error.getMessage().contains(part), error::getMessage);
  }

  private static String bits(Tensor tensor) {
    return "%04x".formatted(((short[]) tensor.array())[0] & 0xFFFF);
  }

  // Dtypes.

  @ParameterizedTest
  @EnumSource
  void every_dtype_has_a_name_and_holds_zeros_and_ones(DType dtype) {
    assertEquals(dtype, DType.of(dtype.id()));
    Tensor zeros = Tensor.zeros(dtype, 2, 3);
    assertEquals(6, zeros.numel());
    assertTrue(dtype.arrayClass().isInstance(zeros.array()));
    assertEquals(0, zeros.getDouble(5));
    Tensor one = Tensor.scalar(1).to(dtype);
    assertEquals(dtype, one.dtype());
    assertEquals(1, one.item());
    assertEquals(1, one.getLong(0));
    assertEquals(1, one.to(DType.FLOAT32).floats()[0]);
    assertSame(one, one.to(dtype));
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, float32, Float, 4, true",
    "FLOAT64, float64, Double, 8, true",
    "FLOAT16, float16, Half, 2, true",
    "BFLOAT16, bfloat16, BFloat16, 2, true",
    "INT64, int64, Long, 8, false",
    "INT32, int32, Int, 4, false",
    "INT16, int16, Short, 2, false",
    "INT8, int8, Char, 1, false",
    "UINT8, uint8, Byte, 1, false",
    "BOOL, bool, Bool, 1, false"
  })
  void names_and_sizes_are_those_of_pytorch(DType dtype, String id, String torchName, int bytes, boolean floating) {
    assertEquals(id, dtype.id());
    assertEquals(torchName, dtype.torchName());
    assertEquals(bytes, dtype.bytes());
    assertEquals(floating, dtype.isFloatingPoint());
  }

  @Test
  void an_unknown_dtype_lists_the_known() {
    assertRefused("'complex64'; the dtypes are float32, float64, float16, bfloat16, int64,", () -> DType.of("complex64"));
  }

  @Test
  void a_wrong_array_or_accessor_says_what_to_do() {
    assertRefused("A bfloat16 tensor is held in a short[], not in a float[]", () -> Tensor.of(DType.BFLOAT16, new float[1], 1));
    assertRefused("Shape [2, 3] holds 6 values, but the array has 5", () -> Tensor.of(new float[5], 2, 3));
    IllegalStateException error =
        assertThrows(IllegalStateException.class, () -> Tensor.of(new double[1], 1).floats());
    assertEquals("This tensor is float64, not float32; convert it with to(DType.FLOAT32).", error.getMessage());
  }

  // Conversion to 16 bits.

  @ParameterizedTest
  @CsvSource({
    "0, 0000, 0000",
    "-0.0, 8000, 8000",
    "1, 3c00, 3f80",
    "-2, c000, c000",
    "Infinity, 7c00, 7f80",
    "-Infinity, fc00, ff80",
    // Halfway between two values: to the even one. float16 has steps of 2^-10 above 1, bfloat16 of 2^-7.
    "0x1.002p0, 3c00, 3f80",
    "0x1.006p0, 3c02, 3f80",
    "0x1.01p0, 3c04, 3f80",
    "0x1.03p0, 3c0c, 3f82",
    // Beside halfway by less than a float32 shows: rounding first to float32 would go to even.
    "0x1.0020000000001p0, 3c01, 3f80",
    "0x1.005ffffffffffp0, 3c01, 3f80",
    "0x1.0100000000001p0, 3c04, 3f81",
    "0x1.02fffffffffffp0, 3c0c, 3f81",
    // The largest values, and the halves beyond them.
    "65504, 7bff, 4780",
    "65519.999, 7bff, 4780",
    "65520, 7c00, 4780",
    "-65520, fc00, c780",
    "0x1.fep127, 7c00, 7f7f",
    "0x1.fefffffffffffp127, 7c00, 7f7f",
    "0x1.ffp127, 7c00, 7f80",
    "1e300, 7c00, 7f80",
    // Subnormals: steps of 2^-24 and 2^-133; half a step is a tie with 0.
    "0x1p-14, 0400, 3880",
    "0x1.ff8p-15, 03ff, 3880",
    "0x1.ffcp-15, 0400, 3880",
    "0x1p-24, 0001, 3380",
    "0x1p-25, 0000, 3300",
    "0x1.0000000000001p-25, 0001, 3300",
    "-0x1.8p-24, 8002, b3c0",
    "0x1p-133, 0000, 0001",
    "0x1p-134, 0000, 0000",
    "0x1.0000000000001p-134, 0000, 0001",
    "-0x1.8p-133, 8000, 8002",
    "0x1p-150, 0000, 0000",
    "4.9e-324, 0000, 0000",
  })
  void sixteen_bits_are_rounded_once_to_nearest_even(double value, String half, String bfloat16) {
    Tensor tensor = Tensor.of(new double[] {value}, 1);
    assertEquals(half, bits(tensor.to(DType.FLOAT16)));
    assertEquals(bfloat16, bits(tensor.to(DType.BFLOAT16)));
    if ((float) value == value) {
      Tensor single = Tensor.of(new float[] {(float) value}, 1);
      assertEquals(half, bits(single.to(DType.FLOAT16)));
      assertEquals(bfloat16, bits(single.to(DType.BFLOAT16)));
    }
  }

  @Test
  void a_nan_stays_one() {
    for (double nan : new double[] {Double.NaN, Double.longBitsToDouble(0x7FF0000000000001L), -Double.NaN}) {
      for (DType dtype : DType.values()) {
        Tensor converted = Tensor.of(new double[] {nan}, 1).to(dtype);
        if (dtype.isFloatingPoint()) {
          assertTrue(Double.isNaN(converted.item()), dtype.id());
        }
      }
      // A payload that lies in the lower half of a float.
      assertTrue(
          Double.isNaN(Tensor.of(new float[] {Float.intBitsToFloat(0x7F800001)}, 1).to(DType.BFLOAT16).item()), "bfloat16");
    }
  }

  /** All 65,536 values of a format survive the way to float64 and back, and midpoints and their neighbours round right. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void every_value_and_every_midpoint(DType dtype) {
    for (int bits = 0; bits < 0x7FFF; bits++) {
      double value = Tensor.of(dtype, new short[] {(short) bits}).item();
      double next = Tensor.of(dtype, new short[] {(short) (bits + 1)}).item();
      if (Double.isNaN(value) || Double.isInfinite(value)) {
        continue;
      }
      if (Double.isInfinite(next)) { // where the next value would be, had the format one
        next = 2 * value - Tensor.of(dtype, new short[] {(short) (bits - 1)}).item();
      }
      double middle = (value + next) / 2;
      int even = (bits & 1) == 0 ? bits : bits + 1;
      for (int sign : new int[] {0, 0x8000}) {
        double s = sign == 0 ? 1 : -1;
        assertRounds(dtype, s * value, sign | bits);
        assertRounds(dtype, s * middle, sign | even);
        assertRounds(dtype, s * Math.nextDown(middle), sign | bits);
        assertRounds(dtype, s * Math.nextUp(middle), sign | bits + 1);
      }
    }
  }

  private static void assertRounds(DType dtype, double value, int bits) {
    short actual = ((short[]) Tensor.of(new double[] {value}, 1).to(dtype).array())[0];
    if (actual != (short) bits) {
      assertEquals("%04x".formatted(bits), "%04x".formatted(actual & 0xFFFF), () -> "%a".formatted(value));
    }
  }

  // Conversion between integers, floats and bool.

  @Test
  void integers_wrap_and_floats_are_truncated() {
    Tensor longs = Tensor.of(new long[] {300, -1, 1L << 31, (1L << 40) + 7, 128, 65_535}, 6);
    assertArrayEquals(new int[] {300, -1, Integer.MIN_VALUE, 7, 128, 65_535}, (int[]) longs.to(DType.INT32).array());
    assertArrayEquals(new short[] {300, -1, 0, 7, 128, -1}, (short[]) longs.to(DType.INT16).array());
    assertArrayEquals(new byte[] {44, -1, 0, 7, -128, -1}, (byte[]) longs.to(DType.INT8).array());
    Tensor unsigned = longs.to(DType.UINT8);
    assertEquals(255, unsigned.getLong(1));
    assertEquals(128, unsigned.getDouble(4));
    assertEquals(128, unsigned.to(DType.INT64).longs()[4]);
    Tensor floats = Tensor.of(new float[] {1.9f, -1.9f, 0.5f, -0f}, 4);
    assertArrayEquals(new long[] {1, -1, 0, 0}, floats.to(DType.INT64).longs());
    assertEquals(255, floats.to(DType.UINT8).getLong(1));
  }

  @Test
  void large_integers_keep_their_bits_and_round_once() {
    long odd = (1L << 53) + 1;
    Tensor longs = Tensor.of(new long[] {odd, Long.MAX_VALUE}, 2);
    assertEquals(odd, longs.getLong(0));
    assertEquals(odd, longs.reshape(2, 1).longs()[0]);
    // Just above the middle of two floats: by way of a double it would look like the middle, and go to the even one.
    long aboveMiddle = (1L << 60) + (1L << 36) + 1;
    assertEquals(0x1.000002p60f, Tensor.of(new long[] {aboveMiddle}, 1).to(DType.FLOAT32).floats()[0]);
  }

  @Test
  void anything_but_zero_is_true() {
    Tensor values = Tensor.of(new double[] {0, -0.0, Double.NaN, Double.MIN_VALUE, -3, Double.NEGATIVE_INFINITY}, 6);
    assertArrayEquals(new byte[] {0, 0, 1, 1, 1, 1}, (byte[]) values.to(DType.BOOL).array());
    Tensor bool = Tensor.of(DType.BOOL, new byte[] {0, 1, 77}, 3);
    assertArrayEquals(new float[] {0, 1, 1}, bool.to(DType.FLOAT32).floats());
    assertArrayEquals(new long[] {0, 1, 1}, bool.to(DType.INT64).longs());
  }

  @Test
  void float64_is_rounded_to_float32_and_widened_without_loss() {
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      double value = random.nextGaussian() * Math.pow(10, random.nextInt(90) - 45);
      float expected = new BigDecimal(value).floatValue();
      assertEquals(expected, Tensor.of(new double[] {value}, 1).to(DType.FLOAT32).floats()[0]);
      assertEquals(expected, Tensor.of(new float[] {expected}, 1).to(DType.FLOAT64).doubles()[0]);
    }
  }

  // Shapes.

  @Test
  void shapes() {
    Tensor tensor = Tensor.of(new float[24], 2, 3, 4);
    assertEquals(3, tensor.rank());
    assertEquals(4, tensor.size(2));
    assertEquals("torch.Size([2, 3, 4])", tensor.torchSize());
    tensor.shape()[0] = 99;
    assertEquals(2, tensor.size(0));
    assertTrue(tensor.sameShape(Tensor.zeros(DType.BOOL, 2, 3, 4)));
    assertTrue(!tensor.sameShape(Tensor.zeros(DType.FLOAT32, 2, 12)));

    Tensor single = Tensor.scalar(5);
    assertEquals(0, single.rank());
    assertEquals(1, single.numel());
    assertEquals("torch.Size([])", single.torchSize());
    assertEquals(0, Tensor.zeros(DType.INT64, 3, 0, 5).numel());
  }

  @Test
  void the_array_is_not_copied() {
    float[] values = {1, 2};
    Tensor tensor = Tensor.of(values, 2);
    values[1] = 7;
    assertEquals(7, tensor.getDouble(1));
    assertSame(values, tensor.reshape(2, 1).floats());
    assertNotSame(values, tensor.to(DType.FLOAT64).array());
  }

  @Test
  void sizes_that_no_array_holds() {
    assertEquals(Integer.MAX_VALUE, Tensor.numel(Integer.MAX_VALUE));
    assertEquals(1, Tensor.numel(new int[0]));
    assertRefused("Shape [65536, 32768] holds more values than a Java array can", () -> Tensor.numel(65536, 32768));
    int big = Integer.MAX_VALUE; // the product of three overflows a long, too
    assertRefused("holds more values", () -> Tensor.numel(big, big, big));
    assertRefused("holds more values", () -> Tensor.numel(1 << 16, 1 << 16, 1 << 16, 1 << 16));
    assertEquals(0, Tensor.numel(big, big, big, 0));
    assertEquals(0, Tensor.numel(0, big, big));
    assertRefused("Shape [2, -3] has the negative size -3", () -> Tensor.zeros(DType.FLOAT32, 2, -3));
  }

  @Test
  void reshape() {
    Tensor tensor = Tensor.of(new long[] {1, 2, 3, 4, 5, 6}, 2, 3);
    assertArrayEquals(new int[] {6}, tensor.reshape(-1).shape());
    assertArrayEquals(new int[] {3, 2}, tensor.reshape(3, -1).shape());
    assertArrayEquals(new int[] {1, 6, 1}, tensor.reshape(1, 6, -1).shape());
    assertArrayEquals(new int[] {0}, Tensor.zeros(DType.FLOAT32, 0, 4).reshape(-1).shape());
    assertArrayEquals(new int[] {}, Tensor.of(new long[] {1}, 1, 1).reshape().shape());
    assertRefused("Shape [4, 2] cannot hold the 6 values of shape [2, 3]", () -> tensor.reshape(4, 2));
    assertRefused("Shape [4, -1] cannot hold the 6 values", () -> tensor.reshape(4, -1));
    assertRefused("Shape [-1, -1] has the size -1", () -> tensor.reshape(-1, -1));
    assertRefused("Shape [-2, -3] has the size -2", () -> tensor.reshape(-2, -3));
    Tensor empty = Tensor.zeros(DType.FLOAT32, 0, 4);
    assertRefused("cannot hold the 0 values", () -> empty.reshape(0, -1)); // the -1 could be anything
  }

  // Values.

  @Test
  void item_wants_one_value() {
    assertEquals(3, Tensor.of(new float[] {3}, 1, 1).item());
    IllegalStateException several = assertThrows(IllegalStateException.class, Tensor.zeros(DType.FLOAT32, 2)::item);
    assertEquals("item() needs a tensor of one value; shape [2] holds 2.", several.getMessage());
    assertThrows(IllegalStateException.class, Tensor.zeros(DType.FLOAT32, 0)::item);
  }

  @Test
  void argmax_takes_the_first_of_equals_and_nan_before_all() {
    float nan = Float.NaN;
    float inf = Float.POSITIVE_INFINITY;
    Tensor rows =
        Tensor.of(
            new float[] {1, 3, 3, 2, nan, inf, -inf, -inf, -inf, nan, 1, nan, 0f, -0f, -1}, 5, 3);
    assertArrayEquals(new long[] {1, 1, 0, 0, 0}, rows.argmax(1).longs());
    assertArrayEquals(new long[] {1, 1, 0, 0, 0}, rows.argmax(-1).longs());
    assertArrayEquals(new int[] {5}, rows.argmax(1).shape());
    assertArrayEquals(new long[] {3, 1, 3}, rows.argmax(0).longs());

    Tensor cube = Tensor.of(new long[] {0, 9, 5, 0, 7, 1, 1, 2, 3, 4, 0, 0}, 2, 3, 2);
    assertArrayEquals(new long[] {2, 0, 1, 1}, cube.argmax(1).longs());
    assertArrayEquals(new int[] {2, 2}, cube.argmax(1).shape());
    assertArrayEquals(new long[] {1, 0, 0, 1, 0, 0}, cube.argmax(0).reshape(-1).longs());
    assertEquals(DType.INT64, rows.argmax(0).dtype());

    assertEquals(1, Tensor.of(DType.UINT8, new byte[] {1, (byte) 200}, 2).argmax(0).item());
    assertArrayEquals(new int[] {0}, Tensor.zeros(DType.FLOAT32, 0, 3).argmax(1).shape());
    assertRefused("shape [0, 3] has none at 0", () -> Tensor.zeros(DType.FLOAT32, 0, 3).argmax(0));
    assertRefused("shape [5, 3] has none at 2", () -> rows.argmax(2));
    assertRefused("shape [5, 3] has none at -3", () -> rows.argmax(-3));
    assertRefused("shape [] has none at 0", () -> Tensor.scalar(1).argmax(0));
  }

  @Test
  void printing_shows_dtype_shape_and_a_few_values() {
    assertEquals("float32[2]{1.0, NaN}", Tensor.of(new float[] {1, Float.NaN}, 2).toString());
    assertEquals("uint8[1]{255}", Tensor.of(DType.UINT8, new byte[] {-1}, 1).toString());
    assertEquals("float32[11]{11 values}", Tensor.zeros(DType.FLOAT32, 11).toString());
  }
}
