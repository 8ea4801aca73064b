package org.lanewise.bench.sweep;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.results.SafeFile;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;

/** Runs sweeps and keeps what they give: a proof among the project's certificates, anything else apart from them. */
public final class Sweeps {
  /** What can be swept: three operations over all logits, cross-entropy by a sample of rows. */
  public static final List<String> OPERATIONS = List.of("bce_with_logits", "sigmoid", "log_sigmoid", "cross_entropy");

  private Sweeps() {}

  /** Whether the operation is computed by kernels, rather than by what all of them share. */
  public static boolean hasKernels(String operation) {
    return operation.equals("bce_with_logits") || operation.equals("cross_entropy");
  }

  /** A certificate, and where it was written. */
  public record Outcome(Certificate certificate, @Nullable Path file) {}

  /**
   * Sweeps one operation of one kernel.
   *
   * @param kernel the kernel's id; {@code front-door} for operations that have none
   * @param stride 1 for every input; N for every N-th, which proves nothing
   * @param project the project's folder, where a proof belongs; null where there is none
   * @param apart the folder for what is no proof
   * @param stop asked often; once true, the sweep ends with what has been done
   */
  public static Outcome run(
      String operation,
      KernelProvider kernel,
      int stride,
      int threads,
      @Nullable Path project,
      Path apart,
      BooleanSupplier stop,
      DoubleConsumer progress) {
    String id = hasKernels(operation) ? kernel.id() : "front-door";
    KernelSources sources =
        project != null && KernelSources.known(operation, id) ? KernelSources.of(project, operation, id) : null;
    Certificate certificate;
    List<Tally> tallies = List.of();
    if (operation.equals("cross_entropy")) {
      certificate = new CrossEntropySweep(kernel, stride).run(threads, stop, progress, sources);
    } else {
      LogitSweep.Found found = new LogitSweep(operation, kernel, stride).run(threads, stop, progress);
      List<Double> bounds = new ArrayList<>();
      found.tallies().forEach(tally -> bounds.add(tally.output.declaredUlp(kernel)));
      certificate = Certificate.of(operation, id, found, stride, bounds, sources);
      tallies = found.tallies();
    }
    boolean proven = certificate.isProof() && sources != null;
    Path keeper = proven ? project : null;
    Path file = Certificate.file(keeper != null ? keeper.resolve(Certificate.FOLDER) : apart, operation, id);
    certificate.toFile().write(file);
    if (keeper != null) {
      for (Tally tally : tallies) {
        HardCaseFile.write(keeper.resolve(HardCaseFile.FOLDER), tally);
      }
      SafeFile.write(keeper.resolve(AccuracyPage.FILE), AccuracyPage.text(keeper));
    }
    return new Outcome(certificate, file);
  }

  /** The rows of certificates as one file. */
  public static ResultFile file(List<Certificate> certificates) {
    return new ResultFile(
        Certificate.KIND,
        Environment.current(),
        certificates.stream().flatMap(c -> c.rows().stream()).toList());
  }

  /** The project's folder, if the path is one: it has the kernels' sources. */
  public static @Nullable Path project(@Nullable String path) {
    return path != null && Files.isDirectory(Path.of(path, "kernels/src/main/java")) ? Path.of(path) : null;
  }

  /** The kernel that operations without kernels are swept under; it is not asked for anything. */
  public static KernelProvider noKernel() {
    return Kernels.require("scalar");
  }
}
