package org.lanewise.bench.run;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.profile.LinuxPerfNormProfiler;
import org.openjdk.jmh.profile.Profiler;
import org.openjdk.jmh.profile.ProfilerException;

/** What JMH can observe in a fork beside the time. */
public final class Profilers {
  /** Counts what a call allocates, outside the timed part. */
  private static final List<Class<? extends Profiler>> ALWAYS = List.of(GCProfiler.class);

  private Profilers() {}

  /** What is always observed. */
  public static List<Class<? extends Profiler>> always() {
    return ALWAYS;
  }

  /**
   * All that this machine has: also the processor's own counters a call, read through perf.
   *
   * @param absent told in one sentence what the machine does not have
   */
  public static List<Class<? extends Profiler>> here(Consumer<String> absent) {
    List<Class<? extends Profiler>> profilers = new ArrayList<>(ALWAYS);
    try {
      new LinuxPerfNormProfiler(""); // tries perf
      profilers.add(LinuxPerfNormProfiler.class);
    } catch (ProfilerException e) {
      absent.accept(
          "The profiler perfnorm cannot run here and is left out: %s Install Linux perf and allow its use."
              .formatted(String.valueOf(e.getMessage()).strip().replaceAll("\\s+", " ")));
    }
    return List.copyOf(profilers);
  }
}
