package org.lanewise.bench.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The library that finds the drivers: loaded once, after the environment of this process has been prepared for it. */
@SuppressWarnings("restricted") // native access is what this class is for
final class OpenClLibrary {
  /** On Linux, on Windows and on macOS. */
  static final List<String> NAMES =
      List.of("libOpenCL.so.1", "libOpenCL.so", "OpenCL.dll", "/System/Library/Frameworks/OpenCL.framework/OpenCL");

  private static final @Nullable SymbolLookup SYMBOLS = load();

  private OpenClLibrary() {}

  /** Its functions; null where there is no such library. */
  static @Nullable SymbolLookup symbols() {
    return SYMBOLS;
  }

  private static @Nullable SymbolLookup load() {
    // PoCL would handle divisions by zero by stepping over them, those of Java code included, which is how the JVM
    // notices that it has to throw an ArithmeticException.
    setEnvironment("POCL_SIGFPE_HANDLER", "0");
    DriverFiles.nameMissing();
    for (String name : NAMES) {
      SymbolLookup library = lookup(name);
      if (library != null) {
        return library;
      }
    }
    return null;
  }

  /** A library by its name or path; null where the system finds none. */
  static @Nullable SymbolLookup lookup(String name) {
    try {
      return SymbolLookup.libraryLookup(name, Arena.global());
    } catch (IllegalArgumentException notThere) {
      return null;
    }
  }

  /** Sets a variable for the native code of this process, unless it is set; does nothing where there is no setenv. */
  static void setEnvironment(String name, String value) {
    MemorySegment function = Linker.nativeLinker().defaultLookup().find("setenv").orElse(null);
    if (function == null) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      int _ =
          (int)
              Linker.nativeLinker()
                  .downcallHandle(function, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT))
                  .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
