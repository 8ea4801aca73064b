package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
  /** Progress is told in so many steps a sweep. */
  private static final int STEPS = 20;

  /** Before this share is done, what is left is guessed from a JVM that is still warming up. */
  private static final double LEAST_SHARE = 0.005;

  /** How long an ending JVM waits for the verdict of what was done. */
  private static final int SECONDS_TO_END = 20;

  /** An operation of a kernel. */
  record Subject(String operation, KernelProvider kernel) {}

  private final List<Subject> subjects;
  private final int stride;
  private final @Nullable Path json;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean stopped;
  private volatile int exitCode = ExitCode.INCONCLUSIVE;

  ExhaustiveVerification(List<Subject> subjects, int stride, @Nullable Path json) {
    this.subjects = subjects;
    this.stride = stride;
    this.json = json;
  }

  /**
   * What to sweep.
   *
   * @param operation null for all that can be swept
   * @param kernels ids; empty for the built-in ones, and for what needs no kernel
   */
  static List<Subject> subjects(@Nullable String operation, List<String> kernels, PrintWriter notices) {
    if (operation != null && !Sweeps.OPERATIONS.contains(operation)) {
      throw UserError.usage(
          "Operation '%s' cannot be swept; choose one of %s, or leave --exhaustive out."
              .formatted(operation, String.join(", ", Sweeps.OPERATIONS)));
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
    for (String swept : operation == null ? Sweeps.OPERATIONS : List.of(operation)) {
      if (Sweeps.hasKernels(swept)) {
        providers.forEach(provider -> subjects.add(new Subject(swept, provider)));
      } else if (frontDoor) {
        subjects.add(new Subject(swept, Sweeps.noKernel()));
      }
    }
    if (subjects.isEmpty()) {
      throw UserError.usage(
          "Nothing is left to sweep: %s; sigmoid and log_sigmoid are swept with --kernel front-door, the losses with any other."
              .formatted("--operation %s with --kernel %s".formatted(operation, String.join(", ", kernels))));
    }
    return subjects;
  }

  /** Sweeps, prints and writes. Ends early, with the verdict of what was done, when the JVM is told to end. */
  int run(PrintWriter out, PrintWriter err) {
    Thread hook = new Thread(this::endWithVerdict, "verdict");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      exitCode = sweep(out, err);
    } catch (RuntimeException | Error e) {
      exitCode = ExitCode.ENVIRONMENT;
      if (stopped) { // the JVM ends before anybody else can say it
        err.printf("lanewise: The sweep ended without a verdict: %s%n", e);
      }
      throw e;
    } finally {
      out.flush();
      err.flush();
      ended.countDown();
    }
    if (!stopped) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
    return exitCode;
  }

  /** Ctrl-C: the JVM ends when its hooks have; this one waits for the verdict and gives its exit code. */
  private void endWithVerdict() {
    stop();
    try {
      if (ended.await(SECONDS_TO_END, TimeUnit.SECONDS)) {
        Runtime.getRuntime().halt(exitCode);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the sweep soon. */
  void stop() {
    stopped = true;
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
      Sweeps.Outcome outcome;
      try (Progress progress = Progress.on(err)) {
        Steps steps = new Steps(progress, subject);
        outcome =
            Sweeps.run(
                subject.operation, subject.kernel, stride, threads, project, apart, () -> stopped, steps::show);
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

  /** Turns a share that is done into steps of a progress bar. */
  private static final class Steps {
    private final Progress progress;
    private final String name;
    private final long start = System.nanoTime();
    private int shown;

    Steps(Progress progress, Subject subject) {
      this.progress = progress;
      name = Sweeps.hasKernels(subject.operation) ? subject.operation + ", " + subject.kernel.id() : subject.operation;
    }

    void show(double done) {
      int step = 1 + (int) (done * STEPS);
      if (step > shown && done >= LEAST_SHARE && step <= STEPS) {
        shown = step;
        long spent = System.nanoTime() - start;
        progress.step(step, STEPS, name, Duration.ofNanos((long) (spent * (1 - done) / done)));
      }
    }
  }
}
