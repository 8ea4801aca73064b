package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;

/** How many times faster implementations are than something else, over the points that both measured. */
final class SpeedUps {
  /** Below so many logits a call is mostly dispatch, which a comparison with peers is not about. */
  static final int COUNTED = 1024;

  /**
   * One implementation's ratios.
   *
   * @param points how many points both measured
   * @param mean geometric mean of the ratios
   * @param worst the point of the least ratio
   */
  record SpeedUp(Implementation implementation, int points, double mean, double least, double most, Work worst) {}

  private record Ratio(Work work, double value) {}

  private final Curves curves;

  SpeedUps(Curves curves) {
    this.curves = curves;
  }

  /** Everybody against the baseline, the fastest first. */
  List<SpeedUp> againstBaseline() {
    return of(
        curves.rows().stream().filter(row -> !row.implementation().equals(Curves.BASELINE)).toList(),
        this::againstBaseline);
  }

  /** Whoever is no peer against the fastest peer of each point, on as many threads of the same device. */
  List<SpeedUp> againstBestPeer() {
    return of(
        curves.rows().stream().filter(row -> !curves.isPeer(row) && row.work().elements() >= COUNTED).toList(),
        this::againstBestPeer);
  }

  /** How many times faster than the baseline the row is; NaN where one of them was not measured. */
  double againstBaseline(MeasuredRow row) {
    MeasuredRow baseline = curves.measured(row.work(), Curves.BASELINE);
    return baseline == null ? Double.NaN : row.elementsPerSecond() / baseline.elementsPerSecond();
  }

  private double againstBestPeer(MeasuredRow row) {
    return curves.rows().stream()
            .filter(peer -> peer.time() != null && curves.isPeer(peer) && peer.work().equals(row.work()))
            .filter(peer -> peer.implementation().device().equals(row.implementation().device()))
            .filter(peer -> peer.implementation().threads() == row.implementation().threads())
            .mapToDouble(peer -> row.elementsPerSecond() / peer.elementsPerSecond())
            .min()
            .orElse(Double.NaN);
  }

  private List<SpeedUp> of(List<MeasuredRow> rows, ToDoubleFunction<MeasuredRow> ratio) {
    List<SpeedUp> speedUps = new ArrayList<>();
    for (Implementation implementation : curves.implementations()) {
      List<Ratio> ratios =
          rows.stream()
              .filter(row -> row.implementation().equals(implementation))
              .map(row -> new Ratio(row.work(), ratio.applyAsDouble(row)))
              .filter(one -> !Double.isNaN(one.value()))
              .sorted(Comparator.comparingDouble(Ratio::value))
              .toList();
      SpeedUp speedUp = of(implementation, ratios);
      if (speedUp != null) {
        speedUps.add(speedUp);
      }
    }
    speedUps.sort(Comparator.comparingDouble(SpeedUp::mean).reversed());
    return speedUps;
  }

  private static @Nullable SpeedUp of(Implementation implementation, List<Ratio> ratios) {
    if (ratios.isEmpty()) {
      return null;
    }
    double logSum = ratios.stream().mapToDouble(one -> Math.log(one.value())).sum();
    Ratio least = Objects.requireNonNull(ratios.getFirst());
    return new SpeedUp(
        implementation,
        ratios.size(),
        Math.exp(logSum / ratios.size()),
        least.value(),
        ratios.getLast().value(),
        least.work());
  }
}
