package org.lanewise.bench.cli;

import com.google.gson.JsonArray;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.grid.WorkFilter;
import org.lanewise.bench.jmh.BenchmarkProgress;
import org.lanewise.bench.jmh.BenchmarkRunner;
import org.lanewise.bench.jmh.Effort;
import org.lanewise.bench.report.HtmlReport;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.results.SafeFile;
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
      "Without --kernel it measures all kernels that can run here but the baselines",
      "plain-math, plain-vector and read. Of several kernels all are measured on a",
      "point before the next. Times are medians, low and high the 5th and 95th",
      "percentile of the samples. What JMH prints goes to target/lanewise/jmh.log of",
      "the project.",
      "",
      "Examples:",
      "  ./lanewise bench",
      "  ./lanewise bench --preset quick --classes 1000 --report report.html",
      "  ./lanewise bench --preset default --kernel vector --json vector.json",
      "  ./lanewise bench --kernel scalar,vector,plain-math,plain-vector,read"
    })
final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description = "Measure these points: check, quick, default or full (default: check).")
  private String preset = "check";

  @Option(names = "--operation", paramLabel = "OP", split = ",", description = "Only these, such as cross_entropy.")
  private List<String> operations = List.of();

  @Option(names = "--dtype", paramLabel = "DTYPE", split = ",", description = "Only these, such as float32.")
  private List<String> dtypes = List.of();

  @Option(names = "--batch", paramLabel = "N", split = ",", description = "Only these numbers of rows.")
  private List<Integer> batches = List.of();

  @Option(names = "--classes", paramLabel = "C", split = ",", description = "Only these numbers of logits a row.")
  private List<Integer> classes = List.of();

  @Option(names = "--data", paramLabel = "KIND", split = ",", description = "Only these: normal, trained, extreme.")
  private List<String> data = List.of();

  @Option(names = "--kernel", paramLabel = "ID", split = ",", description = "Only these; 'lanewise list' names them.")
  private List<String> kernels = List.of();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Let each call use at most N threads (default: 1).")
  private int threads = 1;

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
    SafeFile.requireWritable(json);
    SafeFile.requireWritable(jmhJson);
    SafeFile.requireWritable(report);
    List<Work> points =
        new WorkFilter(operations, dtypes, batches, classes, data).apply(Grid.load().preset(preset));
    List<KernelProvider> providers = kernels.isEmpty() ? Subjects.kernels(true, err) : required(kernels);

    List<MeasuredRow> rows = measure(points, providers, Effort.of(preset), threads, WorkFolder.path().resolve("jmh.log"), err, null);
    out.print(BenchTable.of(rows));
    out.flush();

    ResultFile file = new ResultFile("bench", Environment.current(), rows.stream().map(MeasuredRow::toJson).toList());
    if (json != null) {
      file.write(json);
    }
    if (jmhJson != null) {
      SafeFile.write(jmhJson, jmhRecords(rows));
    }
    if (report != null) {
      new HtmlReport(List.of(file)).write(report);
    }
    return exitCode(rows, providers, err);
  }

  /**
   * Measures points with progress on standard error; a point that fails says so at once.
   *
   * @param threads the most threads of a call
   * @param log receives what JMH prints
   * @param foreign a jar or a native library with kernels that are not built in; null for none
   */
  static List<MeasuredRow> measure(
      List<Work> points,
      List<KernelProvider> kernels,
      Effort effort,
      int threads,
      Path log,
      PrintWriter err,
      @Nullable Path foreign) {
    try (Progress progress = Progress.on(err)) {
      return new BenchmarkRunner(effort, threads, log, foreign)
          .run(
              points,
              kernels,
              new BenchmarkProgress() {
                @Override
                public void started(int index, int total, Work work, String kernel, Duration left) {
                  String step = "%s %s %s %s".formatted(kernel, work.operation(), work.shape(), work.direction());
                  progress.step(index, total, step, left);
                }

                @Override
                public void finished(MeasuredRow row) {
                  if (row.error() != null) {
                    progress.note("%s on %s: %s".formatted(row.work(), row.implementation().name(), row.error()));
                  }
                }
              });
    }
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
        throw UserError.environment(e.getMessage());
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

  /** A point that a kernel does not supply is no fault, unless nothing else was asked for. */
  private static int exitCode(List<MeasuredRow> rows, List<KernelProvider> kernels, PrintWriter err) {
    long measured = rows.stream().filter(row -> row.time() != null).count();
    long notSupplied =
        rows.stream()
            .filter(
                row ->
                    kernels.stream()
                        .anyMatch(
                            kernel ->
                                kernel.id().equals(row.implementation().name())
                                    && BenchmarkRunner.notSupplied(row.work(), kernel) != null))
            .count();
    if (measured == rows.size() - notSupplied && measured > 0) {
      return ExitCode.GOOD;
    }
    err.printf(
        "%d of %d measurements could not be made; the reasons stand above.%n", rows.size() - measured, rows.size());
    return ExitCode.ENVIRONMENT;
  }
}
