package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.sweep.Certificate;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/** The part of the exhaustive level that no case covers: every float32 logit of BCE, a million drawn rows of cross-entropy. */
final class KernelSweep {
  /** What begins a line of progress that the child writes. */
  static final String PROGRESS = "lanewise: swept % ";

  private KernelSweep() {}

  /** Holds the float32 kernels of a file that declare bounds to them, each in a process of its own. */
  static List<Finding> run(Path file, long memoryLimit, KernelProvider kernel, Consumer<String> progress) {
    List<Finding> findings = new ArrayList<>();
    for (Declaration declaration : kernel.declarations()) {
      if (declaration.dtype() != DType.FLOAT32) {
        continue;
      }
      String operation = declaration.operation().id();
      if (!Double.isFinite(declaration.lossUlp()) || !Double.isFinite(declaration.gradientUlp())) {
        findings.add(finding(Rule.BOUND, operation, Verdict.SKIPPED, null, "The kernel declares no bound to sweep for."));
        continue;
      }
      Path folder = WorkFolder.path().toAbsolutePath().resolve("sweep");
      String failure = sweep(file, memoryLimit, kernel.id(), operation, folder, progress);
      ResultFile found = failure == null ? Certificate.read(folder, operation, kernel.id()) : null;
      if (found == null) {
        String reason = failure == null ? "The sweep left no result." : failure;
        findings.add(finding(Rule.COMPLETION, operation, Verdict.FAILED, null, reason));
      } else {
        findings.addAll(judge(operation, found.results()));
      }
    }
    return findings;
  }

  /** Null, or a sentence on why the sweep did not end well. */
  private static @Nullable String sweep(
      Path file, long memoryLimit, String kernel, String operation, Path folder, Consumer<String> progress) {
    List<String> command = new ArrayList<>(ForeignImplementation.command(file, memoryLimit));
    command.addAll(List.of("--sweep", operation, "--kernel", kernel, "--into", folder.toString()));
    try {
      Files.deleteIfExists(Certificate.file(folder, operation, kernel));
      Process child = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
      String last = "";
      try (BufferedReader said = child.errorReader()) {
        for (String line = said.readLine(); line != null; line = said.readLine()) {
          if (line.startsWith(PROGRESS)) {
            progress.accept("%s: sweep of float32, %s %%".formatted(operation, line.substring(PROGRESS.length())));
          } else {
            last = line;
          }
        }
        int code = child.waitFor();
        return code == 0 ? null : "The process that swept ended with exit code %d. It said: %s".formatted(code, last);
      } finally {
        child.destroyForcibly();
      }
    } catch (IOException e) {
      return "The process that sweeps cannot be run: %s".formatted(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "The sweep was interrupted.";
    }
  }

  private static List<Finding> judge(String operation, List<JsonObject> rows) {
    List<Finding> findings = new ArrayList<>();
    for (JsonObject row : rows) {
      double max = Json.number(row.get("max_ulp"));
      double declared = Json.number(row.get("declared_ulp"));
      String output = row.get("output").getAsString();
      Witness worst =
          row.get("worst").isJsonNull()
              ? null
              : new Witness(
                  output, 0, row.getAsJsonObject("worst").get("input").getAsString(), Double.NaN, Double.NaN, max);
      findings.add(
          max <= declared
              ? finding(Rule.BOUND, operation, Verdict.PASSED, worst, null)
              : finding(
                  Rule.BOUND,
                  operation,
                  Verdict.FAILED,
                  worst,
                  "'%s' is off by %.4g ULP in the sweep, more than the bound of %.4g.".formatted(output, max, declared)));
    }
    return findings;
  }

  private static Finding finding(
      Rule rule, String operation, Verdict verdict, @Nullable Witness witness, @Nullable String reason) {
    return new Finding(
        rule, "sweep/%s/float32".formatted(operation), operation, DType.FLOAT32.id(), verdict, witness, reason);
  }
}
