package org.lanewise.kernels.error;

import java.io.Serial;

/** PyTorch's {@code RuntimeError}: an error that PyTorch raises from its C++ core. */
public final class RuntimeError extends TorchError {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * @param message PyTorch's text, to the letter
   * @param remedy one sentence of ours that names the cure
   */
  public RuntimeError(String message, String remedy) {
    super(message, remedy);
  }
}
