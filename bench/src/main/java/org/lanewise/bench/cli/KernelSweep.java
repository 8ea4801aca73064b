package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.sweep.Certificate;
import org.lanewise.bench.sweep.Sweeps;
import org.lanewise.conformance.validation.Finding;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;

/** The part of the exhaustive level that no case covers: every float32 logit of BCE, a million drawn rows of cross-entropy. */
final class KernelSweep {
  private KernelSweep() {}

  /** Holds the float32 kernels that declare bounds to them. */
  static List<Finding> run(KernelProvider kernel, Consumer<String> progress) {
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
      try {
        findings.addAll(sweep(kernel, operation, progress));
      } catch (IllegalStateException e) {
        findings.add(finding(Rule.COMPLETION, operation, Verdict.FAILED, null, String.valueOf(e.getMessage())));
      }
    }
    return findings;
  }

  private static List<Finding> sweep(KernelProvider kernel, String operation, Consumer<String> progress) {
    int[] told = {-1};
    Certificate certificate =
        Sweeps.run(
                operation,
                kernel,
                1,
                1, // one process answers one call at a time
                null,
                WorkFolder.path().resolve("certificates"),
                () -> false,
                done -> {
                  int tenth = (int) (10 * done);
                  if (tenth > told[0]) {
                    told[0] = tenth;
                    progress.accept("%s: sweep of float32, %d %%".formatted(operation, 10 * tenth));
                  }
                })
            .certificate();
    List<Finding> findings = new ArrayList<>();
    for (JsonObject row : certificate.rows()) {
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
