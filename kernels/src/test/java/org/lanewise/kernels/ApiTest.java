package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.spi.WholeBatch;

/** The types that others compile against: closed, so that they can grow, but for the interfaces of a kernel. */
class ApiTest {
  private static final Set<Class<?>> FOR_OTHERS_TO_IMPLEMENT =
      Set.of(BceWithLogitsKernel.class, CrossEntropyKernel.class, KernelProvider.class, WholeBatch.class);

  private static final Set<Class<?>> CALLS = Set.of(BceWithLogitsCall.class, CrossEntropyCall.class, Strided.class);

  /** What every object has: to say it anew in a class changes nothing for who compiles against it. */
  private static final Set<String> OF_ALL = Set.of(".equals(", ".hashCode(", ".toString(");

  @Test
  void whatIsExportedIsFinalOrSealedUnlessOthersImplementIt() throws Exception {
    List<Class<?>> exported = exported();
    assertTrue(exported.size() > 30, exported.toString());
    assertEquals(
        FOR_OTHERS_TO_IMPLEMENT,
        exported.stream()
            .filter(type -> !Modifier.isFinal(type.getModifiers()) && !type.isSealed())
            .collect(Collectors.toSet()));
  }

  /** A call must not allocate, so its parts are fields; everything else is behind methods, which can check and copy. */
  @Test
  void fieldsArePublicInCallsAlone() throws Exception {
    Set<String> fields = new TreeSet<>();
    for (Class<?> type : exported()) {
      for (Field field : type.getDeclaredFields()) {
        if (isPublic(field) && !isConstant(field) && !CALLS.contains(type)) {
          fields.add(field.toGenericString());
        }
        if (Modifier.isStatic(field.getModifiers()) && !Modifier.isFinal(field.getModifiers())) {
          fields.add(field.toGenericString()); // state that all callers would share
        }
      }
    }
    assertEquals(Set.of(), fields);
  }

  /** An array or a collection is none: its elements can be written. */
  private static boolean isConstant(Field field) {
    Class<?> type = field.getType();
    return Modifier.isStatic(field.getModifiers())
        && Modifier.isFinal(field.getModifiers())
        && (type.isPrimitive() || type == String.class || type.isEnum() || type.isRecord());
  }

  /**
   * Every public member is one that stays: a change of this file is a change of what others compile against. {@code
   * -Dlanewise.write.docs=true} writes it anew.
   */
  @Test
  void membersAreThoseOfTheList() throws Exception {
    Path list = Path.of("../docs/api.txt");
    String text =
        exported().stream()
            .sorted(Comparator.comparing(Class::getName))
            .map(ApiTest::members)
            .collect(Collectors.joining("\n"));
    if (Boolean.getBoolean("lanewise.write.docs")) {
      Files.writeString(list, text);
    }
    assertEquals(Files.readString(list), text, "with -Dlanewise.write.docs=true this test writes docs/api.txt anew");
  }

  /** A line for the type, and one for each of its members that others can use. */
  private static String members(Class<?> type) {
    Stream<Member> members =
        Stream.of(type.getDeclaredFields(), type.getDeclaredConstructors(), type.getDeclaredMethods()).flatMap(Stream::of);
    return Stream.concat(
            Stream.of(type.toGenericString()),
            members
                .filter(member -> isPublic(member) && !member.isSynthetic())
                .map(member -> "  " + member(member))
                .filter(line -> OF_ALL.stream().noneMatch(line::contains))
                .sorted())
        .map(line -> line.replace(type.getName() + ".", "").replace("org.lanewise.kernels.", "").replace("java.lang.", ""))
        .map(line -> line.replace("public ", "") + "\n")
        .collect(Collectors.joining());
  }

  private static String member(Member member) {
    return member instanceof Field field ? field.toGenericString() : ((Executable) member).toGenericString();
  }

  /** For others, who may extend no class, protected is private. */
  private static boolean isPublic(Member member) {
    return Modifier.isPublic(member.getModifiers());
  }

  static Path classes() throws Exception {
    return Path.of(Reduction.class.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  static ModuleDescriptor module() throws Exception {
    try (InputStream descriptor = Files.newInputStream(classes().resolve("module-info.class"))) {
      return ModuleDescriptor.read(descriptor);
    }
  }

  static List<Class<?>> exported() throws Exception {
    Path classes = classes();
    List<Class<?>> types = new ArrayList<>();
    for (ModuleDescriptor.Exports export : module().exports()) {
      try (Stream<Path> files = Files.list(classes.resolve(export.source().replace('.', '/')))) {
        for (Path file : files.filter(file -> file.toString().endsWith(".class")).toList()) {
          String name = file.getFileName().toString().replace(".class", "");
          if (!name.equals("package-info")) {
            Class<?> type = Class.forName(export.source() + "." + name);
            if (isPublic(type)) {
              types.add(type);
            }
          }
        }
      }
    }
    return types;
  }

  /** With all that it is nested in. */
  private static boolean isPublic(Class<?> type) {
    return Modifier.isPublic(type.getModifiers())
        && (type.getEnclosingClass() == null || isPublic(type.getEnclosingClass()));
  }
}
