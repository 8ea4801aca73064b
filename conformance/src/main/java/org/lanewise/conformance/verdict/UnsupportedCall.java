package org.lanewise.conformance.verdict;

import java.io.Serial;

/**
 * A kernel refuses a call whose operands or options it does not supply, as the C form of the call allows: nothing has been
 * written, and the case is skipped.
 */
public final class UnsupportedCall extends UnsupportedOperationException implements Sentence {
  @Serial private static final long serialVersionUID = 1L;

  /** @param sentence what is not supplied */
  public UnsupportedCall(String sentence) {
    super(sentence);
  }
}
