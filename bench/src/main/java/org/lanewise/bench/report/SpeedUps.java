package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.Ratio;

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

  /** How many times faster than the fastest peer a row is, and which that is. */
  record Lead(MeasuredRow row, MeasuredRow peer, Ratio ratio) {}

  private record AtPoint(Work work, Ratio ratio) {}

  private final Curves curves;

  SpeedUps(Curves curves) {
    this.curves = curves;
  }

  /** Everybody against the baseline, the fastest first. */
  List<SpeedUp> againstBaseline() {
    return of(
        curves.rows().stream().filter(row -> !row.implementation().equals(Curves.BASELINE)).toList(),
        row -> curves.measured(row.work(), Curves.BASELINE));
  }

  /** Whoever is no peer against the fastest peer of each point, on as many threads of the same device. */
  List<SpeedUp> againstBestPeer() {
    return of(
        curves.rows().stream().filter(row -> !curves.isPeer(row) && row.work().elements() >= COUNTED).toList(),
        this::bestPeer);
  }

  /** One kernel against the fastest peer, point by point. */
  List<Lead> leads(Implementation kernel) {
    List<Lead> leads = new ArrayList<>();
    for (MeasuredRow row : curves.rows()) {
      MeasuredRow peer = row.implementation().equals(kernel) ? bestPeer(row) : null;
      if (peer != null && row.time() != null && peer.time() != null) {
        leads.add(new Lead(row, peer, Ratio.of(peer.time(), row.time())));
      }
    }
    return leads;
  }

  /** How many times faster than the baseline the row is; NaN where one of them was not measured. */
  double againstBaseline(MeasuredRow row) {
    MeasuredRow baseline = curves.measured(row.work(), Curves.BASELINE);
    return baseline == null ? Double.NaN : row.elementsPerSecond() / baseline.elementsPerSecond();
  }

  /** The fastest peer at the row's point, on as many threads of the same device; null where none was measured. */
  private @Nullable MeasuredRow bestPeer(MeasuredRow row) {
    return curves.rows().stream()
        .filter(peer -> peer.time() != null && curves.isPeer(peer) && peer.work().equals(row.work()))
        .filter(peer -> peer.implementation().device().equals(row.implementation().device()))
        .filter(peer -> peer.implementation().threads() == row.implementation().threads())
        .max(Comparator.comparingDouble(MeasuredRow::elementsPerSecond))
        .orElse(null);
  }

  private List<SpeedUp> of(List<MeasuredRow> rows, Function<MeasuredRow, @Nullable MeasuredRow> other) {
    List<SpeedUp> speedUps = new ArrayList<>();
    for (Implementation implementation : curves.implementations()) {
      List<AtPoint> ratios = new ArrayList<>();
      for (MeasuredRow row : rows) {
        MeasuredRow slower = row.implementation().equals(implementation) ? other.apply(row) : null;
        if (slower != null && slower.time() != null && row.time() != null) {
          ratios.add(new AtPoint(row.work(), Ratio.of(slower.time(), row.time())));
        }
      }
      if (!ratios.isEmpty()) {
        speedUps.add(of(implementation, ratios));
      }
    }
    speedUps.sort(Comparator.comparingDouble(SpeedUp::mean).reversed());
    return speedUps;
  }

  private static SpeedUp of(Implementation implementation, List<AtPoint> ratios) {
    ratios.sort(Comparator.comparingDouble(point -> point.ratio().value()));
    AtPoint least = ratios.getFirst();
    return new SpeedUp(
        implementation,
        ratios.size(),
        Ratio.mean(ratios.stream().map(AtPoint::ratio).toList()).value(),
        least.ratio().value(),
        ratios.getLast().ratio().value(),
        least.work());
  }
}
