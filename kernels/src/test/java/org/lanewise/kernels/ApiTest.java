package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.WholeBatch;

/**
 * The types that others compile against: closed, so that they can grow, but for the interfaces of a kernel; and usable with
 * nothing but this module.
 */
class ApiTest {
  private static final Set<Class<?>> FOR_OTHERS_TO_IMPLEMENT =
      Set.of(BceWithLogitsKernel.class, CrossEntropyKernel.class, KernelProvider.class, WholeBatch.class);

  private static final Pattern PACKAGE = Pattern.compile("\\borg\\.lanewise(\\.[a-z]\\w*)+(?=\\.[A-Z])");

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

  /** In place of javac's lint "exports", which would have jspecify transitive. */
  @Test
  void signaturesNameExportedTypesOnly() throws Exception {
    Set<String> packages = module().exports().stream().map(ModuleDescriptor.Exports::source).collect(Collectors.toSet());
    List<String> leaks = new ArrayList<>();
    for (Class<?> type : exported()) {
      List<Member> members = new ArrayList<>(List.of(type.getDeclaredMethods()));
      members.addAll(List.of(type.getDeclaredConstructors()));
      members.addAll(List.of(type.getDeclaredFields()));
      for (Member member : members) {
        if ((member.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0) {
          String signature = signature(member);
          PACKAGE.matcher(signature).results().map(MatchResult::group).filter(name -> !packages.contains(name))
              .forEach(name -> leaks.add(signature));
        }
      }
    }
    assertEquals(List.of(), leaks);
  }

  @Test
  void aModuleCompilesAgainstThisOneAlone(@TempDir Path folder) throws Exception {
    Path descriptor = Files.writeString(folder.resolve("module-info.java"), "module mine { requires org.lanewise.kernels; }");
    Path source = Files.writeString(folder.resolve("Mine.java"), """
        package mine;
        class Mine {
          org.lanewise.kernels.CrossEntropy loss = org.lanewise.kernels.CrossEntropy.create().weight(null);
        }
        """);
    StringWriter messages = new StringWriter();
    PrintWriter writer = new PrintWriter(messages, true);
    int exitCode =
        ToolProvider.findFirst("javac").orElseThrow().run(
            writer, writer, "-Xlint:all,-incubating", "-Werror", "-d", folder.toString(),
            "--module-path", classes().toString(), descriptor.toString(), source.toString());
    assertEquals(0, exitCode, messages.toString());
  }

  private static String signature(Member member) {
    return switch (member) {
      case Executable executable -> executable.toGenericString();
      case Field field -> field.toGenericString();
      default -> throw new AssertionError(member);
    };
  }

  private static Path classes() throws Exception {
    return Path.of(Reduction.class.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static ModuleDescriptor module() throws Exception {
    try (InputStream descriptor = Files.newInputStream(classes().resolve("module-info.class"))) {
      return ModuleDescriptor.read(descriptor);
    }
  }

  private static List<Class<?>> exported() throws Exception {
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
