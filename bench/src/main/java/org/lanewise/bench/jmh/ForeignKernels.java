package org.lanewise.bench.jmh;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.nativelib.NativeKernelProvider;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;

/** How forks of a benchmark come to know kernels that are not built in: those of a jar, or of a native library. */
public final class ForeignKernels {
  /** Names the library, in a fork. */
  private static final String LIBRARY = "lanewise.native.library";

  /** JMH starts forks with the class path of its own JVM. */
  private static final String CLASS_PATH = "java.class.path";

  private static final byte[] ZIP = {'P', 'K', 3, 4};

  private ForeignKernels() {}

  /** In a fork: the kernel of the given id; that of the library comes first. */
  static KernelProvider require(String id) {
    String library = System.getProperty(LIBRARY);
    if (library != null) {
      KernelProvider named = NativeKernelProvider.at(Path.of(library));
      if (named.id().equals(id)) {
        return named;
      }
    }
    return Kernels.require(id);
  }

  /** The flags of a fork. */
  static String[] flags(@Nullable Path foreign) {
    return foreign == null || isJar(foreign)
        ? new String[0]
        : new String[] {"-D%s=%s".formatted(LIBRARY, foreign.toAbsolutePath())};
  }

  /** Puts a jar on the class path of the forks; gives the one before. */
  static String extendClassPath(@Nullable Path foreign) {
    String before = System.getProperty(CLASS_PATH);
    if (foreign != null && isJar(foreign)) {
      System.setProperty(CLASS_PATH, before + File.pathSeparator + foreign.toAbsolutePath());
    }
    return before;
  }

  static void restoreClassPath(String before) {
    System.setProperty(CLASS_PATH, before);
  }

  /** Whether a file is a jar, by its first bytes. */
  public static boolean isJar(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(ZIP.length), ZIP);
    } catch (IOException e) {
      throw UserError.unreadable(file, e);
    }
  }
}
