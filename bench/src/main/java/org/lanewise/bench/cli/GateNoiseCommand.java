package org.lanewise.bench.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.Comparison;
import org.lanewise.bench.gate.GatePolicy;
import org.lanewise.bench.gate.Noise;
import org.lanewise.bench.gate.PairedBenchmark;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lanewise gate noise}: what slowdown could be found on this machine now. */
@Command(
    name = "noise",
    sortOptions = false,
    description = "Tells in a minute or two what slowdown could be found on this machine now.",
    footer = {
      "",
      "Compares the working tree's build with itself: what differs is noise. Of each",
      "operation and kernel one benchmark is enough, so the default is",
      "--benchmark '*/forward/*/512x10/*' and '*/forward/*/16384/*'."
    })
final class GateNoiseCommand implements Callable<Integer> {
  private static final List<String> SHAPES = List.of("16384", "512x10");

  @Spec private CommandSpec spec;
  @Mixin private GateSelection selection;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<PairedBenchmark> benchmarks = selection.benchmarks();
    if (!selection.isNarrowed()) {
      benchmarks.removeIf(benchmark -> benchmark.work().backward() || !SHAPES.contains(benchmark.work().shape()));
    }
    Path jar = KernelsJar.ofWorkingTree();
    Path same = copy(jar);
    GateMeasurement measurement = new GateMeasurement(jar, same, GatePolicy.none(), spec.commandLine().getErr());
    List<Comparison> comparisons;
    try (Interruption _ = new Interruption(measurement::stop)) {
      comparisons = measurement.run(benchmarks, false);
    }
    TextTable table = new TextTable("lrr", "benchmark", "forks differ by up to", "found from");
    boolean complete = true;
    for (Comparison comparison : comparisons) {
      Noise noise = Noise.of(comparison);
      complete &= comparison.problem() == null;
      table.row(
          comparison.benchmark().name(),
          comparison.problem() == null ? percent(noise.spread()) : comparison.problem(),
          comparison.problem() != null ? "" : Double.isNaN(noise.detectable()) ? "nothing" : percent(noise.detectable()));
    }
    out.print(table);
    out.flush();
    return complete ? ExitCode.GOOD : ExitCode.ENVIRONMENT;
  }

  /** The same bytes in another file, until this JVM ends: the base and the candidate have to be two jars. */
  static Path copy(Path jar) {
    Path folder = WorkFolder.path().toAbsolutePath().resolve("gate");
    try {
      Files.createDirectories(folder);
      Path copy = Files.createTempFile(folder, "candidate", ".jar"); // another run may be using its own
      copy.toFile().deleteOnExit();
      return Files.copy(jar, copy, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw UserError.unwritable(folder, e);
    }
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
