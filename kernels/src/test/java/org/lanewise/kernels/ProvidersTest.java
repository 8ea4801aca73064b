package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Kernels are found on the class path and as a module, joined by those of others, and never swapped for one another. */
class ProvidersTest {
  private static final String SERVICE = "META-INF/services/" + KernelProvider.class.getName();

  @TempDir private Path directory;

  @Test
  void the_built_in_kernels_are_found() {
    assertEquals(Samples.IDS, Kernels.all().stream().map(KernelProvider::id).toList());
    assertEquals("scalar", Kernels.require("scalar").id());
    String best = Samples.provider("vector").availability().available() ? "vector" : "scalar";
    assertEquals(best, Kernels.auto().id());
  }

  @Test
  void module_and_class_path_declare_the_same_providers() throws IOException, URISyntaxException {
    Set<String> classPath = new TreeSet<>();
    try (InputStream in = Kernels.class.getClassLoader().getResourceAsStream(SERVICE)) {
      assertNotNull(in, SERVICE);
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.replaceFirst("#.*", "").strip())
          .filter(line -> !line.isEmpty())
          .forEach(classPath::add);
    }
    Path classes = Path.of(Kernels.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    ModuleDescriptor descriptor =
        ModuleFinder.of(classes).find("org.lanewise.kernels").orElseThrow().descriptor();
    Set<String> module = new TreeSet<>();
    descriptor.provides().stream()
        .filter(provides -> provides.service().equals(KernelProvider.class.getName()))
        .forEach(provides -> module.addAll(provides.providers()));
    assertTrue(descriptor.uses().contains(KernelProvider.class.getName()), "the module uses what others provide");
    assertEquals(module, classPath);
    assertEquals(2, module.size());
  }

  @Test
  void built_in_kernels_declare_both_operations() {
    for (String id : Samples.IDS) {
      KernelProvider provider = Samples.provider(id);
      assertFalse(provider.description().isBlank());
      for (Operation operation : Operation.values()) {
        Declaration declaration =
            provider.declarations().stream()
                .filter(d -> d.operation() == operation && d.dtype() == DType.FLOAT32)
                .findFirst()
                .orElseThrow();
        assertTrue(declaration.reproducibleBits() && declaration.allocationFree(), id + " " + operation.id());
      }
    }
    assertEquals(1, Samples.provider("scalar").lanes());
    int lanes = Samples.provider("vector").lanes();
    assertTrue(lanes >= 2 && Integer.bitCount(lanes) == 1, "lanes: " + lanes);
  }

  @Test
  void an_unknown_kernel_lists_the_known() {
    IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> Kernels.require("cuda"));
    assertEquals("There is no kernel 'cuda'; the kernels are scalar, vector.", error.getMessage());
  }

  @Test
  void a_kernel_that_cannot_run_says_why_and_is_not_replaced() throws Throwable {
    with(
        List.of(Absent.class),
        () -> {
          UnavailableKernelException error =
              assertThrows(UnavailableKernelException.class, () -> Kernels.require("absent"));
          assertEquals(
              "The kernel 'absent' cannot run here. There is no such device. Plug one in.", error.getMessage());
          assertEquals(List.of("absent", "scalar", "vector"), Kernels.all().stream().map(KernelProvider::id).toList());
          assertFalse(Kernels.auto().id().equals("absent"));
        });
  }

  @Test
  void two_kernels_of_one_id_are_refused() throws Throwable {
    with(
        List.of(Absent.class, AlsoAbsent.class),
        () -> {
          IllegalStateException error = assertThrows(IllegalStateException.class, Kernels::all);
          assertEquals(
              "Two kernel providers have the id 'absent': %s and %s; remove one of them from the class path."
                  .formatted(Absent.class.getName(), AlsoAbsent.class.getName()),
              error.getMessage());
        });
  }

  @Test
  void an_operation_that_a_kernel_does_not_supply() {
    KernelProvider provider = new Absent();
    UnavailableKernelException error =
        assertThrows(
            UnavailableKernelException.class,
            () -> CrossEntropy.on(provider).forward(Tensor.zeros(DType.FLOAT32, 1, 2), Tensor.of(new long[] {0}, 1)));
    assertEquals(
        "The kernel 'absent' does not supply cross_entropy for float32; use another kernel, such as 'scalar'.",
        error.getMessage());
    float[] one = new float[1];
    assertThrows(UnavailableKernelException.class, () -> BceWithLogits.on(provider).forward(one, one, 1, 1));
  }

  /** Runs with other providers on the class path. */
  private void with(List<Class<? extends KernelProvider>> others, Executable action) throws Throwable {
    Path services = directory.resolve("services");
    Files.write(services, others.stream().map(Class::getName).toList());
    URL url = services.toUri().toURL();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(
        new ClassLoader(before) {
          @Override
          protected Enumeration<URL> findResources(String name) {
            return name.equals(SERVICE)
                ? Collections.enumeration(List.of(url))
                : Collections.emptyEnumeration();
          }
        });
    try {
      action.execute();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** A kernel of a device that is not there. */
  public static class Absent implements KernelProvider {
    /** For the service loader. */
    public Absent() {}

    @Override
    public String id() {
      return "absent";
    }

    @Override
    public String description() {
      return "a device that is not there";
    }

    @Override
    public Availability availability() {
      return Availability.unavailable("There is no such device.", "Plug one in.");
    }

    @Override
    public int lanes() {
      throw new AssertionError("asked only when available");
    }

    @Override
    public List<Declaration> declarations() {
      return List.of();
    }

    @Override
    public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
      throw new AssertionError("asked only when available");
    }

    @Override
    public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
      throw new AssertionError("asked only when available");
    }
  }

  /** Another of the same id. */
  public static final class AlsoAbsent extends Absent {
    /** For the service loader. */
    public AlsoAbsent() {}
  }
}
