package org.lanewise.conformance.verdict;

import java.util.Locale;

/** What is required of an implementation. */
public enum Rule {
  /** Every call returns: no exception, crash or exit, no endless loop, no exhausted memory. */
  COMPLETION("every call returns"),
  /** PyTorch's errors, class, text and order of checks, and the form of results; of operations only. */
  ERRORS("errors, dtypes and shapes are PyTorch's"),
  /** Where an input is NaN or infinite. */
  SPECIAL_VALUES("NaN and infinities are treated as PyTorch does"),
  /** The contract {@code pytorch} on stored cases. */
  AGREEMENT("values agree with stored results of PyTorch"),
  /** The same on cases drawn for this run. */
  FRESH("values agree on newly drawn inputs"),
  /** Offsets, strides, sizes, outputs that are left out, sums. */
  CALL_FORMS("every form of the kernel call gives the same values"),
  /** Guard zones. */
  MEMORY("nothing is read or written outside the block"),
  /** Inputs are read only. */
  INPUTS("inputs stay unchanged"),
  /** No state is kept. */
  REPEAT("the same call gives the same values, also after other calls"),
  /** Kernels are re-entrant. */
  THREADS("calls from two threads do not disturb each other"),
  /** The contract {@code true}; where declared. */
  BOUND("errors stay within the declared bound"),
  /** Where declared. */
  BITS("the bits depend on nothing but the inputs"),
  /** Where declared. */
  ALLOCATION("a call allocates nothing");

  private final String sentence;

  Rule(String sentence) {
    this.sentence = sentence;
  }

  /** What it asks, for people. */
  public String sentence() {
    return sentence;
  }

  /** The name in files, such as {@code special_values}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether it is required only of a provider that declares it. */
  public boolean onlyIfDeclared() {
    return this == BOUND || this == BITS || this == ALLOCATION;
  }
}
