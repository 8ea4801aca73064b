package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.compare.CompareWords;
import org.lanewise.bench.compare.Comparison;
import org.lanewise.bench.compare.Prices;
import org.lanewise.bench.report.HtmlReport;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.results.SafeFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanewise compare}: a kernel on the CPU against another device, and the batch size from which that one wins. */
@Command(
    name = "compare",
    sortOptions = false,
    description =
        "Compares a kernel on the CPU with a GPU, or with peers, and finds the batch size where one overtakes the other.",
    footer = {
      "",
      "A crossover is interpolated between measured batch sizes, never beyond them, and is claimed only where on both sides"
          + " of it it is clear who is faster; in brackets, how far the 5th and 95th percentiles of the times leave room for"
          + " it. On a GPU each row says what is transferred: docs/gpu.md.",
      "",
      "No result of a GPU is stored with the project, for none was at hand. This makes one, on a machine that has a GPU and"
          + " PyTorch:",
      "  " + CompareWords.MEASURE_A_GPU,
      "",
      "Examples:",
      "  ./lanewise compare cpu.json gpu.json",
      "  ./lanewise compare cpu.json cpu-all.json gpu.json --report compare.html",
      "  ./lanewise compare cpu.json gpu.json --price cpu=0.09 --price H100=2.5"
    })
final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Results of bench, of peers, or of a GPU.")
  private List<Path> files = List.of();

  @Option(
      names = "--base",
      paramLabel = "ID",
      completionCandidates = Choices.OfMeasuredKernel.class,
      description = "The kernel on the CPU that the others are held against (default: vector).")
  private String base = "vector";

  @Option(
      names = "--against",
      paramLabel = "NAME",
      split = ",",
      description = "Only these (default: all that was measured on a GPU; without one, the peers on the CPU).")
  private List<String> against = List.of();

  @Option(
      names = "--price",
      paramLabel = "DEVICE=PRICE",
      description = "What an hour of a device costs, such as cpu=0.09: adds the cost of 10^9 logits at the largest batch.")
  private List<String> prices = List.of();

  @Option(names = "--report", paramLabel = "FILE", description = "Write an HTML report.")
  private @Nullable Path report;

  @Override
  public Integer call() {
    SafeFile.requireOther("--report", report, List.copyOf(files));
    SafeFile.requireWritable(report);
    Prices told = new Prices(prices);
    List<ResultFile> results = files.stream().map(CompareCommand::read).toList();
    spec.commandLine().getOut().print(notMeasured(results)); // first, for it may be why there is nothing to compare
    Comparison comparison = Comparison.of(results, base, against);
    told.requireDevices(comparison.devices());
    spec.commandLine().getOut().print(new CompareTable(comparison, told));
    if (report != null) {
      new HtmlReport(results, comparison).write(report);
    }
    return ExitCode.GOOD;
  }

  /** What could not be measured where the files were made, a line each; empty where everything was. */
  private static String notMeasured(List<ResultFile> results) {
    Map<String, List<String>> reasons = new LinkedHashMap<>();
    for (ResultFile file : results) {
      for (JsonObject json : file.results()) {
        MeasuredRow row = MeasuredRow.of(json);
        if (row.error() != null) {
          reasons.computeIfAbsent(row.implementation().label(), _ -> new ArrayList<>()).add(row.error());
        }
      }
    }
    StringBuilder text = new StringBuilder();
    reasons.forEach(
        (who, why) ->
            text.append(
                Paragraph.of(
                    why.size() == 1
                        ? "%s: 1 point could not be measured: %s.".formatted(who, sentence(why.getFirst()))
                        : "%s: %d points could not be measured, the first for this reason: %s."
                            .formatted(who, why.size(), sentence(why.getFirst())))));
    return text.toString();
  }

  /** Without the full stop that some reasons end in. */
  private static String sentence(String reason) {
    return reason.endsWith(".") ? reason.substring(0, reason.length() - 1) : reason;
  }

  /** Each file is looked at alone first, so that the sentence about a row names its file. */
  private static ResultFile read(Path file) {
    ResultFile results = ResultFile.read(file, Comparison.KINDS);
    try {
      Comparison.requireUsable(results);
    } catch (UserError e) {
      throw UserError.environment("%s: %s".formatted(file, e.getMessage()));
    }
    return results;
  }
}
