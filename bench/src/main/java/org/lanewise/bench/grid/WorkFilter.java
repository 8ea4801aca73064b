package org.lanewise.bench.grid;

import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lanewise.bench.UserError;

/**
 * The part of a preset that a user asks for. An empty list asks for every value.
 *
 * <p>A value that no point has is an error and not an empty result: a misspelt name must never look like a run in which
 * nothing went wrong.
 *
 * @param operations wanted operations
 * @param dtypes wanted dtypes
 * @param batches wanted batch sizes
 * @param classes wanted numbers of classes
 * @param data wanted kinds of data
 */
public record WorkFilter(
    List<String> operations, List<String> dtypes, List<Integer> batches, List<Integer> classes, List<String> data) {

  /** Asks for everything. */
  public static final WorkFilter ALL = new WorkFilter(List.of(), List.of(), List.of(), List.of(), List.of());

  /** The points of the preset that match in every respect, in its order; at least one. */
  public List<Work> apply(Grid.Preset preset) {
    List<Work> points = preset.points();
    points = keep(points, preset, "--operation", operations, Work::operation);
    points = keep(points, preset, "--dtype", dtypes, Work::dtype);
    points = keep(points, preset, "--classes", classes, Work::classes);
    points = keep(points, preset, "--data", data, Work::data);
    return keep(points, preset, "--batch", batches, Work::batch);
  }

  private static <T extends Comparable<T>> List<Work> keep(
      List<Work> points, Grid.Preset preset, String option, List<T> wanted, Function<Work, T> value) {
    if (wanted.isEmpty()) {
      return points;
    }
    TreeSet<T> known = points.stream().map(value).collect(Collectors.toCollection(TreeSet::new));
    for (T one : wanted) {
      if (!known.contains(one)) {
        throw UserError.usage(
            "%s %s matches none of the %d points that the other options leave of preset '%s'; choose from %s."
                .formatted(
                    option,
                    one,
                    points.size(),
                    preset.name(),
                    known.stream().map(Objects::toString).collect(Collectors.joining(", "))));
      }
    }
    return points.stream().filter(work -> wanted.contains(value.apply(work))).toList();
  }
}
