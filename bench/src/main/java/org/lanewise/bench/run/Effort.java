package org.lanewise.bench.run;

import java.time.Duration;
import org.lanewise.bench.grid.Work;
import org.lanewise.kernels.spi.Operation;

/**
 * How long each point is measured.
 *
 * <p>A sample is the mean of one iteration, so iterations are many and short rather than few and long: the spread of
 * ten says more than the spread of three. A fork is a JVM of its own; what differs between JVMs (the order of
 * compilation, where arrays lie) only several forks show.
 *
 * <p>What a fork has to be warmed up for is the JIT compiler: the kernel {@code vector} is compiled to the end after 0.9 to
 * 1.4 seconds, the others after 0.1 to 0.5. All get the same, so that none is measured earlier than another.
 *
 * @param forks JVMs started one after the other
 * @param warmupIterations iterations before those that count
 * @param warmupTime of each
 * @param iterations iterations that count
 * @param time of each
 */
public record Effort(int forks, int warmupIterations, Duration warmupTime, int iterations, Duration time) {
  private static final Duration WARM_UP = Duration.ofMillis(400);

  /** JMH's own part of a fork: starting the JVM, connecting. */
  private static final Duration FORK_OVERHEAD = Duration.ofMillis(600);

  /** Reading the stored logits of a trained model. */
  private static final Duration READING = Duration.ofMillis(500);

  /** Drawing a logit and its target, and touching their pages. */
  private static final double DRAWING_NS = 30;

  /** A logit's share of a call, in the mean over the kernels, of which the plain loop takes the longest by far. */
  private static final double BCE_NS = 8;

  private static final double CROSS_ENTROPY_NS = 3;

  /** The effort that fits the purpose of a preset; that of {@code default} for presets not known here. */
  public static Effort of(String preset) {
    return switch (preset) {
      case "check" -> new Effort(1, 3, WARM_UP, 10, Duration.ofMillis(100));
      case "quick" -> new Effort(1, 3, WARM_UP, 10, Duration.ofMillis(25));
      case "full" -> new Effort(3, 5, WARM_UP, 10, Duration.ofMillis(400));
      default -> new Effort(3, 3, WARM_UP, 10, Duration.ofMillis(50));
    };
  }

  /** The same with three times the warm-up. */
  Effort withLongerWarmup() {
    return new Effort(forks, 3 * warmupIterations, warmupTime, iterations, time);
  }

  /** The time that a point takes on one kernel, in the mean over the kernels. An iteration is at least one call. */
  public Duration expected(Work work) {
    boolean bce = work.operation().equals(Operation.BCE_WITH_LOGITS.id());
    Duration call = Duration.ofNanos((long) (work.elements() * (bce ? BCE_NS : CROSS_ENTROPY_NS)));
    return longer(warmupTime, call)
        .multipliedBy(warmupIterations)
        .plus(longer(time, call).multipliedBy(iterations))
        .plus(Duration.ofNanos((long) (work.elements() * DRAWING_NS)))
        .plus(work.data().equals("trained") ? READING : Duration.ZERO)
        .plus(FORK_OVERHEAD)
        .multipliedBy(forks);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }
}
