package org.lanewise.bench.gate;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lanewise.bench.gate.GateRecord.Entry;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.gate.statistics.Exact;
import org.lanewise.bench.gate.statistics.Exact.Interval;
import org.lanewise.bench.gate.statistics.Median;

/** The page of a record, for people: rates with their intervals. */
final class RecordPage {
  private RecordPage() {}

  static String of(List<Entry> entries) {
    StringBuilder text =
        new StringBuilder(
            """
            # How often the gate is wrong

            Verdicts of `./lanewise gate selftest`, where the right one is known, counted from `verdicts.csv`; the self-test
            writes this page. Intervals are Clopper and Pearson's, 95 %: the bad end is what may be claimed. A run is
            `quiet` where others used at most 5 % of the processors meanwhile, `busy` where they used more, \
            and `burners` where the
            self-test let threads of its own disturb it.
            """);
    List<Entry> aa = entries.stream().filter(Entry::isAa).toList();
    if (!aa.isEmpty()) {
      text.append("\n## Nothing changed: false alarms\n\n");
      text.append("| what was counted | number | slower | rate, 95 % interval | faster | inconclusive | unmeasured |\n");
      text.append("|---|---|---|---|---|---|---|\n");
      text.append(alarms("verdicts", aa));
      for (Map.Entry<String, List<Entry>> load : by(aa, Entry::load).entrySet()) {
        text.append(alarms("verdicts, " + load.getKey(), load.getValue()));
      }
      int widest = by(aa, Entry::run).values().stream().mapToInt(List::size).max().orElse(0);
      text.append(suites("runs of %d benchmarks".formatted(widest), aa, widest));
      for (Map.Entry<String, List<Entry>> load : by(aa, Entry::load).entrySet()) {
        text.append(suites("runs of %d, %s".formatted(widest, load.getKey()), load.getValue(), widest));
      }
      text.append(symmetry(aa));
    }
    List<Entry> work = entries.stream().filter(entry -> entry.injected().equals("work")).toList();
    if (!work.isEmpty()) {
      text.append("\n## More work in the loop: how often it is found\n\n");
      text.append("| more work | verdicts | found | rate, 95 % interval | | inconclusive | passed | ratio, median |\n");
      text.append("|---|---|---|---|---|---|---|---|\n");
      by(work, Entry::percent).forEach((percent, group) -> text.append(power(percent(percent), group)));
      text.append("\n![Share of slowdowns found, over their size](power.svg)\n");
      text.append("\nBy kernel and operation:\n\n");
      text.append("| kernel and operation | more work | verdicts | found | rate, 95 % interval |\n|---|---|---|---|---|\n");
      by(work, RecordPage::kernelAndOperation)
          .forEach(
              (name, group) ->
                  by(group, Entry::percent)
                      .forEach(
                          (percent, part) ->
                              text.append(
                                  "| %s | %s | %d | %d | %s |\n"
                                      .formatted(
                                          name,
                                          percent(percent),
                                          part.size(),
                                          count(part, Verdict.REGRESSED),
                                          rate(part.size(), count(part, Verdict.REGRESSED))))));
    }
    List<Entry> other =
        entries.stream().filter(entry -> !entry.isAa() && !entry.injected().equals("work")).toList();
    if (!other.isEmpty()) {
      text.append("\n## Other changes for the worse\n\n");
      text.append("| what | verdicts | found | rate, 95 % interval | | inconclusive | passed | ratio, median |\n");
      text.append("|---|---|---|---|---|---|---|---|\n");
      by(other, Entry::injected).forEach((what, group) -> text.append(power(what, group)));
    }
    if (!entries.isEmpty()) {
      text.append("\n## Machines\n\n| machine | verdicts | forks |\n|---|---|---|\n");
      by(entries, Entry::machine)
          .forEach(
              (machine, group) ->
                  text.append(
                      "| %s | %d | %d |\n"
                          .formatted(machine, group.size(), group.stream().mapToInt(Entry::forks).sum())));
    }
    return text.toString();
  }

