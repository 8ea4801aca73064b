package org.lanewise.bench.nativelib;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.lanewise.kernels.spi.Declaration;

/**
 * A loaded library with the C form of the kernel call: what it says of itself, and its kernels. It stays loaded.
 *
 * @param kernel a kernel of both operations; of those declared it computes
 */
record NativeLibrary(NativeInfo info, Object kernel) {
  private static final Map<Path, NativeLibrary> LOADED = new ConcurrentHashMap<>();

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
    MemorySegment struct;
    try {
      struct =
          (MemorySegment)
              Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(NativeInfo.POINTER)).invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    NativeInfo info = NativeInfo.read(struct);
    for (Declaration declaration : info.declarations()) {
      String name = "lanewise_%s_f32".formatted(declaration.operation().id());
      if (symbols.find(name).isEmpty()) {
        throw new IllegalArgumentException(
            "It declares %s, but has no function %s.".formatted(declaration.operation().id(), name));
      }
    }
    return new NativeLibrary(
        info,
        NativeKernel.over(
            symbols.find("lanewise_bce_with_logits_f32").orElse(null),
            symbols.find("lanewise_cross_entropy_f32").orElse(null)));
  }
}
