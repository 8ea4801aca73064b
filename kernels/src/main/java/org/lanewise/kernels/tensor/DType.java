package org.lanewise.kernels.tensor;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The element types of a {@link Tensor}, with the names that PyTorch uses: {@code float32} in code, {@code Float} in
 * error messages. float16 and bfloat16 values are held as raw bits in a {@code short[]}, uint8 and bool in a
 * {@code byte[]}.
 */
public enum DType {
  /** IEEE 754 binary32. */
  FLOAT32("Float", Float.BYTES, float[].class),

  /** IEEE 754 binary64. */
  FLOAT64("Double", Double.BYTES, double[].class),

  /** IEEE 754 binary16. */
  FLOAT16("Half", Short.BYTES, short[].class),

  /** The upper half of a binary32. */
  BFLOAT16("BFloat16", Short.BYTES, short[].class),

  /** Signed 64 bits. */
  INT64("Long", Long.BYTES, long[].class),

  /** Signed 32 bits. */
  INT32("Int", Integer.BYTES, int[].class),

  /** Signed 16 bits. */
  INT16("Short", Short.BYTES, short[].class),

  /** Signed 8 bits. */
  INT8("Char", Byte.BYTES, byte[].class),

  /** Unsigned 8 bits. */
  UINT8("Byte", Byte.BYTES, byte[].class),

  /** 0 or 1. */
  BOOL("Bool", Byte.BYTES, byte[].class);

  private final String torchName;
  private final int bytes;
  private final Class<?> arrayClass;

  DType(String torchName, int bytes, Class<?> arrayClass) {
    this.torchName = torchName;
    this.bytes = bytes;
    this.arrayClass = arrayClass;
  }

  /**
   * The dtype of the given name.
   *
   * @param id a name such as {@code float32}
   * @throws IllegalArgumentException if there is none of that name; the message lists the names
   */
  public static DType of(String id) {
    for (DType dtype : values()) {
      if (dtype.id().equals(id)) {
        return dtype;
      }
    }
    throw new IllegalArgumentException(
        "There is no dtype '%s'; the dtypes are %s."
            .formatted(id, Arrays.stream(values()).map(DType::id).collect(Collectors.joining(", "))));
  }

  /** The name in code and in files, such as {@code float32}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The name that PyTorch's error messages use, such as {@code Float}. */
  public String torchName() {
    return torchName;
  }

  /** The size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether this is one of the four floating-point dtypes. */
  public boolean isFloatingPoint() {
    return switch (this) {
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16 -> true;
      case INT64, INT32, INT16, INT8, UINT8, BOOL -> false;
    };
  }

  /** The class of the Java array that holds elements of this dtype. */
  public Class<?> arrayClass() {
    return arrayClass;
  }
}
