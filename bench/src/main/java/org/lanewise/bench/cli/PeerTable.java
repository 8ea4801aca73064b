package org.lanewise.bench.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;

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
    TextTable table = new TextTable("l" + "r".repeat(columns.size() + 1), header.toArray(String[]::new));
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
                        spread(List.of(Objects.requireNonNull(best(rows, work, peers))))));
              }
            });
    List<Work> counted = points.stream().filter(work -> work.elements() >= COUNTED).toList();
    table.heading("");
    table.heading("From %,d logits, %d points".formatted(COUNTED, counted.size()));
    table.row(
        cells(
            "geometric mean",
            columns.stream().map(column -> mean(ratios(rows, counted, column))),
            spread(counted.stream().map(work -> best(rows, work, peers)).filter(Objects::nonNull).toList())));
    table.row(cells("worst", columns.stream().map(column -> least(ratios(rows, counted, column))), ""));
    StringBuilder text = new StringBuilder(table.toString());
    worst(rows, counted, peers)
        .ifPresent(work -> text.append("The worst point is ").append(named(work)).append(".\n"));
    peers.forEach(peer -> text.append(compiled(rows, peer)));
    return text.toString();
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
        : String.format(
            Locale.ROOT,
            "%s compiled for %.2f to %.2f s a point, which is not in its times.%n",
            peer,
            seconds[0],
            seconds[seconds.length - 1]);
  }

  private static Optional<Work> worst(List<MeasuredRow> rows, List<Work> points, List<String> peers) {
    return points.stream().min(Comparator.comparingDouble(work -> Objects.requireNonNull(ratio(rows, work, peers))));
  }

  private static String named(Work work) {
    return "%s %s %s %s".formatted(work.operation(), work.direction(), work.shape(), work.data());
  }

  private static String[] cells(String name, Stream<@Nullable Double> ratios, String spread) {
    List<String> cells = new ArrayList<>(List.of(name));
    ratios.forEach(ratio -> cells.add(ratio == null ? "-" : String.format(Locale.ROOT, "%.2f", ratio)));
    cells.add(spread);
    return cells.toArray(String[]::new);
  }

  /** The kernel and the fastest peer on one point. */
  private record Pair(Time kernel, Time peer) {}

  /** The geometric mean of the least and of the largest ratios that the samples leave room for. */
  private static String spread(List<Pair> pairs) {
    Double low = mean(pairs.stream().mapToDouble(pair -> pair.peer.low() / pair.kernel.high()).toArray());
    Double high = mean(pairs.stream().mapToDouble(pair -> pair.peer.high() / pair.kernel.low()).toArray());
    return low == null || high == null ? "" : String.format(Locale.ROOT, "%.2f - %.2f", low, high);
  }

  private static double[] ratios(List<MeasuredRow> rows, List<Work> points, List<String> peers) {
    return points.stream()
        .map(work -> ratio(rows, work, peers))
        .filter(Objects::nonNull)
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  private static @Nullable Double mean(double[] ratios) {
    return ratios.length == 0 ? null : Math.exp(DoubleStream.of(ratios).map(Math::log).average().orElseThrow());
  }

  private static @Nullable Double least(double[] ratios) {
    return ratios.length == 0 ? null : DoubleStream.of(ratios).min().orElseThrow();
  }

  /** The time of the fastest of the peers over the kernel's; null where either was not measured. */
  private static @Nullable Double ratio(List<MeasuredRow> rows, Work work, List<String> peers) {
    Pair pair = best(rows, work, peers);
    return pair == null ? null : pair.peer.median() / pair.kernel.median();
  }

  private static @Nullable Pair best(List<MeasuredRow> rows, Work work, List<String> peers) {
    Time kernel = fastest(rows, work, List.of(BASE));
    Time peer = fastest(rows, work, peers);
    return kernel == null || peer == null ? null : new Pair(kernel, peer);
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
