package org.lanewise.conformance.verdict;

import java.util.Locale;

/** By what a result is judged. */
public enum Contract {
  /** Behave as PyTorch does, and be no further from the truth than twice PyTorch's own error. */
  PYTORCH,
  /** Be within the declared bound of the true value. */
  TRUE;

  /** The name in files and tables. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
