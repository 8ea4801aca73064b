package org.lanewise.bench.nativelib;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/**
 * The kernels of a native library {@code lanewise-ID} with the C form of the kernel call, as far as it has been built. It is
 * looked for in the folder that the environment variable {@value #FOLDER} names, otherwise where {@value #BUILD} puts it.
 */
public class NativeKernelProvider implements KernelProvider {
  private static final String FOLDER = "LANEWISE_NATIVE";
  private static final String BUILD = "examples/native-kernel/build.sh";

  private final String id;
  private final String description;
  private final Path file;

  /**
   * The library in a file, whatever it is called.
   *
   * @throws IllegalArgumentException if the file is no library with the C form of the kernel call; the message says why
   */
  public static KernelProvider at(Path file) {
    NativeInfo library;
    try {
      library = NativeLibrary.load(file).info();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s cannot be used: %s%s"
              .formatted(file, e.getMessage(), String.valueOf(e.getMessage()).endsWith(".") ? "" : "."),
          e);
    }
    return new NativeKernelProvider(library.id(), file, library.description());
  }

  private NativeKernelProvider(String id, Path file, String description) {
    this.id = id;
    this.description = description + ", called through the C form of the kernel call";
    this.file = file;
  }

  /** The library of the given id in a folder. */
  NativeKernelProvider(String id, String description, Path folder) {
    this(id, folder.resolve(System.mapLibraryName("lanewise-" + id)), description);
  }

  /** {@code c-avx512}. */
  public static final class Avx512 extends NativeKernelProvider {
    /** For the ServiceLoader. */
    public Avx512() {
      super("c-avx512", "C with AVX-512 intrinsics", folder());
    }
  }

  /** {@code c-avx2}. */
  public static final class Avx2 extends NativeKernelProvider {
    /** For the ServiceLoader. */
    public Avx2() {
      super("c-avx2", "C with AVX2 intrinsics", folder());
    }
  }

  private static Path folder() {
    String named = System.getenv(FOLDER);
    if (named != null && !named.isEmpty()) {
      return Path.of(named);
    }
    String project = System.getenv("LANEWISE_HOME");
    return Path.of(project == null ? "" : project).resolve(BUILD).resolveSibling("build");
  }

  @Override
  public final String id() {
    return id;
  }

  @Override
  public final String description() {
    return description;
  }

  @Override
  public final Availability availability() {
    if (!Files.isRegularFile(file)) {
      return Availability.unavailable(
          "There is no native library %s.".formatted(file),
          "Build it with %s, which needs gcc, or name its folder in %s.".formatted(BUILD, FOLDER));
    }
    NativeInfo library;
    try {
      library = NativeLibrary.load(file).info();
    } catch (IllegalArgumentException e) {
      return Availability.unavailable(
          "The native library %s cannot be used: %s%s"
              .formatted(file, e.getMessage(), String.valueOf(e.getMessage()).endsWith(".") ? "" : "."),
          "Build it again with %s.".formatted(BUILD));
    }
    return library.unavailable() == null
        ? Availability.AVAILABLE
        : Availability.unavailable(library.unavailable(), "Use a machine that has it, or another kernel.");
  }

  @Override
  public final int lanes() {
    return NativeLibrary.load(file).info().lanes();
  }

  /** Those of the library; none while there is no library to ask. */
  @Override
  public final List<Declaration> declarations() {
    return availability().available() ? NativeLibrary.load(file).info().declarations() : List.of();
  }

  @Override
  @SuppressWarnings("unchecked") // A is float[] for FLOAT32, the one dtype declared
  public final <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    return (BceWithLogitsKernel<A>) NativeLibrary.load(file).kernel();
  }

  @Override
  @SuppressWarnings("unchecked") // as above
  public final <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    return (CrossEntropyKernel<A>) NativeLibrary.load(file).kernel();
  }
}
