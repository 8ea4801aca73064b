package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;

/** Measured rows, matched by their work alone and put into curves over the batch size. */
final class Curves {
  /** What every other implementation is compared with. */
  static final Implementation BASELINE = Implementation.kernel("scalar");

  /** These come first and in this order, so that they look alike in every report. */
  private static final List<String> OWN = List.of("scalar", "vector", "plain-math", "plain-vector");

  /** The baseline that computes nothing: what the hardware allows, never a competitor. */
  private static final String READ = "read";

  /** Where implementations are compared at one point, it is the one nearest to so many logits. */
  private static final double STATED_LOGITS = 1 << 18;

  private static final Comparator<Measured> BY_BATCH = Comparator.comparingInt(row -> row.work().batch());

  /** Forward stands beside forward and backward. */
  private static final Comparator<Work> IN_PAIRS =
      Comparator.comparing(Work::operation)
          .thenComparing(Work::dtype, Comparator.comparing(dtype -> !dtype.equals("float32")))
          .thenComparing(Work::data)
          .thenComparingInt(Work::classes)
          .thenComparing(Work::target)
          .thenComparing(Work::reduction)
          .thenComparing(Work::dtype)
          .thenComparing(Work::direction);

  private record Key(Work work, Who who) {}

  private final Map<Key, Measured> entries = new LinkedHashMap<>();

  /** The machines on which each device was measured, in the order in which they came. */
  private final Map<String, List<String>> cpus = new LinkedHashMap<>();

  private int replaced;

  /**
   * Adds a row; one of the same work by the same implementation on the same machine that was added before is replaced.
   *
   * @param environment where it was measured
   * @param peer whether a peer computed it
   */
  void add(MeasuredRow row, JsonObject environment, boolean peer) {
    Measured measured = new Measured(row, environment, peer);
    Who who = measured.who();
    if (entries.put(new Key(row.work(), who), measured) != null) {
      replaced++;
    }
    List<String> here = cpus.computeIfAbsent(row.implementation().device(), _ -> new ArrayList<>());
    if (!here.contains(who.cpu())) {
      here.add(who.cpu());
    }
  }

  /** All rows of losses, in the order in which they came. */
  List<Measured> rows() {
    return rows(false);
  }

  /** The measured rows of plain reads of the operands of a work, whatever the batch, by ascending batch. */
  List<Measured> reads(Work work) {
    return rows(true).stream()
        .filter(row -> row.time() != null && row.work().withBatch(1).equals(work.withBatch(1)))
        .sorted(BY_BATCH)
        .toList();
  }

  private List<Measured> rows(boolean reads) {
    return entries.values().stream().filter(row -> isRead(row.implementation()) == reads).toList();
  }

  private static boolean isRead(Implementation implementation) {
    return implementation.name().equals(READ);
  }

  /** How many rows gave way to a later one. */
  int replaced() {
    return replaced;
  }

  /** The CPUs on which, or in whose machines, anything was measured. */
  List<String> cpus() {
    return cpus.values().stream().flatMap(List::stream).distinct().toList();
  }

  /** A name for people, with the machine where its device was measured on several. */
  String label(Who who) {
    String name = who.implementation().label();
    return cpus(who).size() > 1 ? "%s (%s)".formatted(name, Words.cpu(who.cpu())) : name;
  }

  /** Its machine's place among those on which its device was measured, from 0. */
  int machine(Who who) {
    return cpus(who).indexOf(who.cpu());
  }

  private List<String> cpus(Who who) {
    return Objects.requireNonNull(cpus.get(who.implementation().device()));
  }

  /** Who computed losses, the project's own first. */
  List<Who> who() {
    return entries.keySet().stream()
        .map(Key::who)
        .filter(who -> !isRead(who.implementation()))
        .distinct()
        .sorted(Comparator.comparingInt(Curves::rank))
        .toList();
  }

  private static int rank(Who who) {
    int own = who.onCpu() ? OWN.indexOf(who.implementation().name()) : -1;
    return own < 0 ? OWN.size() : own;
  }

  /** The measured rows of each plot, keyed by the work at batch 1: works that differ in the batch alone. */
  Map<Work, List<Measured>> plots() {
    return rows().stream()
        .filter(row -> row.time() != null)
        .sorted(Comparator.comparing(Measured::work, IN_PAIRS).thenComparing(BY_BATCH))
        .collect(Collectors.groupingBy(row -> row.work().withBatch(1), LinkedHashMap::new, Collectors.toList()));
  }

  /** The row of a work by somebody; null where it was not measured. */
  @Nullable Measured measured(Work work, Who who) {
    Measured row = entries.get(new Key(work, who));
    return row == null || row.time() == null ? null : row;
  }

  /**
   * The measured rows of one point an operation and direction: of the points that the most implementations computed,
   * the one nearest to 262,144 logits.
   */
  Map<Work, List<Measured>> statedPoints() {
    Map<Work, List<Measured>> points =
        rows().stream()
            .filter(row -> row.time() != null)
            .collect(Collectors.groupingBy(Measured::work, LinkedHashMap::new, Collectors.toList()));
    Map<List<String>, Work> chosen = new LinkedHashMap<>();
    Comparator<Work> better =
        Comparator.<Work>comparingInt(work -> -points.getOrDefault(work, List.of()).size())
            .thenComparingDouble(work -> Math.abs(Math.log(work.elements() / STATED_LOGITS)));
    for (Work work : points.keySet()) {
      chosen.merge(
          List.of(work.operation(), work.direction()), work, (a, b) -> better.compare(b, a) < 0 ? b : a);
    }
    Map<Work, List<Measured>> stated = new LinkedHashMap<>();
    List<Work> ordered = new ArrayList<>(chosen.values());
    ordered.sort(Comparator.comparing(Work::operation).thenComparing(Work::direction));
    ordered.forEach(work -> stated.put(work, points.getOrDefault(work, List.of())));
    return stated;
  }
}
