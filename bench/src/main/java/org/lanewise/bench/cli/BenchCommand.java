package org.lanewise.bench.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.errors.ErrorCurve;
import org.lanewise.bench.errors.MeasuredErrors;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.grid.WorkFilter;
import org.lanewise.bench.peers.Peers;
import org.lanewise.bench.report.HtmlReport;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.Portable;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.results.SafeFile;
import org.lanewise.bench.run.BenchmarkRunner;
import org.lanewise.bench.run.Effort;
import org.lanewise.bench.run.Profilers;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.UnavailableKernelException;
import org.lanewise.kernels.spi.KernelProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lanewise bench}: measures kernels with JMH. */
@Command(
    name = "bench",
    sortOptions = false,
    description = "Measures kernels with JMH over the points of a preset.",
    footer = {
      "",
      "Without --kernel it measures all kernels that can run here, among them the baselines plain-math, plain-vector and"
          + " read. All are measured on a point before the next. Below the table stands what its columns mean. What JMH prints"
          + " goes to target/lanewise/jmh.log of the project.",
      "",
      "The kernel opencl is measured on its device: without and with launch, and with transfers. On a CPU, where its times"
          + " mean nothing, it has to be named.",
      "",
      "With --peers, Python measures PyTorch and JAX, and a JVM ONNX Runtime, on each point after the kernels, in processes"
          + " that wait while JMH measures. A package that is missing is named with the command that gets it, and the rest"
          + " runs.",
      "",
      "Interrupted, it writes what was measured, with \"complete\": false in the environment.",
      "",
      "Examples:",
      "  ./lanewise bench",
      "  ./lanewise bench --preset quick --classes 1000 --report report.html",
      "  ./lanewise bench --preset default --kernel vector --json vector.json",
      "  ./lanewise bench --kernel scalar,vector,read --data trained --preset full",
      "  ./lanewise bench --preset quick --peers pytorch,jax --python venv/bin/python"
    })
