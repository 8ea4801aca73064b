package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.GatePolicy;
import org.lanewise.bench.gate.GateRecord;
import org.lanewise.bench.gate.GateRecord.Entry;
import org.lanewise.bench.gate.GateResult.Row;
import org.lanewise.bench.gate.fork.TwinBenchmarks;
import org.lanewise.bench.gate.inject.Injection;
import org.lanewise.bench.gate.inject.Injection.Kind;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.results.Environment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanewise gate selftest}: how often the gate is wrong, where what is right is known. */
@Command(
    name = "selftest",
    sortOptions = false,
    description = "Compares a build with itself (aa), or with itself made worse (inject), and keeps a record of the verdicts.",
    footer = {
      "",
      "The record, docs/gate-record of the project, gets every verdict; its page has the rates over all of them. A false"
          + " alarm exits with 1.",
      "",
      "Examples:",
      "  ./lanewise gate selftest aa --runs 10",
      "  ./lanewise gate selftest inject --percent 3,5 --benchmark 'vector/*'",
      "  ./lanewise gate selftest inject --kind allocation,pass,no-fma",
      "  ./lanewise gate selftest aa --burners 2"
    })
final class GateSelftestCommand implements Callable<Integer> {
  /** What a self-test does to the candidate. */
  enum What {
    aa,
    inject
  }

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "aa|inject", description = "Nothing at all, or something for the worse.")
  private What what;

  @Mixin private GateSelection selection;

  @Option(names = "--base", paramLabel = "JAR|git:COMMIT", description = "The build (default: that of the working tree).")
  private @Nullable String base;

  @Option(names = "--runs", paramLabel = "N", description = "Run N times over the selected benchmarks (default: 1).")
  private int runs = 1;

  @Option(
      names = "--percent",
      paramLabel = "P",
      split = ",",
      description = "inject: P percent more work (default: 1,2,3,5,10).")
  private List<Double> percents = List.of(1.0, 2.0, 3.0, 5.0, 10.0);

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      split = ",",
      completionCandidates = Choices.OfKind.class,
      description = "inject: ${COMPLETION-CANDIDATES} (default: work).")
  private List<String> kinds = List.of("work");

  @Option(
      names = "--burners",
      paramLabel = "N",
      description = "Let N threads burn CPU and memory beside it, in bursts (default: 0).")
  private int burners;

  @Option(names = "--record", paramLabel = "DIR", description = "Add to the record of this folder (default: docs/gate-record).")
  private @Nullable Path record;

  private final GateWork work = new GateWork();

  @Override
  public Integer call() {
    if (runs < 1 || burners < 0) {
      throw UserError.usage("--runs is %d and --burners %d; expected 1 or more, and 0 or more.".formatted(runs, burners));
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Path folder = record == null ? WorkFolder.project().resolve("docs").resolve("gate-record") : record;
    GateRecord.read(folder); // before the work, so that a broken one is found out
    List<PairedBenchmark> benchmarks = selection.benchmarks();
    List<@Nullable Injection> injections = injections();
    int failed = 0;
    int alarms = 0;
    try (Interruption _ = new Interruption(work::stop);
        Burners _ = new Burners(burners)) {
      Path jar;
      try (Steps steps = new Steps(err, "gate")) {
        jar = (base == null ? KernelsJar.ofWorkingTree() : KernelsJar.named(base, steps)).copied("base").jar();
      }
      for (int run = 0; run < runs; run++) {
        for (Injection injection : injections) {
          JsonObject environment = Environment.current();
          Neighbours neighbours = new Neighbours();
          List<Row> rows = run(jar, injection, benchmarks, out, err);
          String load = burners > 0 ? "burners" : neighbours.described();
          if (work.isStopped()) {
            return ExitCode.INCONCLUSIVE;
          }
          // Read again: another self-test may have added to it meanwhile.
          GateRecord.read(folder).with(entries(rows, injection, environment, load)).write(folder);
          failed += count(rows, Verdict.UNMEASURED);
          alarms += injection == null ? count(rows, Verdict.REGRESSED) : 0;
        }
      }
    }
    out.printf("The record is in %s.%n", folder.resolve("README.md"));
    return alarms > 0 ? ExitCode.NOT_CONFORMING : failed > 0 ? ExitCode.ENVIRONMENT : ExitCode.GOOD;
  }

  private static int count(List<Row> rows, Verdict verdict) {
    return (int) rows.stream().filter(row -> row.judgement().verdict() == verdict).count();
  }

  /** Null is the candidate to which nothing is done. */
  private List<@Nullable Injection> injections() {
    List<@Nullable Injection> injections = new ArrayList<>();
    if (what == What.aa) {
      injections.add(null);
      return injections;
    }
    for (String name : kinds) {
      Kind kind =
          Arrays.stream(Kind.values())
              .filter(one -> one.toString().equals(name))
              .findFirst()
              .orElseThrow(
                  () ->
                      UserError.usage(
                          "There is no kind '%s'; choose from %s."
                              .formatted(
                                  name,
                                  Arrays.stream(Kind.values()).map(Kind::toString).collect(Collectors.joining(", ")))));
      if (kind != Kind.WORK) {
        injections.add(new Injection(kind, 0));
        continue;
      }
      for (double percent : percents) {
        if (!(percent > 0 && percent <= 100)) {
          throw UserError.usage("--percent is %s; expected more than 0 and at most 100.".formatted(percent));
        }
        injections.add(new Injection(kind, percent));
      }
    }
    return injections;
  }

  private List<Row> run(
      Path jar, @Nullable Injection injection, List<PairedBenchmark> benchmarks, PrintWriter out, PrintWriter err) {
    Path candidate = new KernelsJar("the same", jar).copied("candidate").jar();
    if (injection != null) {
      injection.apply(jar, candidate);
    }
    TwinBenchmarks found = TwinBenchmarks.of(jar, candidate, benchmarks);
    GateMeasurement measurement = work.begin(new GateMeasurement(jar, candidate, GatePolicy.none(), err));
    List<Comparison> comparisons = new ArrayList<>(measurement.run(found.common(), true));
    comparisons.addAll(found.failed());
    List<Row> rows = comparisons.stream().map(one -> Row.of(one, GatePolicy.none().threshold(one.benchmark()), null)).toList();
    if (work.isStopped()) {
      return rows; // half a run says nothing
    }
    out.printf("%s: %s%n", injection == null ? "nothing changed" : injection, counts(rows));
    for (Row row : rows) {
      boolean expected = row.judgement().verdict() == (injection == null ? Verdict.PASS : Verdict.REGRESSED);
      if (!expected) {
        out.printf("  %s %s: %s%n", row.comparison().benchmark(), row.judgement().verdict(), row.judgement().reason());
      }
    }
    out.flush();
    return rows;
  }

  private static String counts(List<Row> rows) {
    return Arrays.stream(Verdict.values())
        .map(verdict -> "%d %s".formatted(count(rows, verdict), verdict))
        .filter(count -> !count.startsWith("0 "))
        .collect(Collectors.joining(", "));
  }

  private static List<Entry> entries(
      List<Row> rows, @Nullable Injection injection, JsonObject environment, String load) {
    String machine =
        "%s x%s %s"
            .formatted(
                environment.get("cpu").isJsonNull() ? "unknown" : environment.get("cpu").getAsString(),
                environment.get("cpu_count").getAsString(),
                environment.get("jdk").getAsString());
    return rows.stream()
        .map(
            row ->
                Entry.of(
                    environment.get("utc").getAsString(),
                    machine,
                    load,
                    injection == null ? Entry.NOTHING : injection.kind().toString(),
                    injection == null ? 0 : injection.percent(),
                    row))
        .toList();
  }
}
