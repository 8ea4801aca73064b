package org.lanewise.bench.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Time;

/**
 * A batch size at which one implementation overtakes another, found between measured points and never beyond them.
 *
 * <p>With d = ln(time of the first / time of the second), the second is faster where d is above 0. Between two measured
 * batch sizes d is taken to be linear in the logarithm of the batch. The samples leave room for d, from the first's 5th
 * percentile over the second's 95th to the reverse; only where that room lies on one side of 0 is it clear who is faster.
 * A crossover is claimed where it is clear on both sides of it for different implementations: curves that touch within
 * their spread, and that part again the way they came, do not cross.
 *
 * @param batch where the medians cross; where they do so several times before it is clear, the middle of the first and last
 * @param low up to here it is clear that the one from before is faster
 * @param high from here on it is clear that the other one is faster
 * @param secondWins whether the second is faster from here on, otherwise the first
 */
public record Crossover(double batch, double low, double high, boolean secondWins) {
  /**
   * What two curves show over the batch sizes that both have.
   *
   * @param points how many batch sizes both have
   * @param clear at how many of them it is clear who is faster
   * @param crossovers by ascending batch
   * @param throughout who is faster at every one of the points where that is clear: −1 the first, 1 the second; 0 where it is
   *     clear at none, or where they take turns
   */
  public record Outcome(int points, int clear, List<Crossover> crossovers, int throughout) {}

  /** A measured point of both curves. */
  private record Point(double logBatch, double low, double d, double high) {
    static Point of(MeasuredRow first, MeasuredRow second) {
      Time a = Objects.requireNonNull(first.time());
      Time b = Objects.requireNonNull(second.time());
      return new Point(
          Math.log(first.work().batch()),
          Math.log(a.low() / b.high()),
          Math.log(a.median() / b.median()),
          Math.log(a.high() / b.low()));
    }

    /** Who is faster: −1 the first, 1 the second, 0 if that is not clear. */
    int clear() {
      return low > 0 ? 1 : high < 0 ? -1 : 0;
    }
  }

  private interface Bound {
    double of(Point point);
  }

  /**
   * Compares two curves.
   *
   * @param first measured rows that differ in the batch alone, each batch once
   * @param second the same work, done by another
   */
  public static Outcome between(List<MeasuredRow> first, List<MeasuredRow> second) {
    List<Point> points = new ArrayList<>();
    for (MeasuredRow row : first) {
      second.stream()
          .filter(other -> other.work().equals(row.work()) && row.time() != null && other.time() != null)
          .forEach(other -> points.add(Point.of(row, other)));
    }
    points.sort((a, b) -> Double.compare(a.logBatch, b.logBatch));

    List<Crossover> crossovers = new ArrayList<>();
    int clearPoints = 0;
    int clearBefore = -1; // the last point where it was clear
    for (int i = 0; i < points.size(); i++) {
      int clear = points.get(i).clear();
      if (clear != 0) {
        if (clearBefore >= 0 && points.get(clearBefore).clear() != clear) {
          crossovers.add(crossing(points.subList(clearBefore, i + 1), clear > 0));
        }
        clearBefore = i;
        clearPoints++;
      }
    }
    int throughout = crossovers.isEmpty() && clearBefore >= 0 ? points.get(clearBefore).clear() : 0;
    return new Outcome(points.size(), clearPoints, List.copyOf(crossovers), throughout);
  }

  /** Between a point that is clear one way and one that is clear the other way, none between them being clear. */
  private static Crossover crossing(List<Point> points, boolean secondWins) {
    List<Double> medians = zeros(points, Point::d);
    List<Double> lows = zeros(points, Point::low);
    List<Double> highs = zeros(points, Point::high);
    // What favours the winner crosses first, what favours the other one last.
    double earliest = secondWins ? highs.getFirst() : lows.getFirst();
    double latest = secondWins ? lows.getLast() : highs.getLast();
    return new Crossover(
        Math.exp((medians.getFirst() + medians.getLast()) / 2), Math.exp(earliest), Math.exp(latest), secondWins);
  }

  private static List<Double> zeros(List<Point> points, Bound bound) {
    List<Double> zeros = new ArrayList<>();
    for (int i = 1; i < points.size(); i++) {
      zero(points.get(i - 1), points.get(i), bound).ifPresent(zeros::add);
    }
    return zeros;
  }

  private static OptionalDouble zero(Point left, Point right, Bound bound) {
    double a = bound.of(left);
    double b = bound.of(right);
    if (a <= 0 == b <= 0) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(left.logBatch + (right.logBatch - left.logBatch) * (a / (a - b)));
  }
}
