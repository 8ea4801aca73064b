package org.lanewise.bench.nativelib;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * A loaded library with the C form of the kernel call: what it says of itself, and its kernels. It stays loaded.
 *
 * @param unavailable what this machine lacks, null if nothing
 * @param kernel a kernel of both operations; of those declared it computes
 */
record NativeLibrary(
    String id, String description, @Nullable String unavailable, int lanes, List<Declaration> declarations, Object kernel) {
  private static final Map<Path, NativeLibrary> LOADED = new ConcurrentHashMap<>();

  /** A pointer to anything: how much may be read behind it the header says, not the pointer. */
  @SuppressWarnings("restricted") // native access is what this class is for
  private static final AddressLayout POINTER =
      ValueLayout.ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(1 << 16, ValueLayout.JAVA_BYTE));

  /**
   * The library in a file, loaded once.
   *
   * @throws IllegalArgumentException if the file is no such library; the message says why
   */
  static NativeLibrary load(Path file) {
    return LOADED.computeIfAbsent(file.toAbsolutePath().normalize(), NativeLibrary::read);
  }

  @SuppressWarnings("restricted") // native access is what this class is for
  private static NativeLibrary read(Path file) {
    SymbolLookup symbols;
    try {
      symbols = SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("It is no native library that this machine can load.", e);
    }
    MemorySegment function =
        symbols
            .find("lanewise_kernel_info")
            .orElseThrow(() -> new IllegalArgumentException("It has no function lanewise_kernel_info."));
    MemorySegment info;
    try {
      info =
          (MemorySegment)
              Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(POINTER)).invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    long version = info.get(ValueLayout.JAVA_LONG, 8);
    if (version < 1) {
      throw new IllegalArgumentException("It is of version %d of the C form; expected 1 or later.".formatted(version));
    }
    MemorySegment declarations = info.get(POINTER, 56);
    long size = info.get(ValueLayout.JAVA_LONG, 64);
    List<Declaration> declared = new ArrayList<>();
    for (long i = 0; i < info.get(ValueLayout.JAVA_LONG, 48); i++) {
      declared.add(declaration(declarations.asSlice(i * size, size)));
    }
    for (Declaration declaration : declared) {
      String name = "lanewise_%s_f32".formatted(declaration.operation().id());
      if (symbols.find(name).isEmpty()) {
        throw new IllegalArgumentException(
            "It declares %s, but has no function %s.".formatted(declaration.operation().id(), name));
      }
    }
    return new NativeLibrary(
        text(info, 16),
        text(info, 24),
        info.get(ValueLayout.ADDRESS, 32).equals(MemorySegment.NULL) ? null : text(info, 32),
        (int) info.get(ValueLayout.JAVA_LONG, 40),
        List.copyOf(declared),
        NativeKernel.over(
            symbols.find("lanewise_bce_with_logits_f32").orElse(null),
            symbols.find("lanewise_cross_entropy_f32").orElse(null)));
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
        struct.get(ValueLayout.JAVA_DOUBLE, 16),
        struct.get(ValueLayout.JAVA_DOUBLE, 24),
        struct.get(ValueLayout.JAVA_DOUBLE, 32),
        struct.get(ValueLayout.JAVA_DOUBLE, 40),
        struct.get(ValueLayout.JAVA_LONG, 48) != 0,
        false); // up to nine segments of 64 bytes a call, where the JIT compiler does not see through it
  }

  private static String text(MemorySegment struct, long offset) {
    return struct.get(POINTER, offset).getString(0);
  }
}
