package org.lanewise.bench.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.cli.Main;

/** What the machine lacks is said in a sentence, with a remedy; what only a file lacks is made good. */
class OpenClAbsentTest {
  private static final Path DRIVERS = Path.of("/etc/OpenCL/vendors");

  @TempDir Path folder;

  /** What a JVM of its own prints: a process finds its drivers once. */
  private Output run(Map<String, String> environment, Class<?> main, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("OCL_ICD_VENDORS", "POCL_DEVICES"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Output(process.waitFor(), text);
  }

  private record Output(int exitCode, String text) {
    /** Without the ends of lines, which are where 80 columns end. */
    String unwrapped() {
      return text.replaceAll("\\s+", " ");
    }
  }

  private void assertUnavailable(Map<String, String> environment, String reason) throws Exception {
    Output listed = run(environment, Main.class, "list");
    assertEquals(0, listed.exitCode(), listed.text());
    assertTrue(listed.unwrapped().contains("opencl: OpenCL C; not available " + reason), listed.text());
    Output verified = run(environment, Main.class, "verify", "--kernel", "opencl");
    assertEquals(3, verified.exitCode(), verified.text());
    assertTrue(verified.unwrapped().contains("The kernel 'opencl' cannot run here. " + reason), verified.text());
    assertTrue(verified.text().contains("pocl-opencl-icd"), verified.text());
  }

  @Test
  void withoutALibraryTheKernelsAreUnavailable() throws Exception {
    for (String name : List.of("libOpenCL.so.1", "libOpenCL.so")) {
      Files.writeString(folder.resolve(name), "no library");
    }
    assertUnavailable(Map.of("LD_LIBRARY_PATH", folder.toString()), "There is no OpenCL library on this machine");
  }

  @Test
  void withoutADriverTheKernelsAreUnavailable() throws Exception {
    OpenClDevice.require();
    assertUnavailable(Map.of("OCL_ICD_VENDORS", folder.toString()), "The OpenCL library finds no driver.");
  }

  @Test
  void aDriverWithoutADeviceIsNamed() throws Exception {
    OpenClDevice.require();
    Path pocl = DRIVERS.resolve("pocl.icd");
    assumeTrue(Files.exists(pocl), "no PoCL, whose devices a variable can take away");
    Files.copy(pocl, folder.resolve("pocl.icd"));
    assertUnavailable(
        Map.of("OCL_ICD_VENDORS", folder.toString(), "POCL_DEVICES", "none"),
        "The OpenCL driver 'Portable Computing Language' has no device.");
  }

  @Test
  void aLibraryOfThatNameThatIsNotOpenClIsNamed() throws Exception {
    // Which library takes its place does not matter; each JVM has this one.
    Path other = Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("jimage"));
    Path link = Files.createSymbolicLink(folder.resolve("libOpenCL.so.1"), other);
    assertUnavailable(
        Map.of("LD_LIBRARY_PATH", folder.toString()),
        "OpenCL does not work here: The OpenCL library has no function clGetPlatformIDs.");
    Files.delete(link);
  }

  /** On machines with the packages of several makers, one may have no device that it works with. */
  @Test
  void aDriverThatFailsIsPassedOver() throws Exception {
    OpenClDevice.require();
    Path pocl = DRIVERS.resolve("pocl.icd");
    assumeTrue(Files.exists(pocl), "no PoCL, which works beside it");
    Path library = folder.resolve("failing.so");
    compile(Files.writeString(folder.resolve("failing.c"), FAILING_DRIVER), library);
    Files.writeString(folder.resolve("failing.icd"), library + "\n");
    Map<String, String> environment = Map.of("OCL_ICD_VENDORS", folder.toString());
    assertUnavailable(
        environment, "The OpenCL driver 'Failing' does not work: clGetDeviceIDs answered -6, CL_OUT_OF_HOST_MEMORY.");

    Files.copy(pocl, folder.resolve("pocl.icd"));
    Output listed = run(environment, Main.class, "list");
    assertTrue(listed.text().contains("opencl: OpenCL C on "), listed.text());
  }

