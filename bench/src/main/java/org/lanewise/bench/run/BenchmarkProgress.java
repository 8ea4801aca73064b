package org.lanewise.bench.run;

import java.time.Duration;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;

/** Told by {@link BenchmarkRunner} how far it is. */
public interface BenchmarkProgress {
  /**
   * A measurement begins.
   *
   * @param index counted from 1
   * @param total of all measurements
   * @param work the point
   * @param kernel the kernel's id
   * @param left the time that this measurement and those after it are expected to take
   */
  void started(int index, int total, Work work, String kernel, Duration left);

  /** The measurement last started has ended, well or not. */
  void finished(MeasuredRow row);

  /** Tells nobody. */
  static BenchmarkProgress none() {
    return new BenchmarkProgress() {
      @Override
      public void started(int index, int total, Work work, String kernel, Duration left) {}

      @Override
      public void finished(MeasuredRow row) {}
    };
  }
}
