package org.lanewise.conformance.verdict;

import java.io.Serial;

/**
 * A kernel refuses a call whose operands or options it does not supply, as the C form of the call allows: nothing has been
 * written, and the case is skipped.
 */
public final class UnsupportedCall extends UnsupportedOperationException implements Sentence {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * What was thrown, as a refusal.
   *
   * @throws UnsupportedOperationException if it says nothing: then it was not meant as one
   */
  public static UnsupportedCall of(UnsupportedOperationException thrown) {
    if (thrown.getMessage() == null) {
      throw thrown;
    }
    return thrown instanceof UnsupportedCall call ? call : new UnsupportedCall(thrown.getMessage());
  }

  /** @param sentence what is not supplied */
  public UnsupportedCall(String sentence) {
    super(sentence);
  }
}
