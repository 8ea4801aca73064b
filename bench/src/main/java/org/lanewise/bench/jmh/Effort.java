package org.lanewise.bench.jmh;

import java.time.Duration;

/**
 * How long each point is measured.
 *
 * <p>A sample is the mean of one iteration, so iterations are many and short rather than few and long: the spread of
 * ten says more than the spread of three. A fork is a JVM of its own; what differs between JVMs (the order of
 * compilation, where arrays lie) only several forks show.
 *
 * @param forks JVMs started one after the other
 * @param warmupIterations iterations before those that count
 * @param warmupTime of each
 * @param iterations iterations that count
 * @param time of each
 */
public record Effort(int forks, int warmupIterations, Duration warmupTime, int iterations, Duration time) {
  /** JMH's own part of a fork: starting the JVM, connecting, drawing the inputs. */
  private static final Duration FORK_OVERHEAD = Duration.ofMillis(500);

  /** The effort that fits the purpose of a preset; that of {@code default} for presets not known here. */
  public static Effort of(String preset) {
    return switch (preset) {
      // 24 measurements within 80 seconds. The vector kernels take about a second to be compiled to the end.
      case "check" -> new Effort(1, 3, Duration.ofMillis(400), 10, Duration.ofMillis(100));
      // 76 measurements in some three minutes.
      case "quick" -> new Effort(1, 3, Duration.ofMillis(400), 10, Duration.ofMillis(50));
      case "full" -> new Effort(3, 5, Duration.ofMillis(400), 10, Duration.ofMillis(400));
      default -> new Effort(3, 5, Duration.ofMillis(400), 10, Duration.ofMillis(200));
    };
  }

  /** The same with three times the warm-up. */
  Effort withLongerWarmup() {
    return new Effort(forks, 3 * warmupIterations, warmupTime, iterations, time);
  }

  /** The time that one point takes on one kernel, where a call is short against an iteration. */
  public Duration expected() {
    return warmupTime
        .multipliedBy(warmupIterations)
        .plus(time.multipliedBy(iterations))
        .plus(FORK_OVERHEAD)
        .multipliedBy(forks);
  }
}
