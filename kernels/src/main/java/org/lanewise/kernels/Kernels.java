package org.lanewise.kernels;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.KernelProvider;

/**
 * The kernels of this JVM, found through {@link ServiceLoader}.
 *
 * <p>Asking for a kernel by id gives that kernel or an exception that says why not; only {@link #auto()} chooses, and it
 * logs what it chose.
 */
public final class Kernels {
  private static final System.Logger LOGGER = System.getLogger(Kernels.class.getName());

  private Kernels() {}

  /**
   * All providers, available or not, in the order of their ids; a list of its own. A provider that cannot be loaded is logged
   * and left out.
   *
   * @throws IllegalStateException if two providers have the same id
   */
  public static List<KernelProvider> all() {
    List<KernelProvider> providers = new ArrayList<>();
    for (KernelProvider provider : load()) {
      for (KernelProvider other : providers) {
        if (other.id().equals(provider.id())) {
          throw new IllegalStateException(
              "Two kernel providers have the id '%s': %s and %s; remove one of them from the class path."
                  .formatted(provider.id(), other.getClass().getName(), provider.getClass().getName()));
        }
      }
      providers.add(provider);
    }
    providers.sort(Comparator.comparing(KernelProvider::id));
    return providers;
  }

  /** What can be loaded. A provider that cannot is logged and passed over: it must not take the others with it. */
  private static List<KernelProvider> load() {
    List<KernelProvider> providers = new ArrayList<>();
    Iterator<KernelProvider> iterator = ServiceLoader.load(KernelProvider.class).iterator();
    while (true) {
      try {
        if (!iterator.hasNext()) {
          return providers;
        }
        providers.add(iterator.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        LOGGER.log(
            System.Logger.Level.WARNING,
            () -> "A kernel provider cannot be loaded and is passed over: %s".formatted(e.getMessage()));
      }
    }
  }

  /**
   * The provider of the given id, available.
   *
   * @throws IllegalArgumentException if there is none of that id; the message lists the ids
   * @throws IllegalStateException if two providers have the same id
   * @throws UnavailableKernelException if its kernels cannot run here
   */
  public static KernelProvider require(String id) {
    List<KernelProvider> providers = all();
    for (KernelProvider provider : providers) {
      if (provider.id().equals(id)) {
        Availability availability = provider.availability();
        if (!availability.available()) {
          throw new UnavailableKernelException(id, availability);
        }
        return provider;
      }
    }
    throw new IllegalArgumentException(
        "There is no kernel '%s'; the kernels are %s."
            .formatted(id, providers.stream().map(KernelProvider::id).collect(Collectors.joining(", "))));
  }

  /**
   * The fastest of the built-in kernels that can run here: {@code vector}, otherwise {@code scalar}. Logs the choice: at
   * level debug, and as a warning with the reason and the remedy where it is {@code scalar}.
   *
   * @throws IllegalStateException if two providers have the same id
   */
  public static KernelProvider auto() {
    try {
      KernelProvider vector = require("vector");
      LOGGER.log(System.Logger.Level.DEBUG, () -> "Using the kernel 'vector', %d lanes.".formatted(vector.lanes()));
      return vector;
    } catch (UnavailableKernelException e) {
      LOGGER.log(System.Logger.Level.WARNING, () -> "Using the slower kernel 'scalar'. " + e.getMessage());
      return require("scalar");
    }
  }
}