  /** A driver, as its loader sees it, whose devices cannot be asked for. */
  private static final String FAILING_DRIVER =
      """
      #include <stddef.h>
      #include <string.h>

      static int info(void *platform, unsigned name, size_t size, void *value, size_t *needed) {
        const char *text = name == 0x0904 ? "cl_khr_icd" : name == 0x0901 ? "OpenCL 1.2" : "Failing";
        (void) platform;
        if (value && size > strlen(text)) strcpy(value, text);
        if (needed) *needed = strlen(text) + 1;
        return 0;
      }

      static int devices(void *platform, unsigned long type, unsigned size, void **devices, unsigned *count) {
        (void) platform, (void) type, (void) size, (void) devices, (void) count;
        return -6;
      }

      static void *functions[256] = {NULL, (void *) info, (void *) devices};
      static struct { void **functions; } driver = {functions};

      int clIcdGetPlatformIDsKHR(unsigned size, void **platforms, unsigned *count) {
        if (platforms && size > 0) platforms[0] = &driver;
        if (count) *count = 1;
        return 0;
      }

      int clGetPlatformInfo(void *platform, unsigned name, size_t size, void *value, size_t *needed) {
        return info(platform, name, size, value, needed);
      }

      void *clGetExtensionFunctionAddress(const char *name) {
        if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0) return (void *) clIcdGetPlatformIDsKHR;
        return strcmp(name, "clGetPlatformInfo") == 0 ? (void *) info : NULL;
      }
      """;

  private void compile(Path source, Path library) throws Exception {
    Path log = folder.resolve("gcc.log");
    Process gcc;
    try {
      gcc =
          new ProcessBuilder("gcc", "-fPIC", "-shared", source.toString(), "-o", library.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    } catch (IOException e) {
      if (Arrays.asList(System.getProperty("lanewise.require", "").split("[ ,]+")).contains("gcc")) {
        throw e;
      }
      abort("no gcc, to make a driver that fails");
      return;
    }
    assertEquals(0, gcc.waitFor(), Files.readString(log));
  }

  /** The file of a driver whose library is there is made, and the others are kept. */
  @Test
  void theMissingFileOfADriverIsMade() throws IOException {
    Files.writeString(folder.resolve("other.icd"), "libother.so\n");
    Files.writeString(folder.resolve("notes.txt"), "no driver");
    Path made = DriverFiles.completed(folder, "libc.so.6");
    assertNotNull(made);
    try (Stream<Path> files = Files.list(made)) {
      assertEquals(
          List.of("lanewise.icd", "other.icd"), files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    assertEquals("libc.so.6\n", Files.readString(made.resolve("lanewise.icd")));
    assertEquals("libother.so\n", Files.readString(made.resolve("other.icd")));
    assertEquals("rwx------", java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(made)));
  }

  @Test
  void nothingIsMadeWhereNothingIsMissing() throws IOException {
    assertNull(DriverFiles.completed(folder, "libnotthere.so.1"), "the driver is not there");
    Files.writeString(folder.resolve("own.icd"), "/usr/lib/libc.so.6\n");
    assertNull(DriverFiles.completed(folder, "libc.so.6"), "the driver has its file");
    assertNotNull(DriverFiles.completed(folder.resolve("missing"), "libc.so.6"), "no folder is no file");
  }

  /** With PoCL in the part of the driver whose file is missing: a JVM of its own finds it through the folder that is made. */
  @Test
  void theLoaderFindsTheDriverThroughTheFileMade() throws Exception {
    OpenClDevice.require();
    Path pocl = DRIVERS.resolve("pocl.icd");
    assumeTrue(Files.exists(pocl), "no PoCL, which takes the part of the driver");
    String library = Files.readString(pocl).strip();
    String empty = folder.toString();
    assertEquals("none\n", run(Map.of(), Finds.class, empty, "libnotthere.so.1").text().replaceAll("(?m)^WARNING.*\n", ""));
    assertEquals("a device\n", run(Map.of(), Finds.class, empty, library).text().replaceAll("(?m)^WARNING.*\n", ""));
  }

  /** Whether a device is found where the given folder takes the place of the system's. */
  static final class Finds {
    private Finds() {}

    public static void main(String[] arguments) {
      Path system = Path.of(arguments[0]);
      DriverFiles.nameMissing(system, arguments[1]);
      OpenClLibrary.setEnvironment("OCL_ICD_VENDORS", system.toString()); // where none has been named
      System.out.print(Device.here().device() == null ? "none\n" : "a device\n");
    }
  }
}
