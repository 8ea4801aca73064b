package org.lanewise.bench.gate.fork;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.MethodModel;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;

/** Builds of the kernels for tests: the one under test, and some that are odd. */
public final class TestJars {
  private static final String SERVICES = "META-INF/services/" + KernelProvider.class.getName();

  private TestJars() {}

  /** The kernels that the tests run with. */
  public static Path kernels(Path folder, String name) throws IOException {
    return write(folder.resolve(name), entries());
  }

  /** A jar with nothing of the kernels in it. */
  public static Path empty(Path folder) throws IOException {
    return write(folder.resolve("empty.jar"), Map.of("readme.txt", new byte[] {'x'}));
  }

  /** The kernels without one method, as if it had not been written yet. */
  public static Path without(Path folder, Class<?> type, String method) throws IOException {
    Map<String, byte[]> entries = entries();
    ClassFile classFile = ClassFile.of();
    ClassTransform dropped =
        ClassTransform.dropping(
            element -> element instanceof MethodModel model && model.methodName().stringValue().equals(method));
    entries.computeIfPresent(
        type.getName().replace('.', '/') + ".class",
        (_, bytes) -> classFile.transformClass(classFile.parse(bytes), dropped));
    return write(folder.resolve("without-" + method + ".jar"), entries);
  }

  /** The kernels with these providers alone. */
  public static Path providing(Path folder, String name, String... providers) throws IOException {
    Map<String, byte[]> entries = entries();
    entries.put(SERVICES, String.join("\n", providers).getBytes(StandardCharsets.UTF_8));
    return write(folder.resolve(name), entries);
  }

  /** The kernels with a provider that is compiled from source, alone. */
  public static Path compiled(Path folder, String name, String type, String source) throws IOException {
    Path classes = Files.createDirectories(folder.resolve(name + ".classes"));
    Path file = classes.resolve(type + ".java");
    Files.writeString(file, source);
    int exitCode =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null, null, null, "-proc:none",
                "-cp", System.getProperty("java.class.path") + File.pathSeparator + location(),
                "-d", classes.toString(), file.toString());
    if (exitCode != 0) {
      throw new IllegalArgumentException("javac failed");
    }
    Map<String, byte[]> entries = entries();
    entries.put(SERVICES, type.getBytes(StandardCharsets.UTF_8));
    try (Stream<Path> made = Files.list(classes)) {
      for (Path one : made.filter(path -> path.toString().endsWith(".class")).toList()) {
        entries.put(one.getFileName().toString(), Files.readAllBytes(one));
      }
    }
    return write(folder.resolve(name), entries);
  }

  private static Path location() {
    try {
      return Path.of(Kernels.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** A folder of classes where Maven has not made the jar yet. */
  private static Map<String, byte[]> entries() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    Path location = location();
    if (Files.isDirectory(location)) {
      try (Stream<Path> files = Files.walk(location)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          entries.put(location.relativize(file).toString().replace(File.separatorChar, '/'), Files.readAllBytes(file));
        }
      }
      return entries;
    }
    try (ZipFile jar = new ZipFile(location.toFile())) {
      for (ZipEntry entry : jar.stream().filter(entry -> !entry.isDirectory()).toArray(ZipEntry[]::new)) {
        try (var stream = jar.getInputStream(entry)) {
          entries.put(entry.getName(), stream.readAllBytes());
        }
      }
    }
    return entries;
  }

  private static Path write(Path file, Map<String, byte[]> entries) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    return file;
  }
}
