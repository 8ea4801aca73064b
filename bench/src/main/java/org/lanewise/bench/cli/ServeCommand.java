package org.lanewise.bench.cli;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.jmh.ForeignKernels;
import org.lanewise.bench.nativelib.NativeKernelProvider;
import org.lanewise.bench.sweep.Sweeps;
import org.lanewise.conformance.remote.Server;
import org.lanewise.kernels.spi.KernelProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The child of {@code validate}: serves the kernels of a jar, which is on its class path, or of a native library on standard
 * input and output.
 */
@Command(name = "serve", hidden = true, description = "Serves kernels to the process that started this one.")
final class ServeCommand implements Callable<Integer> {
  @Parameters(paramLabel = "JAR|LIB")
  private Path file;

  @Option(names = "--sweep", description = "Sweep this operation of the kernel instead; progress goes to standard error.")
  private @Nullable String swept;

  @Option(names = "--kernel", description = "The kernel to sweep.")
  private String kernel = "";

  @Option(names = "--into", description = "The folder for what the sweep found.")
  private Path into = WorkFolder.path();

  /** The arguments of a JVM that serves a file. */
  static List<String> arguments(Path file) {
    String classPath = System.getProperty("java.class.path");
    boolean jar = ForeignKernels.isJar(file);
    return List.of(
        "-cp",
        jar ? classPath + File.pathSeparator + file.toAbsolutePath() : classPath,
        Main.class.getName(),
        "serve",
        file.toAbsolutePath().toString());
  }

  @Override
  public Integer call() throws IOException {
    OutputStream answers = standardOutput();
    System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.err), true)); // a kernel that prints spoils nothing
    FileInputStream requests = new FileInputStream(FileDescriptor.in);
    System.setIn(InputStream.nullInputStream());
    endWithParent();
    List<KernelProvider> providers = ForeignKernels.isJar(file) ? ofJar() : List.of(ofLibrary());
    if (swept == null) {
      new Server(providers).serve(requests, answers);
    } else {
      sweep(providers.stream().filter(provider -> provider.id().equals(kernel)).findFirst().orElseThrow(), swept);
    }
    return ExitCode.GOOD;
  }

  /** Here rather than over the wire: billions of results are compared where they are computed. */
  private void sweep(KernelProvider provider, String operation) {
    int[] told = {-1};
    Sweeps.run(
        operation,
        provider,
        1,
        Runtime.getRuntime().availableProcessors(),
        null,
        into,
        () -> false,
        done -> {
          int percent = 5 * (int) (20 * done);
          if (percent > told[0]) {
            told[0] = percent;
            System.err.println(KernelSweep.PROGRESS + percent);
          }
        });
  }

  /**
   * Standard output for answers alone: its place takes standard error, so that neither what native code prints nor the last
   * words of a crashing JVM come between them.
   */
  @SuppressWarnings("restricted") // native access is what duplicates a file descriptor
  private static OutputStream standardOutput() throws IOException {
    Linker linker = Linker.nativeLinker();
    MemorySegment dup = linker.defaultLookup().find("dup").orElse(null);
    MemorySegment dup2 = linker.defaultLookup().find("dup2").orElse(null);
    if (dup == null || dup2 == null) {
      return new FileOutputStream(FileDescriptor.out); // no POSIX system
    }
    ValueLayout.OfInt integer = ValueLayout.JAVA_INT;
    int copy;
    int placed;
    try {
      copy = (int) linker.downcallHandle(dup, FunctionDescriptor.of(integer, integer)).invokeExact(1);
      placed = (int) linker.downcallHandle(dup2, FunctionDescriptor.of(integer, integer, integer)).invokeExact(2, 1);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    return copy < 0 || placed < 0 ? new FileOutputStream(FileDescriptor.out) : new FileOutputStream("/dev/fd/" + copy);
  }

  /**
   * A call that never returns must not outlive the process that wants its result. Not by {@link Runtime#halt}: that waits for a
   * call of native code on arrays of the heap.
   */
  @SuppressWarnings("restricted") // native access is what ends a process at once
  private static void endWithParent() {
    Linker linker = Linker.nativeLinker();
    MethodHandle exit =
        linker
            .defaultLookup()
            .find("_exit")
            .map(address -> linker.downcallHandle(address, FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT)))
            .orElse(null);
    Runnable end =
        () -> {
          try {
            if (exit != null) {
              exit.invokeExact(ExitCode.ENVIRONMENT);
            }
          } catch (Throwable e) {
            // No POSIX system.
          }
          Runtime.getRuntime().halt(ExitCode.ENVIRONMENT);
        };
    var _ = ProcessHandle.current().parent().map(parent -> parent.onExit().thenRun(end));
  }

  private KernelProvider ofLibrary() {
    try {
      return NativeKernelProvider.at(file);
    } catch (IllegalArgumentException e) {
      throw UserError.environment(String.valueOf(e.getMessage()));
    }
  }

  /** The providers whose classes are in the jar. */
  private List<KernelProvider> ofJar() {
    List<KernelProvider> providers = new ArrayList<>();
    Iterator<ServiceLoader.Provider<KernelProvider>> all = ServiceLoader.load(KernelProvider.class).stream().iterator();
    try {
      while (all.hasNext()) {
        ServiceLoader.Provider<KernelProvider> found = all.next();
        if (isInJar(found.type())) {
          providers.add(found.get());
        }
      }
    } catch (ServiceConfigurationError | LinkageError e) {
      throw UserError.environment(
          "A kernel provider of the jar cannot be loaded: %s; correct META-INF/services/%s, or the class."
              .formatted(e.getCause() == null ? e.getMessage() : e.getCause(), KernelProvider.class.getName()));
    }
    if (providers.isEmpty()) {
      throw UserError.environment(
          "The jar has no kernel provider; name the class in META-INF/services/%s.".formatted(KernelProvider.class.getName()));
    }
    return providers;
  }

  private boolean isInJar(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    try {
      return source != null && Files.isSameFile(Path.of(source.getLocation().toURI()), file);
    } catch (URISyntaxException | IOException e) {
      return false;
    }
  }
}
