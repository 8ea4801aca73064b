package org.lanewise.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * A target whose inputs may cost no more than they should: beside undocumented exceptions, an input that takes long or needs
 * much memory is a finding. What never returns is left to the time limit of whoever runs this.
 */
public final class Limits implements Target {
  /** Of the thread's own CPU time, so that a busy machine is no finding. Ordinary inputs take less than a millisecond. */
  private static final long MOST_NANOS = 3_000_000_000L;

  /** Allocated in all, mostly garbage. Ordinary inputs take some hundred KB. */
  private static final long MOST_BYTES = 96L << 20;

  private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Target target;

  /**
   * Watches a target, which has to take in its own valid inputs first: that loads classes.
   *
   * @param target what is watched
   */
  public Limits(Target target) throws Exception {
    this.target = target;
    for (byte[] valid : target.seeds()) {
      target.feed(valid);
    }
  }

  @Override
  public void feed(byte[] input) throws Exception {
    long nanos = THREAD.getCurrentThreadCpuTime();
    long bytes = THREAD.getCurrentThreadAllocatedBytes();
    target.feed(input);
    bytes = THREAD.getCurrentThreadAllocatedBytes() - bytes;
    nanos = THREAD.getCurrentThreadCpuTime() - nanos;
    if (nanos > MOST_NANOS) {
      throw new AssertionError("The input took %d ms of CPU time.".formatted(nanos / 1_000_000));
    }
    if (bytes > MOST_BYTES) {
      throw new AssertionError("The input took %d MiB of memory.".formatted(bytes >> 20));
    }
  }

  @Override
  public List<byte[]> seeds() throws Exception {
    return target.seeds();
  }

  @Override
  public List<String> words() {
    return target.words();
  }
}