  private static String alarms(String what, List<Entry> group) {
    int slower = count(group, Verdict.REGRESSED);
    int faster = count(group, Verdict.IMPROVED);
    return "| %s | %d | %d | %s | %d | %d | %d |\n"
        .formatted(
            what,
            group.size(),
            slower,
            rate(group.size(), slower),
            faster,
            count(group, Verdict.INCONCLUSIVE),
            count(group, Verdict.UNMEASURED));
  }

  /** Base and candidate are the same, so a gate that leans to one side is broken long before it gives a false alarm. */
  private static String symmetry(List<Entry> aa) {
    int above = (int) aa.stream().filter(entry -> entry.ratio() > 1).count();
    int below = (int) aa.stream().filter(entry -> entry.ratio() < 1).count();
    double p = Math.min(1, 2 * Exact.signTest(above + below, Math.max(above, below)));
    return String.format(
        Locale.ROOT,
        "\nThe ratio was above 1 in %d verdicts and below 1 in %d (sign test, two-sided: p = %.3f).\n",
        above,
        below,
        p);
  }

  /**
   * The same by run: one benchmark is enough to make a run red. Only the widest runs count, for one over fewer benchmarks has
   * fewer occasions to be red.
   */
  private static String suites(String what, List<Entry> group, int benchmarks) {
    Collection<List<Entry>> runs =
        by(group, Entry::run).values().stream().filter(run -> run.size() == benchmarks).toList();
    if (runs.isEmpty()) {
      return "";
    }
    int red = runsWith(runs, Verdict.REGRESSED);
    return "| %s | %d | %d | %s | %d | %d | %d |\n"
        .formatted(
            what,
            runs.size(),
            red,
            rate(runs.size(), red),
            runsWith(runs, Verdict.IMPROVED),
            runsWith(runs, Verdict.INCONCLUSIVE),
            runsWith(runs, Verdict.UNMEASURED));
  }

  private static int runsWith(Collection<List<Entry>> runs, Verdict verdict) {
    return (int) runs.stream().filter(run -> count(run, verdict) > 0).count();
  }

  private static String power(String what, List<Entry> group) {
    int found = count(group, Verdict.REGRESSED);
    double[] ratios = group.stream().mapToDouble(Entry::ratio).filter(Double::isFinite).toArray();
    int blocks = (int) Math.round(20.0 * found / group.size());
    return "| %s | %d | %d | %s | %s | %d | %d | %s |\n"
        .formatted(
            what,
            group.size(),
            found,
            rate(group.size(), found),
            "`" + "█".repeat(blocks) + "·".repeat(20 - blocks) + "`",
            count(group, Verdict.INCONCLUSIVE),
            count(group, Verdict.PASS),
            ratios.length == 0 ? "" : String.format(Locale.ROOT, "%.3f", Median.of(ratios)));
  }

  /** {@code 1.20 % (0.40 to 2.81)}. */
  private static String rate(int n, int k) {
    Interval interval = Exact.clopperPearson(n, k);
    return String.format(
        Locale.ROOT, "%.2f %% (%.2f to %.2f)", 100.0 * k / n, 100 * interval.low(), 100 * interval.high());
  }

  static String percent(double percent) {
    return String.format(Locale.ROOT, percent == Math.rint(percent) ? "%.0f %%" : "%s %%", percent);
  }

  private static String kernelAndOperation(Entry entry) {
    return entry.benchmark().split("/", 3)[0] + " " + entry.benchmark().split("/", 3)[1];
  }

  static int count(List<Entry> group, Verdict verdict) {
    return (int) group.stream().filter(entry -> entry.verdict() == verdict).count();
  }

  static <K extends Comparable<K>> Map<K, List<Entry>> by(List<Entry> entries, Function<Entry, K> key) {
    return entries.stream().collect(Collectors.groupingBy(key, TreeMap::new, Collectors.toList()));
  }
}
