package org.lanewise.bench.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.results.SafeFile;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.subject.Subject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lanewise verify}: conformance only. */
@Command(
    name = "verify",
    sortOptions = false,
    description = "Checks kernels against stored outputs of PyTorch and against the true values.",
    footer = {
      "",
      "Without --kernel it checks the front door (argument checks, which all kernels share), scalar and vector. A failure"
          + " ends with the command that repeats it.",
      "",
      "--exhaustive takes from seconds to minutes a kernel and operation. Interrupted, it tells the verdict of what was"
          + " done, which is no pass.",
      "",
      "Examples:",
      "  ./lanewise verify",
      "  ./lanewise verify --kernel vector --case 'cross_entropy/*'",
      "  ./lanewise verify --operation bce_with_logits --json out.json",
      "  ./lanewise verify --exhaustive --operation bce_with_logits --kernel vector"
    })
final class VerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--kernel",
      paramLabel = "ID",
      split = ",",
      completionCandidates = Choices.OfCheckedKernel.class,
      description = "Only these kernels; 'lanewise list' names them.")
  private List<String> kernels = new ArrayList<>();

  @Option(
      names = "--operation",
      paramLabel = "OP",
      split = ",",
      completionCandidates = Choices.OfCheckedOperation.class,
      description = "Only these operations, such as cross_entropy.")
  private List<String> operations = List.of();

  @Option(
      names = "--case",
      paramLabel = "GLOB",
      description = "Only cases whose id matches; * stands for any text, / included.")
  private @Nullable String glob;

  @Option(names = "--cases", paramLabel = "DIR", description = "Read the cases that generate.py wrote to this folder.")
  private @Nullable Path cases;

  @Option(
      names = "--exhaustive",
      description =
          "Sweep every float32 logit instead of the stored cases (cross_entropy: a million drawn rows) and write accuracy"
              + " certificates.")
  private boolean exhaustive;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description = "With --exhaustive, as a trial: every N-th bit pattern (or row) only. That proves nothing: exit code 4.")
  private int stride = 1;

  @Option(names = "--json", paramLabel = "FILE", description = "Write every verdict to this result file.")
  private @Nullable Path json;

  @Option(names = "--junit", paramLabel = "FILE", description = "Write every verdict as JUnit XML.")
  private @Nullable Path junit;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    SafeFile.requireWritable(json);
    SafeFile.requireWritable(junit);
    SafeFile.requireOther("--junit", junit, Collections.singletonList(json));
    if (exhaustive) {
      return exhaustive(out);
    }
    if (stride != 1) {
      throw UserError.usage("--stride %d thins out a sweep; add --exhaustive.".formatted(stride));
    }
    ReferenceData data = cases == null ? ReferenceData.builtIn() : ReferenceData.of(cases);
    List<ReferenceCase> selected = CaseSelection.select(data.cases(), operations, glob);
    List<Subject> subjects = kernels.isEmpty() ? Subjects.all(false, out) : Subjects.named(kernels.stream().distinct().toList());
    String repeatOptions = cases == null ? "" : " --cases " + Shell.quoted(cases.toString());
    Verification verification = Verification.run(data, subjects, selected, repeatOptions, spec.commandLine().getErr());

    verification.printFailures(out);
    out.printf("%d cases, outputs of PyTorch %s%n%n", selected.size(), data.torchVersion());
    verification.printSummary(out);
    if (json != null) {
      new ResultFile("verify", Environment.current(), verification.toJson(), verification.counts()).write(json);
    }
    if (junit != null) {
      JUnitXml.write(junit, verification.suites());
    }
    return verification.exitCode();
  }

  private int exhaustive(PrintWriter out) {
    if (cases != null || glob != null || junit != null) {
      throw UserError.usage("--exhaustive reads no stored cases; leave out --cases, --case and --junit.");
    }
    if (stride < 1) {
      throw UserError.usage("--stride is %d; give a number from 1 up.".formatted(stride));
    }
    return new ExhaustiveVerification(
            ExhaustiveVerification.subjects(operations, kernels.stream().distinct().toList(), out), stride, json)
        .run(out, spec.commandLine().getErr());
  }
}
