package org.lanewise.bench.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.baseline.Baseline;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.results.Environment;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lanewise list}: what is there to be checked and measured, and on which machine. */
@Command(
    name = "list",
    sortOptions = false,
    description = "Lists kernels, what each declares or why it cannot run, and the machine.",
    footer = {
      "",
      "Also operations, the number of stored cases, and the presets of bench. Nothing is measured.",
      "",
      "Example:",
      "  ./lanewise list"
    })
final class ListCommand implements Callable<Integer> {
  private final IntSupplier cases;

  @Spec private CommandSpec spec;

  ListCommand() {
    this(() -> ReferenceData.builtIn().cases().size());
  }

  /** The command with another source of the number of stored cases. */
  ListCommand(IntSupplier cases) {
    this.cases = cases;
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<KernelProvider> providers = Kernels.all();
    out.println("Kernels");
    for (KernelProvider provider : providers) {
      kernel(out, provider);
    }
    out.println();
    out.println("Declared bounds, in ULP");
    out.print(declarations(providers).toString().indent(2));
    out.println();
    told(out, "", "Operations", Arrays.stream(Operation.values()).map(Operation::id).collect(Collectors.joining(", ")));
    told(out, "", "Cases", Integer.toString(cases.getAsInt()));
    told(
        out,
        "",
        "Presets",
        Grid.load().presets().stream()
            .map(preset -> "%s (%d points)".formatted(preset.name(), preset.points().size()))
            .collect(Collectors.joining(", ")));
    out.println();
    out.println("Machine");
    machine(out);
    out.flush();
    return ExitCode.GOOD;
  }

  private static void kernel(PrintWriter out, KernelProvider provider) {
    Availability availability = provider.availability();
    if (availability.available()) {
      out.print(
          Paragraph.of(
              "%s: %s; %d %s of float32"
                  .formatted(
                      provider.id(), provider.description(), provider.lanes(), provider.lanes() == 1 ? "lane" : "lanes"),
              "  ",
              "    "));
    } else {
      out.print(Paragraph.of("%s: %s; not available".formatted(provider.id(), provider.description()), "  ", "    "));
      out.print(Paragraph.of(String.valueOf(availability.reason()), "    ", "    "));
      out.print(Paragraph.of(String.valueOf(availability.remedy()), "    ", "    "));
    }
  }

  private static TextTable declarations(List<KernelProvider> providers) {
    TextTable table =
        new TextTable("lllrrrrll", "kernel", "operation", "dtype", "loss", "grad", "mixed", "mean", "same", "alloc");
    for (KernelProvider provider : providers) {
      if (provider instanceof Baseline) {
        continue; // declares no bounds
      }
      for (Declaration declared : provider.declarations()) {
        table.row(
            provider.id(),
            declared.operation().id(),
            declared.dtype().id(),
            bound(declared.lossUlp()),
            bound(declared.gradientUlp()),
            bound(declared.mixedUlp()),
            bound(declared.reducedUlp()),
            declared.reproducibleBits() ? "bits" : "–",
            declared.allocationFree() ? "none" : "–");
      }
    }
    return table;
  }

  private static void machine(PrintWriter out) {
    JsonObject environment = Environment.current();
    for (String key : List.of("cpu", "cpu_count", "cpu_caches", "cpu_flags", "vector_bits", "os", "jdk", "lanewise")) {
      told(out, "  ", key.replace('_', ' '), shown(environment.get(key)));
    }
  }

  /** A fact under its name; what does not fit into the line stands below. */
  private static void told(PrintWriter out, String margin, String name, String fact) {
    out.print(Paragraph.of(fact, "%s%-12s".formatted(margin, name), margin + " ".repeat(12)));
  }

  private static String shown(JsonElement value) {
    if (value instanceof JsonArray array) {
      return StreamSupport.stream(array.spliterator(), false)
          .map(JsonElement::getAsString)
          .collect(Collectors.joining(", "));
    }
    return value.isJsonNull() ? "unknown" : value.getAsString();
  }

  private static String bound(double ulp) {
    return Double.isInfinite(ulp) ? "–" : Double.toString(ulp);
  }
}
