package org.lanewise.bench.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Ratio;

/**
 * How many times longer the peers take than one kernel: point by point, in the geometric mean, and where it is least. The
 * ratio of the fastest peer has its spread beside it: from its 5th percentile over the kernel's 95th to the reverse.
 */
final class PeerTable {
  private static final String BASE = "vector";
  private static final String BEST = "best peer";
  private static final String SPREAD = "5 % - 95 %";

  /** Below so many logits a call is mostly dispatch, which the mean is not about. */
  private static final int COUNTED = 1024;

  private PeerTable() {}

  /** The table, ending in a line end; empty where the kernel or every peer was not measured. */
  static String of(List<MeasuredRow> rows, List<String> peers) {
    List<Work> points =
        rows.stream().map(MeasuredRow::work).distinct().filter(work -> ratio(rows, work, peers) != null).toList();
    if (points.isEmpty()) {
      return "";
    }
    List<List<String>> columns = new ArrayList<>();
    peers.forEach(peer -> columns.add(List.of(peer)));
    columns.add(peers);

    List<String> header = new ArrayList<>(List.of("time / vector"));
    header.addAll(peers);
    header.add(BEST);
    header.add(SPREAD);
    TextTable table = table(header);
    points.stream()
        .collect(Collectors.groupingBy(BenchTable::heading, LinkedHashMap::new, Collectors.toList()))
        .forEach(
            (heading, group) -> {
              table.heading("");
              table.heading(heading);
              for (Work work : group) {
                table.row(
                    cells(
                        work.shape(),
                        columns.stream().map(column -> ratio(rows, work, column)),
                        ratio(rows, work, peers)));
              }
            });
    List<Work> counted = points.stream().filter(work -> work.elements() >= COUNTED).toList();
    table.heading("");
    table.heading("From %,d logits, %d points".formatted(COUNTED, counted.size()));
    List<String> measured = new ArrayList<>(List.of("points"));
    columns.forEach(column -> measured.add(Integer.toString(ratios(rows, counted, column).size())));
    measured.add("");
    table.row(measured.toArray(String[]::new));
    table.row(
        cells(
            "geometric mean",
            columns.stream().map(column -> mean(ratios(rows, counted, column))),
            mean(ratios(rows, counted, peers))));
    table.row(
        cells(
            "worst",
            columns.stream().map(column -> worst(ratios(rows, counted, column))),
            worst(ratios(rows, counted, peers))));
    StringBuilder text = new StringBuilder(table.toString());
    counted.stream()
        .min(Comparator.comparingDouble(work -> Objects.requireNonNull(ratio(rows, work, peers)).value()))
        .ifPresent(work -> text.append(Paragraph.of("The worst point against the best peer is %s.".formatted(named(work)))));
    long withoutSome =
        counted.stream()
            .filter(work -> peers.stream().anyMatch(peer -> ratio(rows, work, List.of(peer)) == null))
            .count();
    if (withoutSome > 0) {
      text.append(
          Paragraph.of(
              ("At %d of these points not every peer was measured; means over different points do not compare peers, and"
                      + " the best peer is that of the rest.")
                  .formatted(withoutSome)));
    }
    text.append(
        Paragraph.of(
            "Best peer: the fastest of each point. 5 % - 95 %: the room that the samples leave for its ratio."));
    peers.forEach(peer -> text.append(compiled(rows, peer)));
    return text.toString();
  }

  /** With names that would make it too wide in two lines, such as {@code pytorch-} over {@code compile}. */
  private static TextTable table(List<String> names) {
    String alignments = "l" + "r".repeat(names.size() - 1);
    if (String.join(TextTable.GAP, names).length() < Paragraph.WIDTH) {
      return new TextTable(alignments, names.toArray(String[]::new));
    }
    return new TextTable(
        alignments, names.stream().map(name -> name.replaceFirst("^([a-z]+-)([a-z]+)$", "$1\n$2")).toArray(String[]::new));
  }

  /** Compilation is no part of a call's time, and yet somebody waits for it. */
  private static String compiled(List<MeasuredRow> rows, String peer) {
    double[] seconds =
        rows.stream()
            .filter(row -> row.implementation().name().equals(peer) && row.facts().containsKey("compile_s"))
            .mapToDouble(row -> Objects.requireNonNull(row.facts().get("compile_s")).getAsDouble())
            .sorted()
            .toArray();
    return seconds.length == 0
        ? ""
        : Paragraph.of(
            String.format(
                Locale.ROOT,
                "%s compiled for %.2f to %.2f s a point, which is not in its times.",
                peer,
                seconds[0],
                seconds[seconds.length - 1]));
  }

  private static String named(Work work) {
    return "%s %s %s %s".formatted(work.operation(), work.direction(), work.shape(), work.data());
  }

  /**
   * A row.
   *
   * @param spread of which the room for it stands in the last cell
   */
  private static String[] cells(String name, Stream<@Nullable Ratio> ratios, @Nullable Ratio spread) {
    List<String> cells = new ArrayList<>(List.of(name));
    ratios.forEach(ratio -> cells.add(ratio == null ? "-" : String.format(Locale.ROOT, "%.2f", ratio.value())));
    cells.add(spread == null ? "" : String.format(Locale.ROOT, "%.2f - %.2f", spread.low(), spread.high()));
    return cells.toArray(String[]::new);
  }

  private static List<Ratio> ratios(List<MeasuredRow> rows, List<Work> points, List<String> peers) {
    return points.stream().map(work -> ratio(rows, work, peers)).filter(Objects::nonNull).toList();
  }

  private static @Nullable Ratio mean(List<Ratio> ratios) {
    return ratios.isEmpty() ? null : Ratio.mean(ratios);
  }

  private static @Nullable Ratio worst(List<Ratio> ratios) {
    return ratios.stream().min(Comparator.comparingDouble(Ratio::value)).orElse(null);
  }

  /** The time of the fastest of the peers over the kernel's; null where either was not measured. */
  private static @Nullable Ratio ratio(List<MeasuredRow> rows, Work work, List<String> peers) {
    Time kernel = fastest(rows, work, List.of(BASE));
    Time peer = fastest(rows, work, peers);
    return kernel == null || peer == null ? null : Ratio.of(peer, kernel);
  }

  private static @Nullable Time fastest(List<MeasuredRow> rows, Work work, List<String> names) {
    return rows.stream()
        .filter(row -> row.work().equals(work) && names.contains(row.implementation().name()))
        .map(MeasuredRow::time)
        .filter(Objects::nonNull)
        .min(Comparator.comparingDouble(Time::median))
        .orElse(null);
  }
}
