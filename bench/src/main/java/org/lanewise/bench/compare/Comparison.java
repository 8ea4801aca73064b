package org.lanewise.bench.compare;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.ResultFile;

/**
 * A kernel on the CPU against whatever else did the same work.
 *
 * <p>Rows are matched by their work alone. A point that only one side has is counted and compared with nothing.
 */
public final class Comparison {
  /** The kinds of files that hold measured rows. */
  public static final List<String> KINDS = List.of("bench", "peers");

  private static final String CPU = "cpu";

  /**
   * Works that differ in the batch alone.
   *
   * @param work that at batch 1
   * @param base the curves of the kernel, one a number of threads
   * @param others those of the implementations that it is compared with; each has a point that a base curve has
   */
  public record Curve(
      Work work, Map<Implementation, List<MeasuredRow>> base, Map<Implementation, List<MeasuredRow>> others) {
    /** All batch sizes that either side has and the other too. */
    public List<Integer> batches() {
      Set<Integer> ofOthers = batches(others.values());
      return batches(base.values()).stream().filter(ofOthers::contains).sorted().toList();
    }

    /**
     * The others as they stand side by side: those on one device that differ in what is transferred alone, and all on the CPU.
     */
    public Map<String, List<Implementation>> groups() {
      Map<String, List<Implementation>> groups = new LinkedHashMap<>();
      for (Implementation who : others.keySet()) {
        String name = who.device().equals(CPU) ? "all on the CPU" : "%s on %s".formatted(who.name(), who.device());
        groups.computeIfAbsent(name, _ -> new ArrayList<>()).add(who);
      }
      return groups;
    }

    /** The rows of one that takes part. */
    public List<MeasuredRow> rows(Implementation who) {
      return Objects.requireNonNull(base.containsKey(who) ? base.get(who) : others.get(who));
    }

    /** The row of one that takes part at a batch size; null where it was not measured. */
    public @Nullable MeasuredRow row(Implementation who, int batch) {
      return rows(who).stream().filter(row -> row.work().batch() == batch).findFirst().orElse(null);
    }

    private static Set<Integer> batches(Collection<List<MeasuredRow>> curves) {
      return curves.stream().flatMap(List::stream).map(row -> row.work().batch()).collect(Collectors.toSet());
    }
  }

  private final List<Curve> curves;
  private final Map<Implementation, List<Work>> unmatched;
  private final Map<Implementation, JsonObject> environments;

  private Comparison(
      List<Curve> curves, Map<Implementation, List<Work>> unmatched, Map<Implementation, JsonObject> environments) {
    this.curves = curves;
    this.unmatched = unmatched;
    this.environments = environments;
  }

  /**
   * Compares what the files hold; of a measurement made twice the last counts.
   *
   * @param base the id of the kernel
   * @param against names of what it is compared with; empty for all that was measured on another device than the CPU, and
   *     where nothing was, for the peers on the CPU
   */
  public static Comparison of(List<ResultFile> files, String base, List<String> against) {
    List<String> cpus = cpus(files, base);
    if (cpus.size() > 1) {
      throw UserError.environment(
          "The kernel '%s' was measured on %d CPUs (%s), and one curve is of one CPU; name the files of one of them."
              .formatted(base, cpus.size(), String.join(", ", cpus)));
    }
    Map<Implementation, JsonObject> environments = new LinkedHashMap<>();
    Map<Implementation, Map<Work, MeasuredRow>> measured = measured(files, cpus.isEmpty() ? null : cpus.getFirst(), environments);
    List<Implementation> ofBase = onCpu(measured.keySet(), base);
    if (ofBase.isEmpty()) {
      throw UserError.environment(
          "No file holds measurements of the kernel '%s' on the CPU; measure it with 'lanewise bench --json FILE', or name another with --base: %s."
              .formatted(base, names(measured.keySet())));
    }
    List<Implementation> others = others(measured.keySet(), base, against);
    Comparison comparison = between(ofBase, others, measured, environments);
    if (comparison.curves.isEmpty()) {
      throw UserError.environment(
          "No point was measured by both '%s' (%s) and %s (%s): different work is not compared; measure the same preset and dtype."
              .formatted(base, kinds(ofBase, measured), names(others), kinds(others, measured)));
    }
    return comparison;
  }

