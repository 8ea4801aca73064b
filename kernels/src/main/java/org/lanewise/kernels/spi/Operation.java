package org.lanewise.kernels.spi;

import java.util.Locale;

/** The operations that a kernel can supply. */
public enum Operation {
  /** Binary cross-entropy of sigmoids. */
  BCE_WITH_LOGITS,

  /** Cross-entropy of a softmax over classes. */
  CROSS_ENTROPY;

  /** The name in commands and files, such as {@code bce_with_logits}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
