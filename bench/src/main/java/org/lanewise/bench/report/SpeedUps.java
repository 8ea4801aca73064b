package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.Ratio;

/**
 * How many times faster implementations are than something else on the same machine, over the points that both
 * measured.
 */
final class SpeedUps {
  /** Below so many logits a call is mostly dispatch, which a mean is not about. */
  static final int COUNTED = 1024;

  /**
   * One implementation's ratios.
   *
   * @param points how many points both measured
   * @param mean geometric mean of the ratios
   * @param worst the point of the least ratio
   */
  record SpeedUp(Who who, int points, double mean, double least, double most, Work worst) {}

  /** How many times faster than the fastest peer a row is, and which that is. */
  record Lead(Measured row, Measured peer, Ratio ratio) {}

  private record AtPoint(Work work, Ratio ratio) {}

  private final Curves curves;

  SpeedUps(Curves curves) {
    this.curves = curves;
  }

  /** Everybody against the baseline, the fastest first. */
  List<SpeedUp> againstBaseline() {
    return of(row -> !row.implementation().equals(Curves.BASELINE), this::baseline);
  }

  /** Whoever is no peer against the fastest peer of each point, on as many threads of the same device. */
  List<SpeedUp> againstBestPeer() {
    return of(row -> !row.peer(), this::bestPeer);
  }

  /** One kernel against the fastest peer, point by point. */
  List<Lead> leads(Implementation kernel) {
    List<Lead> leads = new ArrayList<>();
    for (Measured row : curves.rows()) {
      Measured peer = row.implementation().equals(kernel) ? bestPeer(row) : null;
      if (peer != null && row.time() != null && peer.time() != null) {
        leads.add(new Lead(row, peer, Ratio.of(peer.time(), row.time())));
      }
    }
    return leads;
  }

  /** How many times faster than the baseline the row is; NaN where one of them was not measured. */
  double againstBaseline(Measured row) {
    Measured baseline = baseline(row);
    return baseline == null ? Double.NaN : row.elementsPerSecond() / baseline.elementsPerSecond();
  }

  private @Nullable Measured baseline(Measured row) {
    return curves.measured(row.work(), row.who().beside(Curves.BASELINE));
  }

  /** The fastest peer at the row's point, on as many threads of that device of that machine; null without one. */
  private @Nullable Measured bestPeer(Measured row) {
    return curves.rows().stream()
        .filter(peer -> peer.time() != null && peer.peer() && peer.work().equals(row.work()))
        .filter(peer -> peer.who().cpu().equals(row.who().cpu()))
        .filter(peer -> peer.implementation().device().equals(row.implementation().device()))
        .filter(peer -> peer.implementation().threads() == row.implementation().threads())
        .max(Comparator.comparingDouble(Measured::elementsPerSecond))
        .orElse(null);
  }

  private List<SpeedUp> of(Predicate<Measured> counts, Function<Measured, @Nullable Measured> other) {
    List<Measured> rows =
        curves.rows().stream().filter(row -> counts.test(row) && row.work().elements() >= COUNTED).toList();
    List<SpeedUp> speedUps = new ArrayList<>();
    for (Who who : curves.who()) {
      List<AtPoint> ratios = new ArrayList<>();
      for (Measured row : rows) {
        Measured slower = row.who().equals(who) ? other.apply(row) : null;
        if (slower != null && slower.time() != null && row.time() != null) {
          ratios.add(new AtPoint(row.work(), Ratio.of(slower.time(), row.time())));
        }
      }
      if (!ratios.isEmpty()) {
        speedUps.add(of(who, ratios));
      }
    }
    speedUps.sort(Comparator.comparingDouble(SpeedUp::mean).reversed());
    return speedUps;
  }

  private static SpeedUp of(Who who, List<AtPoint> ratios) {
    ratios.sort(Comparator.comparingDouble(point -> point.ratio().value()));
    AtPoint least = ratios.getFirst();
    return new SpeedUp(
        who,
        ratios.size(),
        Ratio.mean(ratios.stream().map(AtPoint::ratio).toList()).value(),
        least.ratio().value(),
        ratios.getLast().ratio().value(),
        least.work());
  }
}