  /**
   * A kernel on each CPU that it was measured on, against all that was measured on other devices; none where no device did the
   * same work.
   *
   * @param files of any kind; only measured rows count
   */
  public static List<Comparison> withDevices(List<ResultFile> files, String base) {
    List<ResultFile> measurements = files.stream().filter(file -> KINDS.contains(file.kind())).toList();
    List<Comparison> comparisons = new ArrayList<>();
    for (String cpu : cpus(measurements, base)) {
      Map<Implementation, JsonObject> environments = new LinkedHashMap<>();
      Map<Implementation, Map<Work, MeasuredRow>> measured = measured(measurements, cpu, environments);
      List<Implementation> devices = measured.keySet().stream().filter(who -> !who.device().equals(CPU)).toList();
      Comparison comparison = between(onCpu(measured.keySet(), base), devices, measured, environments);
      if (!comparison.curves.isEmpty()) {
        comparisons.add(comparison);
      }
    }
    return comparisons;
  }

  /** Refuses a file with a row that is none. */
  public static void requireUsable(ResultFile file) {
    measured(List.of(file), null, new LinkedHashMap<>());
  }

  private static Comparison between(
      List<Implementation> ofBase,
      List<Implementation> others,
      Map<Implementation, Map<Work, MeasuredRow>> measured,
      Map<Implementation, JsonObject> environments) {
    Set<Work> ofKernel =
        ofBase.stream().flatMap(who -> rows(measured, who).keySet().stream()).collect(Collectors.toSet());
    Map<Work, Curve> curves = new LinkedHashMap<>();
    Map<Implementation, List<Work>> unmatched = new LinkedHashMap<>();
    for (Implementation other : others) {
      for (MeasuredRow row : rows(measured, other).values()) {
        if (ofKernel.contains(row.work())) {
          Work key = row.work().withBatch(1);
          curves
              .computeIfAbsent(key, work -> new Curve(work, curvesOf(ofBase, measured, work), new LinkedHashMap<>()))
              .others()
              .computeIfAbsent(other, who -> curvesOf(List.of(who), measured, key).get(who));
        } else {
          unmatched.computeIfAbsent(other, _ -> new ArrayList<>()).add(row.work());
        }
      }
    }
    Set<Work> ofOthers =
        others.stream().flatMap(who -> rows(measured, who).keySet().stream()).collect(Collectors.toSet());
    for (Implementation who : ofBase) {
      List<Work> alone = rows(measured, who).keySet().stream().filter(work -> !ofOthers.contains(work)).toList();
      if (!alone.isEmpty()) {
        unmatched.put(who, alone);
      }
    }
    return new Comparison(List.copyOf(curves.values()), unmatched, environments);
  }

  private static List<Implementation> onCpu(Set<Implementation> measured, String kernel) {
    return measured.stream().filter(who -> who.name().equals(kernel) && who.device().equals(CPU)).toList();
  }

  /** The CPUs on which a kernel was measured. */
  private static List<String> cpus(List<ResultFile> files, String kernel) {
    return files.stream()
        .filter(file -> !onCpu(measured(List.of(file), null, new LinkedHashMap<>()).keySet(), kernel).isEmpty())
        .map(file -> Environment.cpu(file.environment()))
        .distinct()
        .toList();
  }

  /**
   * The measured rows of the files.
   *
   * @param cpu leaves out what was measured on another CPU than this one; null leaves out nothing
   * @param environments receives where each was measured
   */
  private static Map<Implementation, Map<Work, MeasuredRow>> measured(
      List<ResultFile> files, @Nullable String cpu, Map<Implementation, JsonObject> environments) {
    Map<Implementation, Map<Work, MeasuredRow>> measured = new LinkedHashMap<>();
    for (ResultFile file : files) {
      for (int i = 0; i < file.results().size(); i++) {
        try {
          MeasuredRow row = MeasuredRow.of(file.results().get(i));
          boolean elsewhere =
              cpu != null && row.implementation().device().equals(CPU) && !Environment.cpu(file.environment()).equals(cpu);
          if (row.time() != null && !elsewhere) {
            measured.computeIfAbsent(row.implementation(), _ -> new LinkedHashMap<>()).put(row.work(), row);
            environments.put(row.implementation(), file.environment());
          }
        } catch (IllegalArgumentException e) {
          throw UserError.environment(
              "Row %d of the %s results cannot be used: %s; make the file again."
                  .formatted(i, file.kind(), e.getMessage()));
        }
      }
    }
    return measured;
  }

