package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.sweep.Certificate;
import org.lanewise.bench.sweep.Sweeps;
import org.lanewise.conformance.subject.FrontDoorSubject;
import org.lanewise.kernels.spi.KernelProvider;

/** {@code lanewise verify --exhaustive}: sweeps one after the other, each on all cores, and what they show. */
final class ExhaustiveVerification {
  /** An operation of a kernel. */
  record Subject(String operation, KernelProvider kernel) {}

  private final List<Subject> subjects;
  private final int stride;
  private final @Nullable Path json;
  private volatile boolean stopped;

  ExhaustiveVerification(List<Subject> subjects, int stride, @Nullable Path json) {
    this.subjects = subjects;
    this.stride = stride;
    this.json = json;
  }

  /**
   * What to sweep.
   *
   * @param operations empty for all that can be swept
   * @param kernels ids; empty for the built-in ones, and for what needs no kernel
   */
  static List<Subject> subjects(List<String> operations, List<String> kernels, PrintWriter notices) {
    for (String operation : operations) {
      if (!Sweeps.OPERATIONS.contains(operation)) {
        throw UserError.usage(
            "Operation '%s' cannot be swept; choose one of %s, or leave --exhaustive out."
                .formatted(operation, String.join(", ", Sweeps.OPERATIONS)));
      }
    }
    List<KernelProvider> providers = new ArrayList<>();
    boolean frontDoor = kernels.isEmpty();
    for (String id : kernels) {
      if (id.equals(FrontDoorSubject.ID)) {
        frontDoor = true;
      } else {
        providers.add(Subjects.kernel(id));
      }
    }
    if (kernels.isEmpty()) {
      providers = Subjects.kernels(false, notices);
    }
    List<Subject> subjects = new ArrayList<>();
    for (String swept : operations.isEmpty() ? Sweeps.OPERATIONS : operations) {
      if (Sweeps.hasKernels(swept)) {
        providers.forEach(provider -> subjects.add(new Subject(swept, provider)));
      } else if (frontDoor) {
        subjects.add(new Subject(swept, Sweeps.noKernel()));
      }
    }
    if (subjects.isEmpty()) {
      throw UserError.usage(
          "Nothing is left to sweep: %s; sigmoid and log_sigmoid are swept with --kernel front-door, the losses with any other."
              .formatted("--operation %s with --kernel %s".formatted(String.join(", ", operations), String.join(", ", kernels))));
    }
    return subjects;
  }

  /** Sweeps, prints and writes; interrupted, it does so with what was done. */
  int run(PrintWriter out, PrintWriter err) {
    try (Interruption _ = new Interruption(() -> stopped = true)) {
      return sweep(out, err);
    }
  }

  private int sweep(PrintWriter out, PrintWriter err) {
    Path project = Sweeps.project(System.getenv("LANEWISE_HOME"));
    Path apart = WorkFolder.path().resolve("certificates");
    int threads = Runtime.getRuntime().availableProcessors();
    List<Certificate> certificates = new ArrayList<>();
    for (Subject subject : subjects) {
      if (stopped) {
        break;
      }
      String name =
          Sweeps.hasKernels(subject.operation) ? subject.operation + ", " + subject.kernel.id() : subject.operation;
      Sweeps.Outcome outcome;
      try (Progress progress = Progress.on(err)) {
        outcome =
            Sweeps.run(
                subject.operation,
                subject.kernel,
                stride,
                threads,
                project,
                apart,
                () -> stopped,
                done -> progress.share(done, "sweeping " + name));
      }
      certificates.add(outcome.certificate());
      print(out, outcome);
    }
    if (json != null) {
      Sweeps.file(certificates).write(json);
    }
    if (certificates.stream().anyMatch(c -> c.verdict().equals(Certificate.FAILED))) {
      return ExitCode.NOT_CONFORMING;
    }
    boolean proved = certificates.stream().allMatch(c -> c.verdict().equals(Certificate.PASSED));
    return proved && certificates.size() == subjects.size() ? ExitCode.GOOD : ExitCode.INCONCLUSIVE;
  }

  private void print(PrintWriter out, Sweeps.Outcome outcome) {
    Certificate certificate = outcome.certificate();
    JsonObject first = certificate.rows().getFirst();
    boolean complete = first.get("complete").getAsBoolean();
    String what = !complete ? "PARTIAL, " : stride > 1 ? "one input in %d only, ".formatted(stride) : "";
    out.printf(
        "%s %s: %s%s in %s s%n",
        certificate.operation(), certificate.kernel(), what, certificate.verdict(), first.get("seconds"));
    for (JsonObject row : certificate.rows()) {
      boolean sampled = row.get("sampled").getAsBoolean();
      double maxUlp = Json.number(row.get("max_ulp"));
      out.printf(
          Locale.ROOT,
          "  %s: %,d %s, max %.4f ULP (declared %s)%s, %s rounded right%n",
          row.get("output").getAsString(),
          row.get(sampled ? "values" : "finite_inputs").getAsLong(),
          sampled ? "values of drawn rows" : "finite logits",
          maxUlp,
          row.get("declared_ulp").getAsString(),
          row.get("worst").isJsonNull() ? "" : " at " + row.getAsJsonObject("worst").get("input").getAsString(),
          row.get("correctly_rounded").isJsonNull()
              ? "none"
              : String.format(Locale.ROOT, "%.4f %%", Math.floor(1e6 * row.get("correctly_rounded").getAsDouble()) / 1e4));
      if (!row.get("reason").isJsonNull()) {
        out.printf("  FAILED: %s.%n", row.get("reason").getAsString());
        out.printf(
            "  repeat: ./lanewise verify --exhaustive --operation %s --kernel %s%s%n",
            certificate.operation(), certificate.kernel(), stride > 1 ? " --stride " + stride : "");
      }
    }
    out.printf("  written to %s%n", outcome.file());
    out.flush();
  }
}
