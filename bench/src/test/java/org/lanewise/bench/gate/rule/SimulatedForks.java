package org.lanewise.bench.gate.rule;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.grid.Work;

/**
 * A machine that is noisy in known ways. The sizes are those measured with real kernels on a shared machine of two
 * cores: the fork decides more than the round, a block in twenty takes more than twice its time, a fork in twenty is off
 * by 2 to 14 % for no reason, and absolute times of forks vary by a fifth.
 */
public final class SimulatedForks {
  static final PairedBenchmark BENCHMARK =
      new PairedBenchmark(
          "vector", new Work("bce_with_logits", "float32", "binary", 1024, 1, "mean", "forward", "normal"));

  /** Rounds of a simulated fork: their median is as uncertain as that of 150 rounds whose blocks vary by 3.3 %. */
  public static final int ROUNDS = 31;

  private static final double BLOCK_SD = 0.015;
  private static final double SPIKES = 0.05;

  /** What is odd about a fork. */
  public interface ForkNoise {
    /** Changes a fork's base and candidate, given as logarithms of their times. */
    void apply(double[] logTimes, SplittableRandom random);
  }

  /** The luck of one build over the other: a normal deviate. */
  public static ForkNoise scatter(double sd) {
    return (times, random) -> times[1] += sd * random.nextGaussian();
  }

  /** A share of forks is off by 2 to 14 % to either side; the others scatter little. */
  public static ForkNoise strays(double share) {
    return (times, random) -> {
      times[1] += 0.005 * random.nextGaussian();
      if (random.nextDouble() < share) {
        times[random.nextInt(2)] += Math.log(1.02 + 0.12 * random.nextDouble());
      }
    };
  }

  /** Each build lands in a mode that is twice as slow, with a probability of its own. */
  public static ForkNoise modes(double base, double candidate) {
    return (times, random) -> {
      scatter(0.005).apply(times, random);
      times[0] += random.nextDouble() < base ? Math.log(2) : 0;
      times[1] += random.nextDouble() < candidate ? Math.log(2) : 0;
    };
  }

  /** In each fork exactly one of the builds is slow: the luck of one is the bad luck of the other. */
  public static ForkNoise eitherIsSlow() {
    return (times, random) -> {
      scatter(0.005).apply(times, random);
      times[random.nextInt(2)] += Math.log(2);
    };
  }

  /** Forks as they were measured, in {@code measured-forks.txt}: any of them, with its sign or the other. */
  public static ForkNoise measured() {
    double[] deviations;
    try (InputStream stream = SimulatedForks.class.getResourceAsStream("measured-forks.txt")) {
      deviations =
          new String(Objects.requireNonNull(stream).readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#"))
              .flatMap(line -> Arrays.stream(line.split(" ")).skip(1))
              .mapToDouble(percent -> Double.parseDouble(percent) / 100)
              .toArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return (times, random) ->
        times[1] += deviations[random.nextInt(deviations.length)] * (random.nextBoolean() ? 1 : -1);
  }

  private final ForkNoise noise;
  private final double slowdown;
  private final int rounds;
  private final SplittableRandom random;

  /** A candidate that is slower by the given share than its base, in forks of so many rounds. */
  public SimulatedForks(ForkNoise noise, double slowdown, int rounds, long seed) {
    this.noise = noise;
    this.slowdown = slowdown;
    this.rounds = rounds;
    this.random = new SplittableRandom(seed);
  }

  PairedRounds fork() {
    double[] logTimes = {Math.log(1000), Math.log(1000 * (1 + slowdown))};
    noise.apply(logTimes, random);
    double machine = 0.19 * random.nextGaussian();
    double drift = 0.2 * (random.nextDouble() - 0.5) / rounds;
    double[] base = new double[rounds];
    double[] candidate = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      base[i] = Math.exp(logTimes[0] + machine + drift * i) * block();
      candidate[i] = Math.exp(logTimes[1] + machine + drift * (i + 0.5)) * block();
    }
    return new PairedRounds(base, candidate);
  }

  private double block() {
    double spike = random.nextDouble() < SPIKES ? 2 + 3 * random.nextDouble() : 1;
    return Math.exp(BLOCK_SD * random.nextGaussian()) * spike;
  }

  List<PairedRounds> forks(int count) {
    List<PairedRounds> forks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      forks.add(fork());
    }
    return forks;
  }

  /** A whole comparison, with all the forks that the rule asks for. */
  public Comparison comparison() {
    Comparison comparison = of(forks(Judge.FIRST_FORKS), List.of());
    for (int more; (more = Judge.moreForks(comparison, Threshold.DEFAULT)) > 0; ) {
      List<PairedRounds> confirmation = new ArrayList<>(comparison.confirmation());
      confirmation.addAll(forks(more));
      comparison = of(comparison.first(), confirmation);
    }
    return comparison;
  }

  static Comparison of(List<PairedRounds> first, List<PairedRounds> confirmation) {
    return new Comparison(BENCHMARK, first, confirmation, 0, 0, true, 0, null);
  }

  /** How often each verdict is given, and how many forks it took. */
  Shares judge(int comparisons) {
    int[] counts = new int[Verdict.values().length];
    long forks = 0;
    for (int i = 0; i < comparisons; i++) {
      Comparison comparison = comparison();
      counts[Judge.of(comparison, Threshold.DEFAULT, 40).verdict().ordinal()]++;
      forks += comparison.first().size() + comparison.confirmation().size();
    }
    return new Shares(comparisons, counts, (double) forks / comparisons);
  }

  record Shares(int comparisons, int[] counts, double forks) {
    int count(Verdict verdict) {
      return counts[verdict.ordinal()];
    }

    double of(Verdict verdict) {
      return (double) count(verdict) / comparisons;
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder("%.1f forks".formatted(forks));
      for (Verdict verdict : Verdict.values()) {
        text.append(", %s %.4f".formatted(verdict, of(verdict)));
      }
      return text.toString();
    }
  }
}
