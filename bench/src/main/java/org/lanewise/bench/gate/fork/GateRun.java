package org.lanewise.bench.gate.fork;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.Judge;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.gate.rule.Threshold;
import org.lanewise.bench.grid.Work;

/**
 * Measures benchmarks on two builds: five forks each, spread over the whole run, so that a bad minute of the machine touches
 * every benchmark once; then as many fresh forks as the rule asks for.
 */
public final class GateRun {
  /** The benchmarks of a fork: they run the same code of the kernel, which is so compiled once for all of them. */
  private record Group(String kernel, String operation, String dtype, String target, String reduction, String direction) {
    static Group of(PairedBenchmark benchmark) {
      Work work = benchmark.work();
      return new Group(
          benchmark.kernel(), work.operation(), work.dtype(), work.target(), work.reduction(), work.direction());
    }
  }

  /** What one benchmark has so far. */
  private static final class Facts {
    final List<ForkResult> first = new ArrayList<>();
    final List<ForkResult> confirmation = new ArrayList<>();
    @Nullable String problem;

    Comparison comparison(PairedBenchmark benchmark) {
      List<ForkResult> all = new ArrayList<>(first);
      all.addAll(confirmation);
      return new Comparison(
          benchmark,
          first.stream().map(ForkResult::rounds).toList(),
          confirmation.stream().map(ForkResult::rounds).toList(),
          median(all, ForkResult::baseAllocated),
          median(all, ForkResult::candidateAllocated),
          all.stream().allMatch(ForkResult::sameBits),
          (int) all.stream().filter(fork -> !fork.steady()).count(),
          problem);
    }

    /** Of forks, the lower median: a JVM in which the compiler happened to give up is no property of the build. */
    private static long median(List<ForkResult> forks, Function<ForkResult, Long> value) {
      List<Long> sorted = forks.stream().map(value).sorted().toList();
      return sorted.isEmpty() ? 0 : sorted.get((sorted.size() - 1) / 2);
    }
  }

  /** Is told what happens. */
  public interface Progress {
    /**
     * A fork begins.
     *
     * @param fork counted from 1
     * @param total as many as are known to be needed
     * @param what the benchmarks in it, for people
     * @param left the time that is probably left
     */
    void fork(int fork, int total, String what, Duration left);
  }

  /** What a fork takes, before one was seen. */
  private static final Duration EXPECTED = Duration.ofSeconds(4);

  private final ForkRunner forks;
  private final Function<PairedBenchmark, Threshold> thresholds;
  private final Random random;
  private final Progress progress;
  private final long begin = System.nanoTime();
  private int done;

  /**
   * A run.
   *
   * @param log receives what JMH and the forks print
   * @param limit how long a fork may take for each benchmark before it counts as hung
   * @param thresholds by which it is decided what needs more forks
   * @param seed of the order of benchmarks and blocks
   */
  public GateRun(
      Path base,
      Path candidate,
      Path log,
      Duration limit,
      Function<PairedBenchmark, Threshold> thresholds,
      long seed,
      Progress progress) {
    this.forks = new ForkRunner(base, candidate, log, limit);
    this.thresholds = thresholds;
    this.random = new Random(seed);
    this.progress = progress;
  }

  /**
   * Measures benchmarks; gives the comparisons in the given order.
   *
   * @param confirm whether to run the fresh forks that the rule asks for
   */
  public List<Comparison> run(List<PairedBenchmark> benchmarks, boolean confirm) {
    Map<PairedBenchmark, Facts> facts = new LinkedHashMap<>();
    benchmarks.forEach(benchmark -> facts.put(benchmark, new Facts()));
    for (int fork = 0; fork < Judge.FIRST_FORKS; fork++) {
      Collection<List<PairedBenchmark>> groups = groups(measurable(facts));
      runGroups(groups, facts, false, groups.size() * (Judge.FIRST_FORKS - fork));
    }
    Map<PairedBenchmark, Integer> wanted = confirm ? wanted(facts) : new LinkedHashMap<>();
    while (!wanted.isEmpty() && !forks.isStopped()) {
      int most = Collections.max(wanted.values());
      for (int fork = 0; fork < most; fork++) {
        int index = fork;
        List<PairedBenchmark> now =
            measurable(facts).stream().filter(benchmark -> wanted.getOrDefault(benchmark, 0) > index).toList();
        Collection<List<PairedBenchmark>> groups = groups(now);
        runGroups(groups, facts, true, groups.size() * (most - fork));
      }
      wanted.clear();
      wanted.putAll(wanted(facts));
    }
    return facts.entrySet().stream().map(entry -> entry.getValue().comparison(entry.getKey())).toList();
  }

  /** Ends the run early, from another thread. */
  public void stop() {
    forks.stop();
  }

  private Map<PairedBenchmark, Integer> wanted(Map<PairedBenchmark, Facts> facts) {
    Map<PairedBenchmark, Integer> wanted = new LinkedHashMap<>();
    facts.forEach(
        (benchmark, known) -> {
          int more =
              known.problem == null ? Judge.moreForks(known.comparison(benchmark), thresholds.apply(benchmark)) : 0;
          if (more > 0) {
            wanted.put(benchmark, more);
          }
        });
    return wanted;
  }

  private static List<PairedBenchmark> measurable(Map<PairedBenchmark, Facts> facts) {
    return facts.entrySet().stream().filter(one -> one.getValue().problem == null).map(Map.Entry::getKey).toList();
  }

  private Collection<List<PairedBenchmark>> groups(List<PairedBenchmark> benchmarks) {
    List<PairedBenchmark> shuffled = new ArrayList<>(benchmarks);
    Collections.shuffle(shuffled, random);
    return shuffled.stream().collect(Collectors.groupingBy(Group::of, LinkedHashMap::new, Collectors.toList())).values();
  }

  private void runGroups(
      Collection<List<PairedBenchmark>> groups, Map<PairedBenchmark, Facts> facts, boolean confirm, int known) {
    int left = known;
    for (List<PairedBenchmark> group : groups) {
      if (forks.isStopped()) {
        return;
      }
      Duration each = done == 0 ? EXPECTED : Duration.ofNanos((System.nanoTime() - begin) / done);
      String step = "%s %s".formatted(confirm ? "confirming" : "comparing", name(group));
      progress.fork(done + 1, done + left, step, each.multipliedBy(left));
      Map<PairedBenchmark, ForkRunner.Outcome> outcomes = forks.run(group, random.nextLong());
      outcomes.forEach(
          (benchmark, outcome) -> {
            Facts one = Objects.requireNonNull(facts.get(benchmark));
            if (outcome.result() != null) {
              (confirm ? one.confirmation : one.first).add(outcome.result());
            } else {
              one.problem = outcome.problem();
            }
          });
      done++;
      left--;
    }
  }

  private static String name(List<PairedBenchmark> group) {
    PairedBenchmark first = group.getFirst();
    return "%s %s %s".formatted(first.kernel(), first.work().operation(), first.work().direction());
  }
}
