package org.lanewise.kernels.error;

import java.io.Serial;

/** PyTorch's {@code IndexError}: an index that is out of range. */
public final class IndexError extends TorchError {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * @param message PyTorch's text, to the letter
   * @param remedy one sentence of ours that names the cure
   */
  public IndexError(String message, String remedy) {
    super(message, remedy);
  }
}
