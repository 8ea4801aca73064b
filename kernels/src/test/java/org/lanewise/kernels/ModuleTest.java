package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A module of somebody else's needs nothing but this one. */
class ModuleTest {
  private static final Pattern PACKAGE = Pattern.compile("\\borg\\.lanewise(\\.[a-z]\\w*)+(?=\\.[A-Z])");

  /** In place of javac's lint "exports", which would have jspecify transitive. */
  @Test
  void signaturesNameExportedTypesOnly() throws Exception {
    Set<String> packages =
        ApiTest.module().exports().stream().map(ModuleDescriptor.Exports::source).collect(Collectors.toSet());
    List<String> leaks = new ArrayList<>();
    for (Class<?> type : ApiTest.exported()) {
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
            "--module-path", ApiTest.classes().toString(), descriptor.toString(), source.toString());
    assertEquals(0, exitCode, messages.toString());
  }

  private static String signature(Member member) {
    return switch (member) {
      case Executable executable -> executable.toGenericString();
      case Field field -> field.toGenericString();
      default -> throw new AssertionError(member);
    };
  }
}
