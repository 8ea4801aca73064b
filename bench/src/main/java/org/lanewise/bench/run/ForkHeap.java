package org.lanewise.bench.run;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Units;

/** The heap of a fork, which has to hold the operands of a work, and how that heap behaves while something is timed. */
public final class ForkHeap {
  private static final long MIB = 1 << 20;

  /** For JMH, the classes and the reference data, and the young generation; measured to suffice, with room. */
  private static final long BESIDE_OPERANDS = 192 * MIB;

  /** What is left of the machine's memory for everything that is not a fork's heap. */
  private static final double USABLE_MEMORY = 0.8;

  private ForkHeap() {}

  /** The flags that a fork has beside those of the benchmark classes. */
  public static String[] flags(Work work) {
    long mib = bytes(work) / MIB;
    return new String[] {
      // A heap that neither grows nor shrinks while something is timed, its pages mapped before that.
      "-Xms" + mib + "m",
      "-Xmx" + mib + "m",
      "-XX:+AlwaysPreTouch",
      // A collector without threads of its own: nothing is allocated while something is timed, so it has nothing to
      // do, and on two cores a concurrent one could still get in the way. The operands go straight to the old
      // generation; a small young one leaves it the room.
      "-XX:+UseSerialGC",
      "-Xmn64m",
      // A method is compiled before it goes on: with the compiler on other threads, a warm-up counted in seconds could
      // end on a busy machine while the Vector API still runs in the interpreter.
      "-XX:-BackgroundCompilation",
      // Statistics for jstat, written to a mapped file: a write that stalls on the disk would stop every thread.
      "-XX:-UsePerfData"
    };
  }

  /** Why this machine cannot have it, in one sentence; null where it can. */
  static @Nullable String lacking(Work work) {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    if (system == null || bytes(work) <= system.getTotalMemorySize() * USABLE_MEMORY) {
      return null;
    }
    return "This point needs a heap of %d MiB and the machine has %d MiB; choose smaller points with --batch."
        .formatted(bytes(work) / MIB, system.getTotalMemorySize() / MIB);
  }

  private static long bytes(Work work) {
    return Units.bytes(work) + BESIDE_OPERANDS;
  }
}
