package org.lanewise.bench.sick;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import org.lanewise.kernels.spi.KernelProvider;

/** Makes the files that third parties would hand over: jars of {@link SickProvider}, libraries of {@code sick-kernel.c}. */
public final class SickFiles {
  private static final Path SOURCE = Path.of("src/test/native/sick-kernel.c");
  private static final Path PROVIDERS = Path.of("src/test/java/org/lanewise/bench/sick/SickProvider.java");
  private static final String PACKAGE = "com.example.sick";
  private static final Path HEADERS = Path.of("../kernels/include");

  private SickFiles() {}

  /** A jar with these providers. */
  public static Path jar(Path folder, Class<?>... providers) throws IOException {
    String services =
        Arrays.stream(providers).map(provider -> PACKAGE + "." + nestedName(provider)).collect(Collectors.joining("\n"));
    return jar(folder, providers[0].getSimpleName(), services, List.of(providers));
  }

  /** A jar whose service file names a class that is not in it. */
  public static Path jarNamingMissingClass(Path folder) throws IOException {
    return jar(folder, "MissingClass", "com.example.Missing", List.of());
  }

  private static Path jar(Path folder, String name, String services, List<Class<?>> providers)
      throws IOException {
    Path classes = compile(folder.resolve("classes"));
    Path jar = folder.resolve(name + ".jar");
    try (OutputStream file = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      List<Class<?>> types = new ArrayList<>(providers);
      types.add(SickProvider.class);
      for (Class<?> type : types) {
        String entry = "%s/%s.class".formatted(PACKAGE.replace('.', '/'), nestedName(type));
        zip.putNextEntry(new ZipEntry(entry));
        Files.copy(classes.resolve(entry), zip);
      }
      zip.putNextEntry(new ZipEntry("META-INF/services/" + KernelProvider.class.getName()));
      zip.write(services.getBytes(StandardCharsets.UTF_8));
    }
    return jar;
  }

  private static String nestedName(Class<?> type) {
    return type.getName().substring(type.getPackageName().length() + 1);
  }

  /** Compiles the providers into a package of a third party: on the class path of the tests there must be no such class. */
  private static Path compile(Path classes) throws IOException {
    if (!Files.exists(classes)) {
      String source = Files.readString(PROVIDERS);
      Path copy = Files.createDirectories(classes).resolve("SickProvider.java");
      Files.writeString(copy, source.replace("package " + SickProvider.class.getPackageName(), "package " + PACKAGE));
      String classPath = System.getProperty("java.class.path");
      int exitCode =
          ToolProvider.getSystemJavaCompiler()
              .run(null, null, null, "-proc:none", "-cp", classPath, "-d", classes.toString(), copy.toString());
      assertEquals(0, exitCode, "javac");
    }
    return classes;
  }

  /**
   * A library, compiled with macros such as {@code CRASHES} or {@code SICK_WHEN=elements==997}; aborts the test where there is
   * no gcc, fails it where gcc is required.
   */
  public static Path library(Path folder, String name, String... macros) throws IOException, InterruptedException {
    Path library = folder.resolve(System.mapLibraryName(name));
    Path log = folder.resolve(name + ".log");
    List<String> command = new ArrayList<>(List.of("gcc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"));
    Arrays.stream(macros).map("-D"::concat).forEach(command::add);
    command.addAll(List.of("-I" + HEADERS, "-fPIC", "-shared", SOURCE.toString(), "-lm", "-o", library.toString()));
    Process gcc;
    try {
      gcc = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    } catch (IOException e) {
      missing("gcc does not start: " + e.getMessage());
      throw e;
    }
    int exitCode = gcc.waitFor();
    assertEquals(0, exitCode, () -> "gcc failed, see " + log);
    return library;
  }

  /** Continuous integration lists the tools that it has; what needs one of those may not be skipped. */
  private static void missing(String reason) {
    if (Arrays.asList(System.getProperty("lanewise.require", "").split("[ ,]+")).contains("gcc")) {
      fail(reason);
    }
    abort(reason);
  }
}
