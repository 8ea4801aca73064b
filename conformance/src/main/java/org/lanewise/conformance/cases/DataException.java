package org.lanewise.conformance.cases;

import java.io.Serial;

/** The reference data is at fault: missing, damaged or of an unknown version. The message is one sentence for the user. */
public final class DataException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** @param message what is wrong, where, and what to do */
  public DataException(String message) {
    super(OneLine.of(message));
  }
}
