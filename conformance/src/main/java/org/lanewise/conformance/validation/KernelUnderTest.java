package org.lanewise.conformance.validation;

import java.util.List;
import java.util.Optional;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.kernels.spi.KernelProvider;

/** A provider whose kernels are under test: in this JVM, or in a process of its own. */
public interface KernelUnderTest extends AutoCloseable {
  /** Its kernels. A call that does not return, in a process of its own, throws a sentence that says what happened. */
  KernelProvider provider();

  /**
   * Makes calls again and again: one after the other, or each on a thread of its own, all at once.
   *
   * @param calls made before; they hold the results that are expected, and stay as they are
   * @param times how often again
   * @return empty where the implementation offers no way
   */
  Optional<Repetition> repeat(List<KernelCall> calls, int times, boolean concurrently);

  /** The same kernels in another JVM with the given flags; empty where there is no way to start one. Close it after use. */
  Optional<KernelUnderTest> inJvm(List<String> flags);

  @Override
  void close();

  /**
   * What came of repeated calls.
   *
   * @param furthest the calls; each result is, of all repetitions, the one furthest from that of the call given
   * @param allocatedBytes what the second half of the calls, made one after the other, allocated on the heap in all; -1 if
   *     unknown
   */
  record Repetition(List<KernelCall> furthest, long allocatedBytes) {}
}
