package org.lanewise.bench.nativelib;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * What a library says of itself: the struct {@code lanewise_info}. Sizes, counts and numbers are not believed. A pointer has to
 * be: where it is not null, it leads to what the header says.
 *
 * @param unavailable what this machine lacks, null if nothing
 */
record NativeInfo(
    String id, String description, @Nullable String unavailable, int lanes, List<Declaration> declarations) {
  /** Of version 1; later versions are larger. */
  static final long SIZE = 72;

  /** Of version 1; later versions are larger. */
  static final long DECLARATION_SIZE = 56;

  /** As in {@code docs/protocol.md}. */
  private static final long MOST_LANES = 1 << 16;

  /** How much may be read behind a pointer. */
  private static final long REACH = 1 << 16;

  private static final long MOST_DECLARATIONS = 64;

  /** A pointer to anything: how much may be read behind it the header says, not the pointer. */
  @SuppressWarnings("restricted") // native access is what this package is for
  static final AddressLayout POINTER =
      ValueLayout.ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(REACH, ValueLayout.JAVA_BYTE));

  /**
   * The struct behind a pointer.
   *
   * @throws IllegalArgumentException if it is none; the message says why
   */
  static NativeInfo read(MemorySegment struct) {
    if (struct.address() == 0) {
      throw new IllegalArgumentException("Its lanewise_kernel_info() gives no struct.");
    }
    requireWithin("size", struct.get(ValueLayout.JAVA_LONG, 0), SIZE, REACH);
    long version = struct.get(ValueLayout.JAVA_LONG, 8);
    if (version < 1) {
      throw new IllegalArgumentException("It is of version %d of the C form; expected 1 or later.".formatted(version));
    }
    int lanes = (int) requireWithin("lanes", struct.get(ValueLayout.JAVA_LONG, 40), 0, MOST_LANES);
    long count = requireWithin("declaration_count", struct.get(ValueLayout.JAVA_LONG, 48), 0, MOST_DECLARATIONS);
    MemorySegment declarations = struct.get(POINTER, 56);
    List<Declaration> declared = new ArrayList<>();
    if (count > 0) {
      long size =
          requireWithin(
              "declaration_size", struct.get(ValueLayout.JAVA_LONG, 64), DECLARATION_SIZE, REACH / MOST_DECLARATIONS);
      if (size % Long.BYTES != 0) {
        throw new IllegalArgumentException(
            "Its lanewise_info has declaration_size %d, expected a multiple of %d.".formatted(size, Long.BYTES));
      }
      if (declarations.address() == 0) {
        throw new IllegalArgumentException("It has %d declarations, but no pointer to them.".formatted(count));
      }
      for (long i = 0; i < count; i++) {
        Declaration declaration = declaration(declarations.asSlice(i * size, size));
        if (declared.stream().anyMatch(other -> other.operation() == declaration.operation())) {
          throw new IllegalArgumentException("It declares %s twice.".formatted(declaration.operation().id()));
        }
        declared.add(declaration);
      }
    }
    return new NativeInfo(
        requireText(struct, "id", 16),
        requireText(struct, "description", 24),
        text(struct, "unavailable", 32),
        lanes,
        List.copyOf(declared));
  }

  private static long requireWithin(String field, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "Its lanewise_info has %s %d, expected %d to %d.".formatted(field, value, least, most));
    }
    return value;
  }

  private static Declaration declaration(MemorySegment struct) {
    long operation = struct.get(ValueLayout.JAVA_LONG, 0);
    long dtype = struct.get(ValueLayout.JAVA_LONG, 8);
    Operation[] operations = Operation.values();
    if (operation < 0 || operation >= operations.length) {
      throw new IllegalArgumentException(
          "It declares operation %d; version 1 of the C form knows 0 to %d.".formatted(operation, operations.length - 1));
    }
    if (dtype != 0) {
      throw new IllegalArgumentException(
          "It declares dtype %d; version 1 of the C form has functions for float32 (0) alone.".formatted(dtype));
    }
    return new Declaration(
        operations[(int) operation],
        DType.FLOAT32,
        bound(struct, "loss_ulp", 16),
        bound(struct, "gradient_ulp", 24),
        bound(struct, "mixed_ulp", 32),
        bound(struct, "reduced_ulp", 40),
        struct.get(ValueLayout.JAVA_LONG, 48) != 0,
        false); // up to nine segments of 64 bytes a call, where the JIT compiler does not see through it
  }

  private static double bound(MemorySegment struct, String field, long offset) {
    double bound = struct.get(ValueLayout.JAVA_DOUBLE, offset);
    if (!(bound >= 0)) {
      throw new IllegalArgumentException("It declares %s %s, expected a number from 0 up.".formatted(field, bound));
    }
    return bound;
  }

  private static String requireText(MemorySegment struct, String field, long offset) {
    String text = text(struct, field, offset);
    if (text == null) {
      throw new IllegalArgumentException("Its lanewise_info has no %s.".formatted(field));
    }
    return text;
  }

  private static @Nullable String text(MemorySegment struct, String field, long offset) {
    MemorySegment text = struct.get(POINTER, offset);
    try {
      return text.address() == 0 ? null : text.getString(0);
    } catch (IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("Its %s does not end within %d bytes.".formatted(field, REACH), e);
    }
  }
}
