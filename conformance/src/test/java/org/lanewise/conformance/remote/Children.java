package org.lanewise.conformance.remote;

import com.google.gson.JsonObject;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.lanewise.kernels.Kernels;

/** Processes of the tests: a program of the test class path, in the JVM that runs the tests. */
final class Children {
  static final Duration TIME = Duration.ofSeconds(5);
  static final long MEMORY = 1L << 30;

  private Children() {}

  /** The command that runs a program. */
  static List<String> command(Class<?> program, String... arguments) {
    Set<String> classPath = new LinkedHashSet<>();
    for (Class<?> type : List.of(program, Server.class, Kernels.class, JsonObject.class)) {
      try {
        classPath.add(Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
      } catch (URISyntaxException e) {
        throw new IllegalStateException(e);
      }
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx512m"));
    command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), program.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  static ChildProcess of(Class<?> program, String... arguments) {
    return new ChildProcess(command(program, arguments), TIME, MEMORY);
  }
}
