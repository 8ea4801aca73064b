package org.lanewise.bench.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.jmh.ForeignKernels;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.results.SafeFile;
import org.lanewise.bench.run.BenchmarkRunner;
import org.lanewise.bench.run.Effort;
import org.lanewise.conformance.cases.Glob;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.validation.KernelUnderTest;
import org.lanewise.conformance.validation.Level;
import org.lanewise.conformance.validation.Validation;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.KernelProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanewise validate}: the whole verdict on somebody else's implementation. */
@Command(
    name = "validate",
    sortOptions = false,
    description = "Gives the whole verdict on kernels of a jar or a native library, or on any process.",
    footer = {
      "",
      "What is validated runs in a process of its own: a crash costs a case, not the verdict. Some rules are required of"
          + " everybody, some of who declares them; the rest is shown and decides nothing. A failure ends with the command"
          + " that repeats it.",
      "",
      "Examples:",
      "  ./lanewise validate my-kernel.jar",
      "  ./lanewise validate --level smoke libmykernel.so",
      "  ./lanewise validate --command 'python3 examples/pytorch-under-test.py'"
    })
final class ValidateCommand implements Callable<Integer> {
  private static final int TIME_LIMIT = 10;
  private static final int MEMORY_LIMIT = 2048;

  /** After so many calls that did not return, an implementation is not asked any more. */
  private static final int MOST_INCOMPLETE = 10;

  /** The time in which a signal to several processes has reached all of them. */
  private static final long NOTICED_NANOS = 200_000_000;

  @Spec private CommandSpec spec;

  private volatile boolean interrupted;

  /** Ends what is validated. */
  private Runnable stop = () -> {};

  @Parameters(
      arity = "0..1",
      paramLabel = "JAR|LIB",
      description = "A jar with kernel providers, or a native library with the functions of lanewise_kernel.h.")
  private @Nullable Path file;

  @Option(
      names = "--command",
      paramLabel = "CMD",
      description = "A command whose process speaks the protocol of docs/protocol.md on its standard input and output.")
  private @Nullable String command;

  @Option(
      names = "--level",
      paramLabel = "LEVEL",
      completionCandidates = Choices.OfLevel.class,
      description = "smoke: seconds; full: minutes; exhaustive: also every float32 logit (default: full).")
  private String levelName = "full";

  @Option(names = "--seed", paramLabel = "N", description = "Of the newly drawn cases (default: another one each time, which is printed).")
  private @Nullable Long seed;

  @Option(
      names = "--case",
      paramLabel = "GLOB",
      description = "Only what has such an id, as a failure names it; * stands for any text, / included.")
  private @Nullable String glob;

  @Option(names = "--kernel", paramLabel = "ID", split = ",", description = "Only these of its kernels.")
  private List<String> kernels = List.of();

  @Option(names = "--time-limit", paramLabel = "S", description = "Let a call take at most S seconds (default: 10).")
  private int timeLimit = TIME_LIMIT;

  @Option(names = "--memory-limit", paramLabel = "MIB", description = "Let its process use at most so many MiB of memory (default: 2048).")
  private int memoryLimit = MEMORY_LIMIT;

  @Option(names = "--json", paramLabel = "FILE", description = "Write every finding to this result file.")
  private @Nullable Path json;

