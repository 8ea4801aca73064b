package org.lanewise.bench.opencl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The one-line files that tell an OpenCL loader where the drivers are. Containers are often given the library of NVIDIA's
 * driver but not its file, so OpenCL finds no GPU; then a folder of ours, with that file beside the others, takes the place
 * of the system's.
 */
final class DriverFiles {
  /** The variable that names the folder; a user who sets it is not interfered with. */
  private static final String VARIABLE = "OCL_ICD_VENDORS";

  private static final Path SYSTEM = Path.of("/etc/OpenCL/vendors");
  private static final String NVIDIA = "libnvidia-opencl.so.1";

  private DriverFiles() {}

  /** Names a folder of ours, where the file of a driver that is there is missing. */
  static void nameMissing() {
    if (System.getenv(VARIABLE) == null) {
      nameMissing(SYSTEM, NVIDIA);
    }
  }

  static void nameMissing(Path system, String driver) {
    Path folder = completed(system, driver);
    if (folder != null) {
      OpenClLibrary.setEnvironment(VARIABLE, folder.toString());
    }
  }

  /**
   * A private folder with the files of {@code system} and one for the driver; deleted when the JVM ends.
   *
   * @param driver the name of the driver's library
   * @return null where the driver has its file, or is not there, or the folder cannot be made
   */
  static @Nullable Path completed(Path system, String driver) {
    try {
      List<Path> files = List.of();
      if (Files.isDirectory(system)) {
        try (Stream<Path> entries = Files.list(system)) {
          files = entries.filter(file -> file.toString().endsWith(".icd")).toList();
        }
      }
      for (Path file : files) {
        if (Files.readString(file).contains(driver)) {
          return null;
        }
      }
      if (OpenClLibrary.lookup(driver) == null) {
        return null;
      }
      Path folder = Files.createTempDirectory("lanewise-opencl");
      folder.toFile().deleteOnExit(); // deleted after the files in it
      for (Path file : files) {
        write(folder.resolve(file.getFileName()), Files.readString(file));
      }
      write(folder.resolve("lanewise.icd"), driver + "\n");
      return folder;
    } catch (IOException | UncheckedIOException unreadable) {
      return null; // then the driver stays unknown, as it was
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text);
    file.toFile().deleteOnExit();
  }
}
