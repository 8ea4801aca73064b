package org.lanewise.bench.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lanewise.bench.UserError;
import org.lanewise.bench.baseline.Baseline;
import org.lanewise.bench.opencl.OpenClKernelProvider;
import org.lanewise.conformance.subject.FrontDoorSubject;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.UnavailableKernelException;
import org.lanewise.kernels.spi.KernelProvider;

/** The implementations that a command is about. */
final class Subjects {
  /** What is judged where nothing is named. */
  static final List<String> BUILT_IN = List.of("scalar", "vector");

  private Subjects() {}

  /** The named kernels, {@value FrontDoorSubject#ID} among them if named. */
  static List<Subject> named(List<String> ids) {
    List<Subject> subjects = new ArrayList<>();
    for (String id : ids) {
      subjects.add(id.equals(FrontDoorSubject.ID) ? new FrontDoorSubject() : new KernelSubject(loss(id)));
    }
    return subjects;
  }

  /**
   * The front door and the built-in kernels, or all kernels but baselines. One that cannot run here is named, with the
   * reason, and left out.
   */
  static List<Subject> all(boolean alsoForeign, PrintWriter notices) {
    List<Subject> subjects = new ArrayList<>();
    subjects.add(new FrontDoorSubject());
    kernels(alsoForeign, notices).forEach(provider -> subjects.add(new KernelSubject(provider)));
    return subjects;
  }

  /**
   * The built-in kernels, or all kernels but baselines, as far as they can run here. OpenCL on a CPU is there to check the
   * kernels written for a GPU; its times answer no question and would only make a run longer. So, as with a baseline, who
   * wants it names it.
   */
  static List<KernelProvider> kernels(boolean alsoForeign, PrintWriter notices) {
    List<KernelProvider> available = new ArrayList<>();
    for (KernelProvider provider : Kernels.all()) {
      if (provider instanceof Baseline
          || !alsoForeign && !BUILT_IN.contains(provider.id())
          || provider instanceof OpenClKernelProvider opencl && opencl.runsOnProcessor()) {
        continue;
      }
      if (provider.availability().available()) {
        available.add(provider);
      } else {
        notices.printf(
            "SKIPPED %s: %s %s%n", provider.id(), provider.availability().reason(), provider.availability().remedy());
      }
    }
    return available;
  }

  /** All kernels that can run here, and after them the baselines: what a speed is held against. */
  static List<KernelProvider> measured(PrintWriter notices) {
    List<KernelProvider> measured = new ArrayList<>(kernels(true, notices));
    Kernels.all().stream()
        .filter(provider -> provider instanceof Baseline && provider.availability().available())
        .forEach(measured::add);
    return measured;
  }

  /** The kernel of the given id, if it computes a loss. */
  private static KernelProvider loss(String id) {
    KernelProvider kernel = kernel(id);
    if (kernel instanceof Baseline baseline && !baseline.isLoss()) {
      throw UserError.usage(
          "The kernel '%s' is a %s, so there is nothing to verify; measure it with bench --kernel %s."
              .formatted(id, baseline.description(), id));
    }
    return kernel;
  }

  /** The kernel of the given id. */
  static KernelProvider kernel(String id) {
    try {
      return Kernels.require(id);
    } catch (UnavailableKernelException e) {
      throw UserError.environment(String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException e) {
      throw UserError.usage(
          "There is no kernel '%s'; choose one of %s."
              .formatted(
                  id,
                  Stream.concat(Kernels.all().stream().map(KernelProvider::id), Stream.of(FrontDoorSubject.ID))
                      .collect(Collectors.joining(", "))));
    }
  }
}
