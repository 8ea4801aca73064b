package org.lanewise.conformance.validation;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.kernels.spi.KernelProvider;

/** A provider whose kernels are under test: in this JVM, or in a process of its own. */
public interface KernelUnderTest extends AutoCloseable {
  /** Its kernels. A call that does not return, in a process of its own, throws a sentence that says what happened. */
  KernelProvider provider();

  /**
   * Makes each call once alone, and then again and again: one call after the other, or each on a thread of its own, all at
   * once.
   *
   * @param calls they are made on copies and stay as they are
   * @param times how often again
   */
  Repetition repeat(List<KernelCall> calls, int times, boolean concurrently);

  /** The same kernels in another JVM with the given flags; empty where there is no way to start one. Close it after use. */
  Optional<KernelUnderTest> inJvm(List<String> flags);

  @Override
  void close();

  /**
   * What came of repeated calls.
   *
   * @param difference a sentence on the first result that was not that of the call alone; null if there is none
   * @param allocatedBytes on the heap, a call on average over the second half of the repetitions; -1 if unknown
   */
  record Repetition(@Nullable String difference, long allocatedBytes) {}
}