  @Option(names = "--junit", paramLabel = "FILE", description = "Write every finding as JUnit XML.")
  private @Nullable Path junit;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Level level = level();
    if (timeLimit < 1) {
      throw UserError.usage("--time-limit is %d; give a number of seconds from 1 up.".formatted(timeLimit));
    }
    if (memoryLimit < 64) {
      throw UserError.usage("--memory-limit is %d; give a number of MiB from 64 up.".formatted(memoryLimit));
    }
    SafeFile.requireOther("--json", json, Collections.singletonList(file));
    SafeFile.requireOther("--junit", junit, Arrays.asList(file, json));
    SafeFile.requireWritable(json);
    SafeFile.requireWritable(junit);
    long drawn = seed == null ? new SecureRandom().nextInt(1_000_000) : seed;
    List<ValidationSummary> summaries = new ArrayList<>();
    List<MeasuredRow> speed = new ArrayList<>();
    try (ForeignImplementation foreign = open()) {
      out.printf("%s, level %s, seed %d%n", foreign.description(), level.id(), drawn);
      out.flush();
      stop =
          () -> {
            interrupted = true;
            foreign.stop();
          };
      for (KernelUnderTest under : chosen(foreign)) {
        ValidationSummary summary = kernels(under, level, drawn, err);
        summaries.add(summary);
        summary.print(out);
        out.flush();
        if (level != Level.SMOKE && glob == null && file != null) {
          speed.addAll(speed(under.provider(), out, err));
        }
      }
      if (foreign.operations() != null && kernels.isEmpty()) {
        ValidationSummary summary = operations(foreign.operations(), level, drawn, err);
        summaries.add(summary);
        summary.print(out);
      }
    } catch (Interrupted e) {
      err.println("Interrupted: there is no verdict, and nothing is written.");
      err.flush();
      return ExitCode.INCONCLUSIVE;
    }
    out.println();
    summaries.forEach(summary -> out.println(summary.verdict()));
    if (json != null) {
      file(summaries, speed, drawn, level).write(json);
    }
    if (junit != null) {
      JUnitXml.write(junit, summaries.stream().map(ValidationSummary::suite).toList());
    }
    return exitCode(summaries);
  }

  private Level level() {
    try {
      return Level.of(levelName);
    } catch (IllegalArgumentException e) {
      throw UserError.usage("--level: %s".formatted(e.getMessage()));
    }
  }

  private ForeignImplementation open() {
    if ((file == null) == (command == null)) {
      throw UserError.usage(
          file == null
              ? "Nothing was named to validate; give a JAR or a native library, or --command with a command."
              : "Both %s and --command were given; validate one thing at a time.".formatted(file));
    }
    Duration time = Duration.ofSeconds(timeLimit);
    long bytes = (long) memoryLimit << 20;
    if (file == null) {
      String line = Objects.requireNonNull(command);
      if (line.isBlank()) {
        throw UserError.usage("--command is empty; give the command that starts the program.");
      }
      return ForeignImplementation.ofCommand(line, time, bytes);
    }
    if (!Files.isRegularFile(file)) {
      throw UserError.usage(
          "%s; name a jar with kernels, or a native library."
              .formatted(Files.isDirectory(file) ? file + " is a folder" : "There is no file " + file));
    }
    return ForeignImplementation.ofFile(file, time, bytes);
  }

  /** The kernels to validate; each can run here. */
  private List<KernelUnderTest> chosen(ForeignImplementation foreign) {
    List<String> supplied = foreign.kernels().stream().map(under -> under.provider().id()).toList();
    for (String kernel : kernels) {
      if (!supplied.contains(kernel)) {
        throw UserError.usage(
            "There is no kernel '%s' in it; choose one of %s.".formatted(kernel, String.join(", ", supplied)));
      }
    }
    List<KernelUnderTest> chosen =
        foreign.kernels().stream()
            .filter(under -> kernels.isEmpty() || kernels.contains(under.provider().id()))
            .toList();
    for (KernelUnderTest under : chosen) {
      Availability availability = under.provider().availability();
      if (!availability.available()) {
        throw UserError.environment(
            "The kernel '%s' cannot run here: %s %s"
                .formatted(under.provider().id(), availability.reason(), availability.remedy()));
      }
    }
    return chosen;
  }

  private ValidationSummary kernels(KernelUnderTest under, Level level, long drawn, PrintWriter err) {
    List<Finding> findings = new ArrayList<>();
    try (Steps steps = new Steps(err, under.provider().id())) {
      Validation validation = validation(level, drawn, findings, steps);
      judge(findings, () -> validation.ofKernels(under));
      if (level == Level.EXHAUSTIVE && glob == null && file != null) {
        findings.addAll(KernelSweep.run(file, (long) memoryLimit << 20, under.provider(), steps));
      }
      return new ValidationSummary(under.provider().id(), findings, validation, repeatOptions(level, drawn));
    }
  }

  private ValidationSummary operations(Subject subject, Level level, long drawn, PrintWriter err) {
    List<Finding> findings = new ArrayList<>();
    try (Steps steps = new Steps(err, subject.id())) {
      Validation validation = validation(level, drawn, findings, steps);
      judge(findings, () -> validation.ofOperations(subject));
      return new ValidationSummary(subject.id(), findings, validation, repeatOptions(level, drawn));
    }
  }

  private Validation validation(Level level, long drawn, List<Finding> findings, Steps steps) {
    Predicate<String> ids = glob == null ? id -> true : Glob.matching(glob);
    int[] incomplete = {0};
    return new Validation(
        ReferenceData.builtIn(),
        level,
        drawn,
        ids,
        finding -> {
          findings.add(finding);
          boolean failed = finding.rule() == Rule.COMPLETION && finding.verdict() == Verdict.FAILED;
          if (interrupted || failed && interruptedSoon()) {
            throw new Interrupted();
          }
          if (failed) {
            steps.note("%s: %s".formatted(finding.id(), finding.reason()));
            if (++incomplete[0] == MOST_INCOMPLETE) {
              throw new Hopeless();
            }
          }
        },
        steps);
  }

  /** Ends a validation in which one call after the other does not return: each may cost the whole time limit. */
  private static final class Hopeless extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Ends a validation whose process has been ended by the user. */
  private static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Ctrl-C reaches the process that is validated too, and may have ended it before this one has noticed. */
  private boolean interruptedSoon() {
    LockSupport.parkNanos(NOTICED_NANOS);
    return interrupted;
  }

  private void judge(List<Finding> findings, Runnable validation) {
    try (Interruption _ = new Interruption(stop)) {
      validation.run();
      if (interrupted) {
        throw new Interrupted();
      }
    } catch (Hopeless e) {
      Finding last = findings.getLast();
      findings.add(
          new Finding(
              Rule.COMPLETION,
              last.id(),
              last.operation(),
              last.dtype(),
              Verdict.SKIPPED,
              null,
              "%d calls did not return; what would have followed is not judged.".formatted(MOST_INCOMPLETE)));
    }
    if (findings.isEmpty() && glob != null) {
      throw UserError.usage(
          "--case '%s' matches nothing; ids are operation/region/detail, as ./lanewise verify --json lists them, and drawn cases exist under their own --seed and --level alone."
              .formatted(glob));
    }
  }

  private String repeatOptions(Level level, long drawn) {
    return "%s%s --level %s --seed %d%s%s"
        .formatted(
            file == null ? " --command " + Shell.quoted(Objects.requireNonNull(command)) : " " + Shell.quoted(file.toString()),
            kernels.isEmpty() ? "" : " --kernel " + Shell.quoted(String.join(",", kernels)),
            level.id(),
            drawn,
            timeLimit == TIME_LIMIT ? "" : " --time-limit " + timeLimit,
            memoryLimit == MEMORY_LIMIT ? "" : " --memory-limit " + memoryLimit);
  }

  /** The speed beside the built-in kernels; observed, never deciding. */
  private List<MeasuredRow> speed(KernelProvider foreign, PrintWriter out, PrintWriter err) {
    List<KernelProvider> kernels = new ArrayList<>();
    kernels.add(foreign);
    Subjects.kernels(false, err).forEach(kernels::add);
    List<Work> points =
        Grid.load().preset("check").points().stream()
            .filter(work -> BenchmarkRunner.notSupplied(work, foreign) == null)
            .toList();
    if (points.isEmpty()) {
      out.printf("%nNo benchmark measures what %s supplies.%n", foreign.id());
      return List.of();
    }
    if (file != null
        && ForeignKernels.isJar(file) // of a library's kernels the forks know whose they are
        && Kernels.all().stream().anyMatch(builtIn -> builtIn.id().equals(foreign.id()))) {
      out.printf("%nNot measured: Lanewise has a kernel of the id '%s' itself; give yours another.%n", foreign.id());
      return List.of();
    }
    List<MeasuredRow> rows =
        Measuring.measure(
            points, kernels, Effort.of("quick"), 1, WorkFolder.path().resolve("jmh-validate.log"), err, file);
    out.printf("%n%s", BenchTable.of(rows, new JsonObject()));
    out.flush();
    return rows;
  }

  private ResultFile file(List<ValidationSummary> summaries, List<MeasuredRow> speed, long drawn, Level level) {
    JsonObject environment = Environment.current();
    environment.addProperty("level", level.id());
    environment.addProperty("seed", drawn);
    List<JsonObject> rows = new ArrayList<>();
    JsonArray counts = new JsonArray();
    for (ValidationSummary summary : summaries) {
      rows.addAll(summary.toJson());
      counts.addAll(summary.observed());
    }
    speed.forEach(row -> counts.add(row.toJson()));
    return new ResultFile("validate", environment, rows, counts);
  }

  /** The worst of all; nothing to judge is as bad as something that cannot be judged. */
  private static int exitCode(List<ValidationSummary> summaries) {
    int worst = summaries.isEmpty() ? ExitCode.ENVIRONMENT : ExitCode.GOOD;
    for (ValidationSummary summary : summaries) {
      int code = summary.exitCode();
      worst =
          worst == ExitCode.NOT_CONFORMING || code == ExitCode.NOT_CONFORMING
              ? ExitCode.NOT_CONFORMING
              : Math.max(worst, code);
    }
    return worst;
  }
}
