package org.lanewise.bench.gate.fork;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.grid.Work;

/**
 * One of two builds of the kernels in one JVM: a jar in a class loader of its own.
 *
 * <p>Above that loader is the JDK alone. With the class path above it, both twins would be the classes that this program
 * brings; with only the service interface shared, no provider of the jar would be a subtype of it. So nothing is shared, and
 * the one class of ours that has to see the build's types, {@link TwinBridge}, is defined in the loader as well.
 */
final class Twin implements AutoCloseable {
  private final String side;
  private final Path jar;
  private final Loader loader;
  private final Function<Map<String, Object>, @Nullable IntToLongFunction> bridge;

  /** What two twins compute on; both on the same arrays, so that no arm has the luckier ones. */
  record Buffers(float[] logits, Object target, float[] losses, float[] gradient, float[] result) {}

  private static final class Loader extends URLClassLoader {
    Loader(URL jar) {
      super(new URL[] {jar}, ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (!name.equals(TwinBridge.class.getName())) {
        return super.findClass(name);
      }
      try (InputStream stream = TwinBridge.class.getResourceAsStream(TwinBridge.class.getSimpleName() + ".class")) {
        byte[] bytes = stream.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  private Twin(String side, Path jar, Loader loader, Function<Map<String, Object>, @Nullable IntToLongFunction> bridge) {
    this.side = side;
    this.jar = jar;
    this.loader = loader;
    this.bridge = bridge;
  }

  /**
   * The build of a jar.
   *
   * @param side {@code base} or {@code candidate}, for messages
   */
  @SuppressWarnings("unchecked") // TwinBridge is such a function
  static Twin open(String side, Path jar) {
    try {
      Loader loader = new Loader(jar.toUri().toURL());
      Object bridge = loader.loadClass(TwinBridge.class.getName()).getDeclaredConstructor().newInstance();
      return new Twin(side, jar, loader, (Function<Map<String, Object>, @Nullable IntToLongFunction>) bridge);
    } catch (MalformedURLException | ReflectiveOperationException e) {
      throw new IllegalStateException("The gate cannot load itself beside %s.".formatted(jar), e);
    } catch (LinkageError e) {
      throw tooOld(side, jar, e);
    }
  }

  /**
   * A block: a number of calls in, the nanoseconds that they took out.
   *
   * @param calls runs them
   * @param provider the class that the kernel is of
   * @param promised what the build declares of all that the kernel's provider has: bounds in ULP by what they bound, 0 for a
   *     promise that is made, infinity for one that is not
   */
  record Block(IntToLongFunction calls, Class<?> provider, Map<String, Double> promised) {}

  /**
   * The block of a work on a kernel.
   *
   * @param kernel the id of the kernel
   * @param on what to compute on
   * @throws Missing if this build does not have it
   */
  @SuppressWarnings("unchecked") // such a map
  Block block(String kernel, Work work, Buffers on) {
    Map<String, Object> told = new HashMap<>();
    told.put("kernel", kernel);
    told.put("operation", work.operation());
    told.put("dtype", work.dtype());
    told.put("reduction", work.reduction());
    told.put("backward", work.backward());
    told.put("batch", work.batch());
    told.put("classes", work.classes());
    told.put("logits", on.logits());
    told.put("target", on.target());
    told.put("losses", on.losses());
    told.put("gradient", on.gradient());
    told.put("result", on.result());
    @Nullable IntToLongFunction calls;
    try {
      calls = bridge.apply(told);
    } catch (LinkageError e) {
      throw tooOld(side, jar, e);
    }
    if (calls == null) {
      Object unavailable = told.get("unavailable");
      throw new Missing(
          unavailable != null
              ? "The kernel '%s' of the %s cannot run here: %s".formatted(kernel, side, unavailable)
              : told.containsKey("provider")
                  ? "The kernel '%s' of the %s does not supply %s for %s.".formatted(kernel, side, work.operation(), work.dtype())
                  : "The %s has no kernel '%s', but %s; choose with --kernel."
                      .formatted(side, kernel, String.join(", ", (List<String>) Objects.requireNonNull(told.get("known")))),
          unavailable != null);
    }
    return new Block(
        calls,
        (Class<?>) Objects.requireNonNull(told.get("provider")),
        (Map<String, Double>) Objects.requireNonNull(told.get("promised")));
  }

  /**
   * Holds what is about to be compared for two builds, and not one build twice: a loader that is asked in the wrong order gives
   * both sides the same class, and they would be equally fast.
   *
   * @throws UserError if either block is not of its own jar
   */
  static void requireDifferent(Twin base, Block ofBase, Twin candidate, Block ofCandidate) {
    base.requireOwn(ofBase);
    candidate.requireOwn(ofCandidate);
    if (ofBase.provider() == ofCandidate.provider()) {
      throw UserError.environment(
          "Base and candidate are one class, %s, so there is nothing to compare; name two jars."
              .formatted(ofBase.provider().getName()));
    }
  }

  private void requireOwn(Block block) {
    CodeSource source = block.provider().getProtectionDomain().getCodeSource();
    try {
      if (source != null && Files.isSameFile(Path.of(source.getLocation().toURI()), jar)) {
        return;
      }
    } catch (IOException | URISyntaxException e) {
      // told below
    }
    throw UserError.environment(
        "The %s's %s comes from %s and not from its jar %s, so nothing would be compared; name a jar of the kernels."
            .formatted(side, block.provider().getName(), source == null ? "nowhere" : source.getLocation(), jar));
  }

  /** A build cannot do what was asked for; the message is a sentence. */
  static final class Missing extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    /** Whether the build has it and only this machine lacks something. */
    final boolean onlyHere;

    private Missing(String sentence, boolean onlyHere) {
      super(sentence);
      this.onlyHere = onlyHere;
    }
  }

  /**
   * Computes a little of a work, so that what a build lacks is known before anything is measured.
   *
   * @throws Missing if it lacks the kernel or the operation
   * @throws UserError if it lacks what the gate calls
   */
  @SuppressWarnings("ReturnValueIgnored") // a kernel runs for what it might throw
  Block trial(PairedBenchmark benchmark) {
    Work work = benchmark.work();
    Work little =
        new Work(work.operation(), work.dtype(), work.target(), 1, 2, work.reduction(), work.direction(), "normal");
    for (Work one : List.of(little, PairedMeasurement.perValue(little))) {
      try {
        block(benchmark.kernel(), one, PairedMeasurement.buffers(one)).calls().applyAsLong(1);
      } catch (LinkageError e) {
        throw tooOld(side, jar, e);
      }
    }
    return block(benchmark.kernel(), work, new Buffers(new float[0], new float[0], new float[0], new float[0], new float[1]));
  }

  private static UserError tooOld(String side, Path jar, Throwable missing) {
    return UserError.environment(
        "The %s %s is no jar of the kernels, or one too old for this gate: it lacks %s; a jar with kernels of your own needs those of Lanewise beside them."
            .formatted(side, jar, String.valueOf(missing.getMessage()).replace('/', '.')));
  }

  @Override
  public void close() {
    try {
      loader.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
