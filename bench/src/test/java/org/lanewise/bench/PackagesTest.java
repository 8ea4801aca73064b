package org.lanewise.bench;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.kernels.Reduction;

/**
 * Which package depends on which. The sentence "Depends on …" of a package's {@code package-info.java} states it, with the
 * names of packages below {@code org.lanewise} or below the package's own module; the class files have to agree. A constant
 * that javac has copied is no dependency of a class file.
 */
class PackagesTest {
  private static final Path PROJECT = Path.of("..");
  private static final String ROOT = "org.lanewise.";

  /** The modules by a class of each, lowest first: a module depends on itself and on lower ones. */
  private static final List<Class<?>> MODULES = List.of(Reduction.class, Conformance.class, ExitCode.class);

  private static final String TOP = "bench.cli";

  private static final Pattern SENTENCE = Pattern.compile("Depends on (nothing|.*\\{@code .*)");
  private static final Pattern NAME = Pattern.compile("\\{@code ([a-z.]+)}");
  private static final Pattern TYPE = Pattern.compile("org/lanewise/([a-z/]+)/[A-Z]");

  private static final Map<String, Set<String>> STATED = new TreeMap<>();
  private static final Map<String, Set<String>> FOUND = new TreeMap<>();

  @BeforeAll
  static void read() throws Exception {
    for (Class<?> of : MODULES) {
      Path sources = PROJECT.resolve(module(name(of.getPackageName()))).resolve("src/main/java");
      try (Stream<Path> files = Files.walk(sources)) {
        for (Path file : files.filter(file -> file.toString().endsWith(".java")).toList()) {
          if (!file.getParent().equals(sources)) { // where the module descriptor is
            FOUND.put(name(sources.relativize(file.getParent()).toString().replace('/', '.')), new TreeSet<>());
          }
        }
      }
    }
    for (String pack : FOUND.keySet()) {
      STATED.put(pack, stated(pack));
    }
    for (Class<?> of : MODULES) {
      Path classes = Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (Files.isDirectory(classes)) {
        readClasses(classes);
      } else {
        try (FileSystem jar = FileSystems.newFileSystem(classes)) {
          readClasses(jar.getPath("/"));
        }
      }
    }
  }

  @Test
  void packagesDependOnWhatTheySay() {
    assertTrue(FOUND.size() > 25, FOUND.keySet().toString());
    assertAll(
        FOUND.entrySet().stream()
            .map(
                found ->
                    () -> assertEquals(STATED.get(found.getKey()), found.getValue(), "package-info.java of " + found.getKey())));
  }

  @Test
  void modulesDependOnLowerOnesAlone() {
    List<String> order = MODULES.stream().map(of -> module(name(of.getPackageName()))).toList();
    FOUND.forEach(
        (pack, uses) ->
            uses.forEach(
                used ->
                    assertTrue(
                        order.indexOf(module(used)) <= order.indexOf(module(pack)),
                        "%s depends on %s".formatted(pack, used))));
  }

  @Test
  void nothingDependsOnTheCommandLine() {
    assertTrue(FOUND.containsKey(TOP));
    FOUND.forEach((pack, uses) -> assertFalse(uses.contains(TOP), "%s depends on %s".formatted(pack, TOP)));
  }

  @Test
  void noCycles() {
    Map<String, Set<String>> left = new TreeMap<>();
    FOUND.forEach((pack, uses) -> left.put(pack, new TreeSet<>(uses)));
    boolean fewer = true;
    while (fewer) {
      Set<String> used = new TreeSet<>();
      left.values().forEach(used::addAll);
      // Neither what depends on nothing nor what nothing depends on is in a cycle.
      fewer = left.entrySet().removeIf(pack -> pack.getValue().isEmpty() || !used.contains(pack.getKey()));
      left.values().forEach(uses -> uses.retainAll(left.keySet()));
    }
    assertEquals(Map.of(), left, "packages in cycles");
  }

  private static Set<String> stated(String pack) throws IOException {
    Path file = PROJECT.resolve(module(pack)).resolve("src/main/java/org/lanewise").resolve(pack.replace('.', '/'));
    String text = Files.readString(file.resolve("package-info.java")).replaceAll("\\s+(\\* )?", " ");
    Matcher sentence = SENTENCE.matcher(text);
    assertTrue(sentence.find(), "package-info.java of %s does not say what it depends on".formatted(pack));
    Collection<String> packages = FOUND.keySet();
    Set<String> names = new TreeSet<>();
    for (Matcher name = NAME.matcher(sentence.group(1)); name.find(); ) {
      String own = module(pack) + "." + name.group(1);
      String full = packages.contains(own) ? own : name.group(1);
      assertTrue(packages.contains(full), "package-info.java of %s names a package %s".formatted(pack, name.group(1)));
      names.add(full);
    }
    return names;
  }

  private static void readClasses(Path classes) throws IOException {
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(file -> file.toString().endsWith(".class")).toList()) {
        String pack = name(String.valueOf(classes.relativize(file).getParent()).replace('/', '.'));
        Set<String> uses = FOUND.get(pack);
        if (uses != null) { // what JMH generates is nobody's
          for (PoolEntry entry : ClassFile.of().parse(Files.readAllBytes(file)).constantPool()) {
            Matcher type = TYPE.matcher(types(entry));
            while (type.find()) {
              uses.add(type.group(1).replace('/', '.'));
            }
          }
          uses.remove(pack);
        }
      }
    }
  }

  /** What of a constant can be the name of a class, or a descriptor or signature with such names. */
  private static String types(PoolEntry entry) {
    return switch (entry) {
      case ClassEntry name -> name.asInternalName();
      case Utf8Entry text when text.stringValue().matches("[L(\\[<].*") -> text.stringValue();
      default -> "";
    };
  }

  private static String module(String pack) {
    return pack.split("\\.")[0];
  }

  private static String name(String pack) {
    return pack.startsWith(ROOT) ? pack.substring(ROOT.length()) : "";
  }
}
