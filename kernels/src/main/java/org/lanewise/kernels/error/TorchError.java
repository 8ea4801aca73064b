package org.lanewise.kernels.error;

import java.io.Serial;

/**
 * A call that PyTorch refuses. {@link #getMessage()} is PyTorch's text to the letter; {@link #remedy()} is ours.
 *
 * <p>The simple name of the subclass is the name of PyTorch's exception class.
 */
public abstract sealed class TorchError extends RuntimeException
    permits IndexError, NotImplementedError, RuntimeError, ValueError {
  @Serial private static final long serialVersionUID = 1L;

  private final String remedy;

  TorchError(String message, String remedy) {
    super(message);
    this.remedy = remedy;
  }

  /** What to do about it: one sentence that names the call that cures the error. */
  public final String remedy() {
    return remedy;
  }

  /** Class, PyTorch's text, and the remedy in a line of its own: what the head of a stack trace shows. */
  @Override
  @SuppressWarnings("OverrideThrowableToString") // the message is PyTorch's alone
  public final String toString() {
    return super.toString() + System.lineSeparator() + "  " + remedy;
  }

  /** The name of PyTorch's exception class, such as {@code ValueError}. */
  public final String torchClass() {
    return getClass().getSimpleName();
  }
}
