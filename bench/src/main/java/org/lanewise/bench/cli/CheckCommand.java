package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.report.HtmlReport;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.Quantity;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.run.AlsoMeasured;
import org.lanewise.bench.run.BenchmarkRunner;
import org.lanewise.bench.run.Effort;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.spi.KernelProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lanewise check}: the main job, correctness and speed of the built-in kernels in one go. */
@Command(
    name = "check",
    sortOptions = false,
    description = "Verifies the kernels on all stored data, measures a few points, writes a report.",
    footer = {
      "",
      "Takes up to three minutes on two cores. In target/lanewise of the project it leaves report.html, verify.json,"
          + " bench.json and jmh.log.",
      "",
      "Examples:",
      "  ./lanewise check",
      "  ./lanewise check --all"
    })
final class CheckCommand implements Callable<Integer> {
  private static final String PRESET = "check";

  @Spec private CommandSpec spec;

  @Option(names = "--all", description = "Also the kernels that are not built in, as far as they can run here.")
  private boolean all;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Path folder = WorkFolder.path();
    ReferenceData data = ReferenceData.builtIn();
    Verification verification = Verification.run(data, Subjects.all(all, out), data.cases(), "", err);
    verification.printFailures(out);
    out.flush();
    ResultFile verified = new ResultFile("verify", Environment.current(), verification.toJson(), verification.counts());
    verified.write(folder.resolve("verify.json"));

    List<Work> points = Grid.load().preset(PRESET).points();
    List<KernelProvider> kernels = Subjects.kernels(all, new PrintWriter(PrintWriter.nullWriter()));
    JsonObject environment = Measuring.environment(kernels);
    BenchmarkRunner runner = new BenchmarkRunner(Effort.of(PRESET), 1, folder.resolve("jmh.log"));
    try (Interruption _ = new Interruption(runner::stop)) {
      List<MeasuredRow> rows;
      try {
        rows = Measuring.measure(runner, points, kernels, AlsoMeasured.nothing(), err);
      } catch (UserError e) {
        verification.printSummary(out); // what was found stays found
        throw e;
      }
      boolean complete = rows.size() == points.size() * Measuring.rowsOf(kernels);
      environment.addProperty("complete", complete);
      ResultFile measured = new ResultFile("bench", environment, rows.stream().map(MeasuredRow::toJson).toList());
      measured.write(folder.resolve("bench.json"));
      Path report = folder.resolve("report.html");
      new HtmlReport(List.of(verified, measured)).write(report);

      out.printf("%d cases, outputs of PyTorch %s%n", data.cases().size(), data.torchVersion());
      printSummary(out, verification, rows);
      out.printf("%nReport: %s%n", report);
      return exitCode(verification, rows, complete, out);
    }
  }

  private static int exitCode(
      Verification verification, List<MeasuredRow> rows, boolean complete, PrintWriter out) {
    long unmeasured = rows.stream().filter(row -> row.time() == null).count();
    if (unmeasured > 0) {
      out.printf("%d of %d measurements could not be made; the reasons stand above.%n", unmeasured, rows.size());
    }
    if (!complete) {
      out.printf("Interrupted: the measurements are incomplete.%n");
    }
    int exitCode = verification.exitCode();
    return exitCode != ExitCode.GOOD
        ? exitCode
        : unmeasured > 0 ? ExitCode.ENVIRONMENT : complete ? ExitCode.GOOD : ExitCode.INCONCLUSIVE;
  }

  /** One row a kernel and operation; the operations that have no kernels, and so no speed, in a table of their own. */
  private static void printSummary(PrintWriter out, Verification verification, List<MeasuredRow> measured) {
    List<String> operations =
        verification.rows().keySet().stream().map(Verification.RowKey::operation).distinct().toList();
    for (String operation : operations) {
      if (isMeasured(measured, operation)) {
        printKernels(out, verification, measured, operation);
      }
    }
    out.printf("%nwithout kernels  passed failed%n");
    verification
        .rows()
        .forEach(
            (key, row) -> {
              if (!isMeasured(measured, key.operation())) {
                out.printf(
                    "  %-13s  %6d %6d%n", key.operation(), row.count(Verdict.PASSED), row.count(Verdict.FAILED));
              }
            });
  }

  private static boolean isMeasured(List<MeasuredRow> measured, String operation) {
    return measured.stream().anyMatch(row -> row.work().operation().equals(operation));
  }

  /** The kernels of one operation, under the shapes that it was measured at. */
  private static void printKernels(
      PrintWriter out, Verification verification, List<MeasuredRow> measured, String operation) {
    List<Work> points =
        measured.stream()
            .map(MeasuredRow::work)
            .filter(work -> work.operation().equals(operation) && !work.backward())
            .distinct()
            .toList();
    out.printf("%n%s, logits/s forward by shape%n", operation);
    out.printf("  %-11s %6s %6s %7s %8s  ", "kernel", "passed", "failed", "skipped", "max ULP");
    points.forEach(point -> out.printf("%10s", point.shape()));
    out.println();
    verification
        .rows()
        .forEach(
            (key, row) -> {
              if (!key.operation().equals(operation)) {
                return;
              }
              out.printf(
                  "  %-11s %6d %6d %7d %8s  ",
                  key.subject(),
                  row.count(Verdict.PASSED),
                  row.count(Verdict.FAILED),
                  row.count(Verdict.SKIPPED),
                  row.maxUlp());
              points.forEach(point -> out.printf("%10s", throughput(measured, point, key.subject())));
              out.println();
              out.print(row.worstInput("    "));
            });
  }

  private static String throughput(List<MeasuredRow> measured, Work point, String kernel) {
    return measured.stream()
        .filter(row -> row.work().equals(point) && row.implementation().name().equals(kernel) && row.time() != null)
        .findFirst()
        .map(row -> Quantity.si(row.elementsPerSecond()))
        .orElse("-");
  }
}
