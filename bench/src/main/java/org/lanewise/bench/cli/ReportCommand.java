package org.lanewise.bench.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.report.HtmlReport;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.results.SafeFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanewise report}: result files as one HTML page. */
@Command(
    name = "report",
    sortOptions = false,
    description = "Writes one offline HTML page on result files, of one machine or of several.",
    footer = {
      "",
      "Ratios are formed within one machine alone.",
      "",
      "Examples:",
      "  ./lanewise report verify.json bench.json",
      "  ./lanewise report verify.json cpu.json gpu.json -o report.html"
    })
final class ReportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "Results of verify, validate, bench, peers or gate, or certificates; of a measurement or a check made twice the last counts.")
  private List<Path> files = List.of();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write the page to this file (default: target/lanewise/report.html of the project).")
  private Path output = WorkFolder.path().resolve("report.html");

  @Override
  public Integer call() {
    SafeFile.requireOther("-o", output, List.copyOf(files));
    SafeFile.requireWritable(output);
    List<ResultFile> results = files.stream().map(ReportCommand::read).toList();
    new HtmlReport(results).write(output);
    spec.commandLine().getOut().println("Report: " + output);
    return ExitCode.GOOD;
  }

  /** Each file is tried alone first, so that the sentence about a row names its file. */
  private static ResultFile read(Path file) {
    ResultFile results = ResultFile.read(file, HtmlReport.KINDS);
    try {
      new HtmlReport(List.of(results));
    } catch (UserError e) {
      throw UserError.environment("%s: %s".formatted(file, e.getMessage()));
    }
    return results;
  }
}
