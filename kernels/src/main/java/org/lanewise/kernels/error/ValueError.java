package org.lanewise.kernels.error;

import java.io.Serial;

/** PyTorch's {@code ValueError}: an argument of a wrong value or shape. */
public final class ValueError extends TorchError {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * @param message PyTorch's text, to the letter
   * @param remedy one sentence of ours that names the cure
   */
  public ValueError(String message, String remedy) {
    super(message, remedy);
  }
}
