package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;

/** Measured rows, matched by their work alone and put into curves over the batch size. */
final class Curves {
  /** What every other implementation is compared with. */
  private static final Implementation BASELINE = Implementation.kernel("scalar");

  private record Key(Work work, Implementation implementation) {}

  /**
   * How much faster than the baseline an implementation is.
   *
   * @param points the number of points that both measured
   * @param mean geometric mean of the ratios
   */
  record SpeedUp(Implementation implementation, int points, double mean, double least, double most) {}

  /** The rows of the largest batch of each plot. */
  static final class Largest {
    private Largest() {}

    static Map<Work, List<MeasuredRow>> of(List<MeasuredRow> rows) {
      Map<Work, Integer> batches = new LinkedHashMap<>();
      rows.stream()
          .filter(row -> row.time() != null)
          .forEach(row -> batches.merge(row.work().withBatch(1), row.work().batch(), Math::max));
      Map<Work, List<MeasuredRow>> largest = new LinkedHashMap<>();
      batches.forEach(
          (work, batch) ->
              largest.put(
                  work.withBatch(batch),
                  rows.stream().filter(r -> r.time() != null && r.work().equals(work.withBatch(batch))).toList()));
      return largest;
    }
  }

  private final Map<Key, MeasuredRow> rows = new LinkedHashMap<>();
  private int replaced;

  /** Adds a row; one of the same work and implementation that was added before is replaced. */
  void add(MeasuredRow row) {
    if (rows.put(new Key(row.work(), row.implementation()), row) != null) {
      replaced++;
    }
  }

  /** All rows, in the order in which they came. */
  List<MeasuredRow> rows() {
    return List.copyOf(rows.values());
  }

  /** How many rows gave way to a later one. */
  int replaced() {
    return replaced;
  }

  /** The implementations that were measured, the baseline first. */
  List<Implementation> implementations() {
    return rows.keySet().stream()
        .map(Key::implementation)
        .distinct()
        .sorted(Comparator.comparing(implementation -> !implementation.equals(BASELINE)))
        .toList();
  }

  /** The measured rows of each plot, keyed by the work at batch 1: works that differ in the batch alone. */
  Map<Work, List<MeasuredRow>> plots() {
    Map<Work, List<MeasuredRow>> plots =
        rows.values().stream()
            .filter(row -> row.time() != null)
            .collect(Collectors.groupingBy(row -> row.work().withBatch(1), LinkedHashMap::new, Collectors.toList()));
    plots.values().forEach(plot -> plot.sort(Comparator.comparingInt(row -> row.work().batch())));
    return plots;
  }

  /** How many times faster than the baseline the row is; NaN where the baseline was not measured. */
  double speedUp(MeasuredRow row) {
    MeasuredRow baseline = rows.get(new Key(row.work(), BASELINE));
    return baseline == null ? Double.NaN : row.elementsPerSecond() / baseline.elementsPerSecond();
  }

  /** Each implementation against the baseline, over the points that both measured. */
  List<SpeedUp> speedUps() {
    List<SpeedUp> speedUps = new ArrayList<>();
    for (Implementation implementation : implementations()) {
      SpeedUp speedUp = implementation.equals(BASELINE) ? null : speedUp(implementation);
      if (speedUp != null) {
        speedUps.add(speedUp);
      }
    }
    return speedUps;
  }

  private @Nullable SpeedUp speedUp(Implementation implementation) {
    double[] ratios =
        rows.values().stream()
            .filter(row -> row.implementation().equals(implementation))
            .mapToDouble(this::speedUp)
            .filter(ratio -> !Double.isNaN(ratio))
            .sorted()
            .toArray();
    if (ratios.length == 0) {
      return null;
    }
    double logSum = 0;
    for (double ratio : ratios) {
      logSum += Math.log(ratio);
    }
    return new SpeedUp(
        implementation, ratios.length, Math.exp(logSum / ratios.length), ratios[0], ratios[ratios.length - 1]);
  }
}
