package org.lanewise.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The flags that every JVM of Lanewise runs with; the launcher and the parent pom hold the same list. */
public final class JvmFlags {
  /** With {@link #VECTOR_MODULE}: the Vector API. */
  public static final String ADD_MODULES = "--add-modules";

  /** The module of the Vector API. */
  public static final String VECTOR_MODULE = "jdk.incubator.vector";

  /** For kernels written in C. */
  public static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  /** JMH 1.37 reads object layouts through Unsafe, of which JDK 24 and later would warn in every fork. */
  public static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";

  private JvmFlags() {}

  /** How the command of another JVM of Lanewise begins: the java that runs this one, and the flags. */
  public static List<String> command() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(all());
    return command;
  }

  /** All of them, in the launcher's order. */
  public static List<String> all() {
    return List.of(ADD_MODULES, VECTOR_MODULE, NATIVE_ACCESS, UNSAFE);
  }
}
