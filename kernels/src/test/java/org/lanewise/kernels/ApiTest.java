package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.WholeBatch;

/** The types that others compile against: closed, so that they can grow, but for the interfaces of a kernel. */
class ApiTest {
  private static final Set<Class<?>> FOR_OTHERS_TO_IMPLEMENT =
      Set.of(BceWithLogitsKernel.class, CrossEntropyKernel.class, KernelProvider.class, WholeBatch.class);

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

  private static List<Class<?>> exported() throws Exception {
    Path classes = Path.of(Reduction.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    ModuleDescriptor module;
    try (InputStream descriptor = Files.newInputStream(classes.resolve("module-info.class"))) {
      module = ModuleDescriptor.read(descriptor);
    }
    List<Class<?>> types = new ArrayList<>();
    for (ModuleDescriptor.Exports export : module.exports()) {
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
