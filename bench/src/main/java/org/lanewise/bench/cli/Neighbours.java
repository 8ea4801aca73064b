package org.lanewise.bench.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the rest of the machine did since a moment: Linux counts the ticks of all processors and those of this process with the
 * children that have ended, and the difference is somebody else's.
 */
final class Neighbours {
  /** Below this share of all processors nothing but the system's own chores ran. */
  private static final double CHORES = 0.05;

  private record Ticks(long all, long busy, long own) {}

  private final @Nullable Ticks begin = read();

  /** {@code quiet}, {@code busy}, or {@code unwatched} where that cannot be told. */
  String described() {
    Ticks end = read();
    if (begin == null || end == null || end.all <= begin.all) {
      return "unwatched";
    }
    double others = (double) (end.busy - begin.busy - (end.own - begin.own)) / (end.all - begin.all);
    return others > CHORES ? "busy" : "quiet";
  }

  private static @Nullable Ticks read() {
    try {
      String line = Files.readAllLines(Path.of("/proc/stat")).getFirst();
      // user, nice, system, idle, iowait, irq, softirq, steal
      long[] machine = Arrays.stream(line.split("\\s+")).skip(1).limit(8).mapToLong(Long::parseLong).toArray();
      long all = Arrays.stream(machine).sum();
      String self = Files.readString(Path.of("/proc/self/stat"));
      // After the name, which may hold blanks: the state is field 3, the four times of this process and its children 14 to 17.
      String[] fields = self.substring(self.lastIndexOf(')') + 2).split(" ");
      long own = Arrays.stream(fields, 11, 15).mapToLong(Long::parseLong).sum();
      return new Ticks(all, all - machine[3] - machine[4], own);
    } catch (IOException | RuntimeException e) {
      return null; // another system
    }
  }
}
