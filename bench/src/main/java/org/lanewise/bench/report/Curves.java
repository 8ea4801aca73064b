package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;

/** Measured rows, matched by their work alone and put into curves over the batch size. */
final class Curves {
  /** What every other implementation is compared with. */
  static final Implementation BASELINE = Implementation.kernel("scalar");

  /** These come first and in this order, so that they look alike in every report. */
  private static final List<Implementation> OWN =
      Stream.of("scalar", "vector", "plain-math", "plain-vector").map(Implementation::kernel).toList();

  /** The baseline that computes nothing: what the hardware allows, never a competitor. */
  private static final String READ = "read";

  /** Where implementations are compared at one point, it is the one nearest to so many logits. */
  private static final double STATED_LOGITS = 1 << 18;

  private static final Comparator<MeasuredRow> BY_BATCH = Comparator.comparingInt(row -> row.work().batch());

  /** Forward stands beside forward and backward. */
  private static final Comparator<Work> IN_PAIRS =
      Comparator.comparing(Work::operation)
          .thenComparing(Work::dtype, Comparator.comparing(dtype -> !dtype.equals("float32")))
          .thenComparing(Work::data)
          .thenComparing(Work::classes)
          .thenComparing(Work::target)
          .thenComparing(Work::reduction)
          .thenComparing(Work::dtype)
          .thenComparing(Work::direction);

  private record Key(Work work, Implementation implementation) {}

  private record Entry(MeasuredRow row, JsonObject environment, boolean peer) {}

  private final Map<Key, Entry> entries = new LinkedHashMap<>();
  private int replaced;

  /**
   * Adds a row; one of the same work and implementation that was added before is replaced.
   *
   * @param environment where it was measured
   * @param peer whether a peer computed it
   */
  void add(MeasuredRow row, JsonObject environment, boolean peer) {
    if (entries.put(new Key(row.work(), row.implementation()), new Entry(row, environment, peer)) != null) {
      replaced++;
    }
  }

  /** All rows of losses, in the order in which they came. */
  List<MeasuredRow> rows() {
    return rows(false);
  }

  /** The measured rows of plain reads of the operands of a work, whatever the batch, by ascending batch. */
  List<MeasuredRow> reads(Work work) {
    return rows(true).stream()
        .filter(row -> row.time() != null && row.work().withBatch(1).equals(work.withBatch(1)))
        .sorted(BY_BATCH)
        .toList();
  }

  private List<MeasuredRow> rows(boolean reads) {
    return entries.values().stream().map(Entry::row).filter(row -> isRead(row.implementation()) == reads).toList();
  }

  private static boolean isRead(Implementation implementation) {
    return implementation.name().equals(READ);
  }

  /** How many rows gave way to a later one. */
  int replaced() {
    return replaced;
  }

  /** Where a row was measured. */
  JsonObject environment(MeasuredRow row) {
    return entry(row).environment();
  }

  /** Whether a peer computed the row. */
  boolean isPeer(MeasuredRow row) {
    return entry(row).peer();
  }

  private Entry entry(MeasuredRow row) {
    return Objects.requireNonNull(entries.get(new Key(row.work(), row.implementation())));
  }

  /** Who computed losses, the project's own first. */
  List<Implementation> implementations() {
    return entries.keySet().stream()
        .map(Key::implementation)
        .filter(implementation -> !isRead(implementation))
        .distinct()
        .sorted(Comparator.comparingInt(who -> OWN.contains(who) ? OWN.indexOf(who) : OWN.size()))
        .toList();
  }

  /** The measured rows of each plot, keyed by the work at batch 1: works that differ in the batch alone. */
  Map<Work, List<MeasuredRow>> plots() {
    return rows().stream()
        .filter(row -> row.time() != null)
        .sorted(Comparator.comparing(MeasuredRow::work, IN_PAIRS).thenComparing(BY_BATCH))
        .collect(Collectors.groupingBy(row -> row.work().withBatch(1), LinkedHashMap::new, Collectors.toList()));
  }

  /** The row of the same work by another implementation; null where it was not measured. */
  @Nullable MeasuredRow measured(Work work, Implementation implementation) {
    Entry entry = entries.get(new Key(work, implementation));
    return entry == null || entry.row().time() == null ? null : entry.row();
  }

  /**
   * The measured rows of one point an operation and direction: of the points that the most implementations computed,
   * the one nearest to 262,144 logits.
   */
  Map<Work, List<MeasuredRow>> statedPoints() {
    Map<Work, List<MeasuredRow>> points =
        rows().stream()
            .filter(row -> row.time() != null)
            .collect(Collectors.groupingBy(MeasuredRow::work, LinkedHashMap::new, Collectors.toList()));
    Map<List<String>, Work> chosen = new LinkedHashMap<>();
    Comparator<Work> better =
        Comparator.<Work>comparingInt(work -> -points.getOrDefault(work, List.of()).size())
            .thenComparingDouble(work -> Math.abs(Math.log(work.elements() / STATED_LOGITS)));
    for (Work work : points.keySet()) {
      chosen.merge(
          List.of(work.operation(), work.direction()), work, (a, b) -> better.compare(b, a) < 0 ? b : a);
    }
    Map<Work, List<MeasuredRow>> stated = new LinkedHashMap<>();
    List<Work> ordered = new ArrayList<>(chosen.values());
    ordered.sort(Comparator.comparing(Work::operation).thenComparing(Work::direction));
    ordered.forEach(work -> stated.put(work, points.getOrDefault(work, List.of())));
    return stated;
  }
}
