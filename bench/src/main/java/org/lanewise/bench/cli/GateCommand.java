package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.Conformance;
import org.lanewise.bench.gate.GateFile;
import org.lanewise.bench.gate.GatePolicy;
import org.lanewise.bench.gate.GateResult;
import org.lanewise.bench.gate.fork.TwinBenchmarks;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.SafeFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lanewise gate}: is the candidate slower than the base, or worse in anything else that can be measured? */
@Command(
    name = "gate",
    sortOptions = false,
    description = "Compares two builds of the kernels: is the candidate slower, or worse in anything else?",
    subcommands = {GateNoiseCommand.class, GateSelftestCommand.class},
    footer = {
      "",
      "Both builds run in the same JVMs, in turns of less than a millisecond. Five JVMs measure each benchmark; what looks"
          + " slower or faster there is measured again in nine or more fresh ones. Allocated bytes, output bits and conformance"
          + " are compared as well. What JMH prints goes to target/lanewise/gate/forks.log of the project.",
      "",
      "lanewise-gate.json in the current folder sets thresholds and waives regressions.",
      "",
      "Examples:",
      "  ./lanewise gate --base git:main",
      "  ./lanewise gate --base old.jar --candidate new.jar --json gate.json",
      "  ./lanewise gate --base git:HEAD~1 --benchmark 'vector/cross_entropy/*'",
      "  ./lanewise gate --reanalyse gate.json"
    })