final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      completionCandidates = Choices.OfPreset.class,
      description = "Measure these points: ${COMPLETION-CANDIDATES} (default: quick).")
  private String preset = "quick";

  @Option(
      names = "--operation",
      paramLabel = "OP",
      split = ",",
      completionCandidates = Choices.OfMeasuredOperation.class,
      description = "Only these operations: ${COMPLETION-CANDIDATES}.")
  private List<String> operations = List.of();

  @Option(
      names = "--dtype",
      paramLabel = "DTYPE",
      split = ",",
      completionCandidates = Choices.OfDtype.class,
      description = "Only logits of these types: ${COMPLETION-CANDIDATES}.")
  private List<String> dtypes = List.of();

  @Option(names = "--batch", paramLabel = "N", split = ",", description = "Only batches of so many rows.")
  private List<Integer> batches = List.of();

  @Option(names = "--classes", paramLabel = "C", split = ",", description = "Only rows of so many logits.")
  private List<Integer> classes = List.of();

  @Option(
      names = "--data",
      paramLabel = "KIND",
      split = ",",
      completionCandidates = Choices.OfData.class,
      description = "Only logits of these kinds: ${COMPLETION-CANDIDATES}.")
  private List<String> data = List.of();

  @Option(
      names = "--kernel",
      paramLabel = "ID",
      split = ",",
      completionCandidates = Choices.OfMeasuredKernel.class,
      description = "Only these kernels; 'lanewise list' names them.")
  private List<String> kernels = List.of();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Let each call use at most N threads (default: 1).")
  private int threads = 1;

  @Option(
      names = "--peers",
      paramLabel = "PEER",
      split = ",",
      completionCandidates = Choices.OfPeers.class,
      description = "Also measure these: pytorch (eager and compiled), jax, onnxruntime.")
  private List<String> peers = List.of();

  @Option(
      names = "--python",
      paramLabel = "FILE",
      description = "The Python of the peers (default: LANEWISE_PYTHON, else python3).")
  private @Nullable String python;

  @Option(
      names = "--profile",
      description = "Also JMH's perfnorm: the processor's counters a call, where perf runs.")
  private boolean profile;

  @Option(names = "--json", paramLabel = "FILE", description = "Write every measurement to this result file.")
  private @Nullable Path json;

  @Option(
      names = "--jmh-json",
      paramLabel = "FILE",
      description = "Write JMH's own records, as viewers of JMH results read them.")
  private @Nullable Path jmhJson;

  @Option(names = "--report", paramLabel = "FILE", description = "Write an HTML report.")
  private @Nullable Path report;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    if (threads < 1) {
      throw UserError.usage("--threads is %d; expected 1 or more.".formatted(threads));
    }
    if (python != null && peers.isEmpty()) {
      throw UserError.usage("--python is the Python of the peers, and none is measured; name them with --peers.");
    }
    SafeFile.requireWritable(json);
    SafeFile.requireWritable(jmhJson);
    SafeFile.requireWritable(report);
    SafeFile.requireOther("--jmh-json", jmhJson, Collections.singletonList(json));
    SafeFile.requireOther("--report", report, Arrays.asList(json, jmhJson));
    List<KernelProvider> named = required(kernels);
    List<Work> points =
        new WorkFilter(operations, dtypes, batches, classes, data).apply(Grid.load().preset(preset));
    List<String> peerNames = Peers.named(peers);
    List<KernelProvider> providers = kernels.isEmpty() ? Subjects.measured(err) : named; // says who cannot run here
    Effort effort = Effort.of(preset);
    BenchmarkRunner runner =
        new BenchmarkRunner(
            effort,
            threads,
            WorkFolder.path().resolve("jmh.log"),
            null,
            profile ? Profilers.here(err::println) : Profilers.always());
    JsonObject environment = Measuring.environment(providers);
    environment.add("arguments", arguments());
    try (Peers beside =
        new Peers(
            peerNames,
            interpreter(),
            onnxRuntime(),
            WorkFolder.project(),
            threads,
            effort.time().multipliedBy(effort.iterations()),
            WorkFolder.path().resolve("peers.log"))) {
      AtomicBoolean interrupted = new AtomicBoolean();
      Runnable stop =
          () -> {
            interrupted.set(true);
            runner.stop();
            beside.stop();
          };
      // Closed before the peers are, so that when the JVM may end, no process of theirs is left.
      try (Interruption _ = new Interruption(stop)) {
        List<MeasuredRow> rows = Measuring.measure(runner, points, providers, beside, err);
        int wanted = points.size() * (Measuring.rowsOf(providers) + peerNames.size());
        if (beside.environment() != null) {
          environment.add("peers", beside.environment());
        }
        environment.addProperty("complete", false);
        if (!rows.isEmpty()) {
          show(rows, environment, peerNames, out);
          write(rows, List.of(), environment); // whatever happens from here on, the times are kept
        }
        List<ErrorCurve> errors = rows.size() < wanted ? List.of() : errors(points, providers, beside, err);
        boolean complete = rows.size() == wanted && !interrupted.get();
        environment.addProperty("complete", complete);
        if (!rows.isEmpty()) {
          if (!errors.isEmpty()) {
            out.printf("%n%s", ErrorTable.of(errors));
          }
          write(rows, errors, environment);
          tellFiles(out);
        }
        if (!complete) {
          err.printf(
              "Interrupted: %d of %d measurements were made%s.%n",
              rows.size(), wanted, rows.isEmpty() ? ", nothing is written" : "; they are marked as incomplete");
        }
        return complete ? exitCode(rows, providers, peerNames, err) : ExitCode.INCONCLUSIVE;
      }
    }
  }

  private static List<ErrorCurve> errors(
      List<Work> points, List<KernelProvider> providers, Peers beside, PrintWriter err) {
    try (Steps steps = new Steps(err, "bench")) {
      steps.accept("comparing what was measured with the truth");
      return MeasuredErrors.of(points, providers, beside);
    }
  }

  /** What was typed after {@code lanewise}. */
  private JsonArray arguments() {
    JsonArray arguments = new JsonArray();
    spec.root().commandLine().getParseResult().originalArgs().forEach(text -> arguments.add(Portable.text(text)));
    return arguments;
  }

  private String interpreter() {
    String told = System.getenv("LANEWISE_PYTHON");
    return python != null ? python : told != null && !told.isBlank() ? told : "python3";
  }

  private static @Nullable Path onnxRuntime() {
    String told = System.getenv("LANEWISE_ONNXRUNTIME");
    return told == null || told.isBlank() ? null : Path.of(told);
  }

  private static void show(
      List<MeasuredRow> rows, JsonObject environment, List<String> peers, PrintWriter out) {
    out.print(BenchTable.of(rows, environment));
    String ratios = PeerTable.of(rows, peers);
    if (!ratios.isEmpty()) {
      out.printf("%n%s", ratios);
    }
    out.flush();
  }

  private void write(List<MeasuredRow> rows, List<ErrorCurve> curves, JsonObject environment) {
    JsonArray errors = new JsonArray();
    curves.forEach(curve -> errors.add(curve.toJson()));
    ResultFile file =
        new ResultFile(
            "bench",
            environment,
            rows.stream().map(MeasuredRow::toJson).toList(),
            null,
            errors.isEmpty() ? null : errors);
    if (json != null) {
      file.write(json);
    }
    if (jmhJson != null) {
      SafeFile.write(jmhJson, jmhRecords(rows));
    }
    if (report != null) {
      new HtmlReport(List.of(file)).write(report);
    }
  }

  private void tellFiles(PrintWriter out) {
    if (json != null || jmhJson != null || report != null) {
      out.println();
    }
    if (json != null) {
      out.printf("Results: %s%n", json);
    }
    if (jmhJson != null) {
      out.printf("JMH's records: %s%n", jmhJson);
    }
    if (report != null) {
      out.printf("Report: %s%n", report);
    }
    out.flush();
  }

  /** The kernels of the given ids; never others in their place. */
  static List<KernelProvider> required(List<String> ids) {
    List<KernelProvider> providers = new ArrayList<>();
    for (String id : ids) {
      try {
        providers.add(Kernels.require(id));
      } catch (IllegalArgumentException e) {
        throw UserError.usage("--kernel %s: %s".formatted(id, e.getMessage()));
      } catch (UnavailableKernelException e) {
        throw UserError.environment(String.valueOf(e.getMessage()));
      }
    }
    return providers;
  }

  /** The bare array that viewers of JMH results read. */
  private static String jmhRecords(List<MeasuredRow> rows) {
    JsonArray records = new JsonArray();
    rows.stream().map(MeasuredRow::jmh).filter(Objects::nonNull).forEach(records::add);
    return Json.line(records) + "\n";
  }

  /**
   * A point that a kernel does not supply is no fault, unless nothing else was asked for; nor is a peer that is not
   * there. A peer that computes something else is.
   */
  private static int exitCode(
      List<MeasuredRow> rows, List<KernelProvider> kernels, List<String> peers, PrintWriter err) {
    List<MeasuredRow> ofKernels = rows.stream().filter(row -> !peers.contains(row.implementation().name())).toList();
    long wrong = rows.stream().filter(row -> row.error() != null && row.error().startsWith(Peers.WRONG)).count();
    long measured = ofKernels.stream().filter(row -> row.time() != null).count();
    long notSupplied =
        ofKernels.stream()
            .filter(
                row ->
                    kernels.stream()
                        .anyMatch(
                            kernel ->
                                kernel.id().equals(row.implementation().name())
                                    && BenchmarkRunner.notSupplied(row.work(), kernel) != null))
            .count();
    if (measured == ofKernels.size() - notSupplied && measured > 0 && wrong == 0) {
      return ExitCode.GOOD;
    }
    if (wrong > 0) {
      err.printf("%d outputs of peers were wrong; the reasons stand above.%n", wrong);
    } else {
      err.printf(
          "%d of %d measurements could not be made; the reasons stand above.%n",
          ofKernels.size() - measured, ofKernels.size());
    }
    return ExitCode.ENVIRONMENT;
  }
}
