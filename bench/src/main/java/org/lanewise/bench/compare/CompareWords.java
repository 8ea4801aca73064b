package org.lanewise.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.lanewise.bench.compare.Crossover.Outcome;
import org.lanewise.bench.results.MeasuredRow.Implementation;

/** A comparison in sentences, for terminals and for pages. */
public final class CompareWords {
  /** Where no other device takes part. */
  public static final String NO_GPU =
      "No file holds measurements of a GPU, so nothing is said about one. On a machine that has one:";

  /** What makes such a file. */
  public static final String MEASURE_A_GPU = "python3 bench/gpu/pytorch_gpu.py --out gpu.json";

  private CompareWords() {}

  /** What tells those of a group apart: the transfer on a GPU, the threads on a CPU. */
  public static String shortName(Implementation who) {
    return who.device().equals("cpu") ? who.label() : who.transfer();
  }

  /**
   * Who overtakes a kernel and where, or that nobody does: a sentence for each of the others, and one for all that are
   * clearly slower at each of equally many batch sizes.
   *
   * @param base the kernel
   * @param outcomes what its curve and those of the others show, the others as they are to be named
   */
  public static List<String> sentences(Implementation base, Map<Implementation, Outcome> outcomes) {
    Map<Object, List<Implementation>> alike = new LinkedHashMap<>();
    outcomes.forEach(
        (who, outcome) ->
            alike
                .computeIfAbsent(isSlower(outcome) ? outcome.points() : who, _ -> new ArrayList<>())
                .add(who));
    return alike.values().stream()
        .map(
            who ->
                who.size() == 1
                    ? sentence(base, who.getFirst(), Objects.requireNonNull(outcomes.get(who.getFirst())))
                    : "%s overtakes %s %s."
                        .formatted(
                            nobody(who), base.label(), where(Objects.requireNonNull(outcomes.get(who.getFirst())))))
        .toList();
  }

  private static String sentence(Implementation base, Implementation other, Outcome outcome) {
    String who = shortName(other);
    String of = base.label();
    if (outcome.points() == 0) {
      return "%s and %s have no batch size in common.".formatted(who, of);
    }
    if (outcome.crossovers().isEmpty()) {
      String where = where(outcome);
      return switch (outcome.throughout()) {
        case -1 ->
            isSlower(outcome)
                ? "%s does not overtake %s %s.".formatted(who, of, where)
                : "%s is slower than %s at %d of the %d batch sizes measured, and clearly faster at none."
                    .formatted(who, of, outcome.clear(), outcome.points());
        case 1 ->
            outcome.clear() == outcome.points()
                ? "%s is faster than %s %s.".formatted(who, of, where)
                : "%s is faster than %s at %d of the %d batch sizes measured, and clearly slower at none."
                    .formatted(who, of, outcome.clear(), outcome.points());
        default -> "%s and %s: neither is clearly faster %s.".formatted(who, of, where);
      };
    }
    List<String> crossings = new ArrayList<>();
    for (Crossover crossover : outcome.crossovers()) {
      crossings.add(
          "%s from batch %s on (%s to %s)"
              .formatted(
                  crossover.secondWins() ? who : of,
                  rounded(crossover.batch()), rounded(crossover.low()), rounded(crossover.high())));
    }
    return "%s against %s: faster is %s.".formatted(who, of, String.join(", then ", crossings));
  }

  private static boolean isSlower(Outcome outcome) {
    return outcome.throughout() == -1 && outcome.clear() == outcome.points();
  }

  /** Two or more. */
  private static String nobody(List<Implementation> who) {
    List<String> names = who.stream().map(CompareWords::shortName).toList();
    return names.size() == 2
        ? "Neither %s nor %s".formatted(names.getFirst(), names.getLast())
        : "None of " + String.join(names.stream().anyMatch(name -> name.contains(",")) ? "; " : ", ", names);
  }

  private static String where(Outcome outcome) {
    return outcome.points() == 1
        ? "at the one batch size measured"
        : "at the %d batch sizes measured".formatted(outcome.points());
  }

  /** Interpolation between points a factor of four apart has two digits at best. */
  static String rounded(double batch) {
    double unit = Math.pow(10, Math.max(0, Math.floor(Math.log10(batch)) - 1));
    return String.format(Locale.ROOT, "%,.0f", Math.round(batch / unit) * unit);
  }
}
