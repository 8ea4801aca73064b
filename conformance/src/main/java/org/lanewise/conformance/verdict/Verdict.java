package org.lanewise.conformance.verdict;

/** The outcome of one case under one contract. */
public enum Verdict {
  /** The results keep the contract. */
  PASSED,
  /** They break it; the result names the worst witness. */
  FAILED,
  /** The implementation does not supply what the case needs, or declares no bound. */
  SKIPPED,
  /** The contract says nothing about this case for this kind of implementation. */
  NOT_APPLICABLE,
  /** The case would also accept a wrong output, so passing it would prove nothing: the data is at fault. */
  MISTRUSTED
}
