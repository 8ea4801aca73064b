package org.lanewise.bench.jmh;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipFile;
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

  /** How libraries begin: of Linux, of macOS (two forms), of Windows. */
  private static final List<byte[]> LIBRARIES =
      List.of(
          new byte[] {0x7F, 'E', 'L', 'F'},
          new byte[] {(byte) 0xCF, (byte) 0xFA, (byte) 0xED, (byte) 0xFE},
          new byte[] {(byte) 0xCA, (byte) 0xFE, (byte) 0xBA, (byte) 0xBE},
          new byte[] {'M', 'Z'});

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
  public static String[] flags(@Nullable Path foreign) {
    return foreign == null || isJar(foreign)
        ? new String[0]
        : new String[] {"-D%s=%s".formatted(LIBRARY, foreign.toAbsolutePath())};
  }

  /** Puts a jar on the class path of the forks; gives the one before. */
  public static String extendClassPath(@Nullable Path foreign) {
    String before = System.getProperty(CLASS_PATH);
    if (foreign != null && isJar(foreign)) {
      System.setProperty(CLASS_PATH, before + File.pathSeparator + foreign.toAbsolutePath());
    }
    return before;
  }

  /** Puts the class path back to what it was. */
  public static void restoreClassPath(String before) {
    System.setProperty(CLASS_PATH, before);
  }

  /** Tells early, and in one sentence, what is no jar and no library. */
  public static void requireReadable(Path file) {
    if (isJar(file)) {
      try {
        new ZipFile(file.toFile()).close();
        return;
      } catch (IOException e) {
        throw UserError.environment("%s is no jar that can be read: %s; build it again.".formatted(file, e.getMessage()));
      }
    }
    byte[] start = start(file);
    boolean library =
        LIBRARIES.stream()
            .anyMatch(
                magic -> start.length >= magic.length && Arrays.equals(Arrays.copyOf(start, magic.length), magic));
    if (!library) {
      throw UserError.environment(
          "%s is neither a jar nor a native library%s; name one of them."
              .formatted(file, start.length == 0 ? ", for it is empty" : ""));
    }
  }

  private static byte[] start(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(ZIP.length);
    } catch (IOException e) {
      throw UserError.unreadable(file, e);
    }
  }

  /** Whether a file is a jar, by its first bytes. */
  public static boolean isJar(Path file) {
    return Arrays.equals(start(file), ZIP);
  }
}