  private static Map<Work, MeasuredRow> rows(
      Map<Implementation, Map<Work, MeasuredRow>> measured, Implementation who) {
    return Objects.requireNonNull(measured.get(who));
  }

  private static List<Implementation> others(
      Set<Implementation> measured, String base, List<String> against) {
    List<Implementation> candidates = measured.stream().filter(who -> !who.name().equals(base)).toList();
    if (!against.isEmpty()) {
      for (String name : against) {
        if (candidates.stream().noneMatch(who -> who.name().equals(name))) {
          throw UserError.usage(
              "--against %s names nothing that was measured beside '%s', on the same CPU or a GPU; there is %s."
                  .formatted(name, base, names(candidates)));
        }
      }
      return candidates.stream().filter(who -> against.contains(who.name())).toList();
    }
    List<Implementation> onDevices = candidates.stream().filter(who -> !who.device().equals(CPU)).toList();
    if (!onDevices.isEmpty()) {
      return onDevices;
    }
    Set<String> peers = new LinkedHashSet<>(List.of("pytorch-eager", "pytorch-compile", "jax-jit", "onnxruntime"));
    List<Implementation> onCpu = candidates.stream().filter(who -> peers.contains(who.name())).toList();
    if (onCpu.isEmpty()) {
      throw UserError.environment(
          "There is nothing to compare '%s' with: neither a GPU nor peers on the same CPU; add the results of a GPU (%s) or of peers, or name something with --against: %s."
              .formatted(base, CompareWords.MEASURE_A_GPU, names(candidates)));
    }
    return onCpu;
  }

  private static Map<Implementation, List<MeasuredRow>> curvesOf(
      List<Implementation> who, Map<Implementation, Map<Work, MeasuredRow>> measured, Work key) {
    Map<Implementation, List<MeasuredRow>> curves = new LinkedHashMap<>();
    for (Implementation one : who) {
      List<MeasuredRow> rows =
          rows(measured, one).values().stream()
              .filter(row -> row.work().withBatch(1).equals(key))
              .sorted((a, b) -> Integer.compare(a.work().batch(), b.work().batch()))
              .toList();
      if (!rows.isEmpty()) {
        curves.put(one, rows);
      }
    }
    return curves;
  }

  private static String names(Collection<Implementation> who) {
    return who.isEmpty()
        ? "nothing else"
        : who.stream().map(Implementation::name).distinct().collect(Collectors.joining(", "));
  }

  /** What was measured, as far as it decides whether points can be the same. */
  private static String kinds(List<Implementation> who, Map<Implementation, Map<Work, MeasuredRow>> measured) {
    return who.stream()
        .flatMap(one -> rows(measured, one).keySet().stream())
        .map(work -> work.operation() + " " + work.dtype())
        .distinct()
        .sorted()
        .collect(Collectors.joining(", "));
  }

  /** What can be compared, in the order of the files. */
  public List<Curve> curves() {
    return curves;
  }

  /** The points of an implementation that had no partner; none where all had one. */
  public Map<Implementation, List<Work>> unmatched() {
    return unmatched;
  }

  /** Where an implementation was measured. */
  public JsonObject environment(Implementation who) {
    return Objects.requireNonNull(environments.get(who));
  }

  /** The devices that take part, the CPU among them. */
  public Set<String> devices() {
    return curves.stream()
        .flatMap(curve -> Stream.concat(curve.base().keySet().stream(), curve.others().keySet().stream()))
        .map(Implementation::device)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** Whether another device than the CPU takes part. */
  public boolean hasDevice() {
    return !devices().equals(Set.of(CPU));
  }
}