final class GateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--base", paramLabel = "JAR|git:COMMIT", description = "The build to compare with.")
  private @Nullable String base;

  @Option(
      names = "--candidate",
      paramLabel = "JAR|git:COMMIT",
      description = "The build to judge (default: that of the working tree).")
  private @Nullable String candidate;

  @Mixin private GateSelection selection;

  @Option(names = "--allow-new-bits", description = "Let output bits change.")
  private boolean newBits;

  @Option(names = "--allow-looser-bounds", description = "Let the candidate declare less of its accuracy than the base.")
  private boolean looserBounds;

  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description = "Thresholds and waivers; lanewise-gate.json, if it is there, is the default.")
  private @Nullable Path policyFile;

  @Option(
      names = "--ci",
      description = "Exit with 0 where nothing is decided, and add a summary to $GITHUB_STEP_SUMMARY if that is set.")
  private boolean ci;

  @Option(names = "--json", paramLabel = "FILE", description = "Write every round to this result file.")
  private @Nullable Path json;

  @Option(names = "--junit", paramLabel = "FILE", description = "Write the verdicts as JUnit XML.")
  private @Nullable Path junit;

  @Option(names = "--summary", paramLabel = "FILE", description = "Write a summary in Markdown.")
  private @Nullable Path summary;

  @Option(names = "--reanalyse", paramLabel = "FILE", description = "Measure nothing; judge what this result file holds.")
  private @Nullable Path reanalyse;

  private final GateWork work = new GateWork();

  @Override
  public Integer call() {
    SafeFile.requireWritable(json);
    SafeFile.requireWritable(junit);
    SafeFile.requireWritable(summary);
    List<@Nullable Path> inputs = Arrays.asList(file(base), file(candidate), policyFile, Path.of(GatePolicy.FILE));
    SafeFile.requireOther("--json", json, also(inputs, reanalyse, junit, summary));
    SafeFile.requireOther("--junit", junit, also(inputs, reanalyse, summary));
    SafeFile.requireOther("--summary", summary, also(inputs, reanalyse));
    try (Interruption _ = new Interruption(work::stop)) {
      GateResult result = reanalyse == null ? measured() : reanalysed(reanalyse);
      report(result);
      return result.exitCode(ci);
    }
  }

  private static @Nullable Path file(@Nullable String build) {
    return build == null || build.startsWith(KernelsJar.GIT) ? null : Path.of(build);
  }

  private static List<@Nullable Path> also(List<@Nullable Path> some, @Nullable Path... more) {
    List<@Nullable Path> all = new ArrayList<>(some);
    all.addAll(Arrays.asList(more));
    return all;
  }

  private void report(GateResult result) {
    PrintWriter out = spec.commandLine().getOut();
    out.print(GateTable.of(result));
    out.flush();
    if (json != null) {
      GateFile.of(result).write(json);
    }
    if (junit != null) {
      JUnitXml.write(junit, List.of(GateJUnit.suite(result)));
    }
    if (summary != null) {
      SafeFile.write(summary, GateSummary.of(result));
    }
    if (ci) {
      stepSummary(result);
    }
  }

  private GateResult reanalysed(Path file) {
    if (base != null || candidate != null || policyFile != null || newBits || looserBounds || selection.isGiven()) {
      throw UserError.usage(
          "--reanalyse judges all that the file holds, by the thresholds it was measured under; leave out what says otherwise.");
    }
    return GateFile.read(file);
  }

  private GateResult measured() {
    if (base == null) {
      throw UserError.usage("There is nothing to compare with; name it with --base JAR or --base git:COMMIT.");
    }
    PrintWriter err = spec.commandLine().getErr();
    GatePolicy policy = policy();
    List<PairedBenchmark> benchmarks = selection.benchmarks();
    KernelsJar baseBuild;
    KernelsJar candidateBuild;
    TwinBenchmarks found;
    List<Conformance> conformance;
    try (Steps steps = new Steps(err, "gate")) {
      baseBuild = KernelsJar.named(base, steps);
      candidateBuild = candidate == null ? KernelsJar.ofWorkingTree() : KernelsJar.named(candidate, steps);
      requireTwo(baseBuild.jar(), candidateBuild.jar(), steps);
      baseBuild = baseBuild.copied("base");
      candidateBuild = candidateBuild.copied("candidate");
      found = TwinBenchmarks.of(baseBuild.jar(), candidateBuild.jar(), benchmarks);
      found.unknown().stream().map(TwinBenchmarks.Unknown::why).distinct().forEach(steps::note);
      policy.unmatched(benchmarks).forEach(glob -> steps.note("The policy's '%s' matches no benchmark.".formatted(glob)));
      steps.accept("checking the candidate's conformance");
      conformance = found.common().isEmpty() ? List.of() : conformance(candidateBuild.jar(), found);
    }
    JsonObject environment = Environment.current();
    environment.addProperty("base", baseBuild.name());
    environment.addProperty("candidate", candidateBuild.name());
    GateMeasurement measurement = work.begin(new GateMeasurement(baseBuild.jar(), candidateBuild.jar(), policy, err));
    List<Comparison> comparisons = new ArrayList<>(measurement.run(found.common(), true));
    comparisons.addAll(found.failed());
    environment.addProperty("complete", !work.isStopped());
    return GateResult.of(environment, comparisons, found.added(), found.removed(), conformance, policy, newBits);
  }

  private List<Conformance> conformance(Path candidate, TwinBenchmarks found) {
    List<String> kernels = found.common().stream().map(PairedBenchmark::kernel).distinct().toList();
    return CandidateConformance.of(candidate, kernels).stream()
        .map(one -> looserBounds ? one : one.with(found.loosened().getOrDefault(one.kernel(), Set.of())))
        .toList();
  }

  private GatePolicy policy() {
    if (policyFile != null) {
      return GatePolicy.read(policyFile);
    }
    Path file = Path.of(GatePolicy.FILE);
    return Files.exists(file) ? GatePolicy.read(file) : GatePolicy.none();
  }

  /** A file compared with itself passes whatever is in it. */
  private static void requireTwo(Path base, Path candidate, Steps steps) {
    try {
      if (Files.isSameFile(base, candidate)) {
        throw UserError.usage(
            "Base and candidate are the same file, %s, which passes whatever it holds; name two builds, or run 'gate selftest aa'."
                .formatted(base));
      }
      if (Files.mismatch(base, candidate) < 0) {
        steps.note("Base and candidate hold the same bytes.");
      }
    } catch (IOException e) {
      throw UserError.unreadable(candidate, e);
    }
  }

  private static void stepSummary(GateResult result) {
    String file = System.getenv("GITHUB_STEP_SUMMARY");
    if (file == null || file.isBlank()) {
      return;
    }
    try {
      Files.writeString(
          Path.of(file), GateSummary.of(result), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw UserError.unwritable(Path.of(file), e);
    }
  }
}
