package org.lanewise.kernels.error;

import java.io.Serial;

/** PyTorch's {@code NotImplementedError}: a dtype that PyTorch has no kernel for. */
public final class NotImplementedError extends TorchError {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * @param message PyTorch's text, to the letter
   * @param remedy one sentence of ours that names the cure
   */
  public NotImplementedError(String message, String remedy) {
    super(message, remedy);
  }
}
