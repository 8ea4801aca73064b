package org.lanewise.bench.run;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.lanewise.bench.UserError;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;

/** Starts JMH, of which one run at a time holds the machine's lock, and says in one sentence what went wrong. */
public final class Jmh {
  /** How long another JMH run is waited for. */
  public static final Duration OTHER_RUN = Duration.ofMinutes(10);

  private static final Pattern THROWN = Pattern.compile("(?m)^(?:Caused by: )?(?:[a-z]\\w*\\.)+([A-Z]\\w*): (.+)$");
  private static final Pattern JVM_FAULT = Pattern.compile("(?m)^<(forked VM failed .*|.*timed out.*)>$");

  private Jmh() {}

  /**
   * Starts JMH; while another JMH run holds its lock, again and again.
   *
   * @param patience how long to wait for the other run
   * @param stop ends the waiting
   * @param begin told before each attempt
   * @throws RunnerException if JMH does not start, for whatever reason
   */
  public static Collection<RunResult> runWhenFree(
      Runner runner, Duration patience, BooleanSupplier stop, Runnable begin) throws RunnerException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        begin.run();
        return runner.run();
      } catch (RunnerException e) {
        if (!isLocked(e) || stop.getAsBoolean() || System.nanoTime() - end >= 0) {
          throw e;
        }
        LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
      }
    }
  }

  /** Whether JMH did not start because another JMH run holds its lock. */
  private static boolean isLocked(RunnerException e) {
    return String.valueOf(e.getMessage()).contains("lock");
  }

  /** What to say where JMH itself does not start. */
  public static UserError notStarted(RunnerException e) {
    String message = String.valueOf(e.getMessage());
    return UserError.environment(
        isLocked(e)
            ? "Another JMH run holds %s; two at a time would measure each other, so wait until it has ended."
                .formatted(Path.of(System.getProperty("java.io.tmpdir"), "jmh.lock"))
            : "JMH does not start: %s".formatted(message.strip()));
  }

  /**
   * What went wrong in a fork, from what JMH printed of it, in one sentence.
   *
   * @param log where the rest stands
   */
  public static String failure(String said, Path log) {
    List<String> thrown =
        THROWN.matcher(said).results().map(match -> "%s (%s)".formatted(match.group(2), match.group(1))).toList();
    String cause =
        thrown.isEmpty()
            ? JVM_FAULT.matcher(said).results().map(MatchResult::group).findFirst().orElse("no result")
            : thrown.getLast();
    return "The JVM that measured failed: %s; see %s.".formatted(cause, log);
  }
}
