package org.lanewise.kernels;

import java.util.Locale;
import org.lanewise.kernels.error.ValueError;

/** How the losses of the elements (BCE) or rows (cross-entropy) become the result. */
public enum Reduction {
  /** One loss an element or row. */
  NONE,
  /** The mean; of nothing it is NaN, as in PyTorch. */
  MEAN,
  /** The sum; of nothing it is 0. */
  SUM;

  /**
   * The reduction of PyTorch's name.
   *
   * @throws ValueError if the name is not {@code none}, {@code mean} or {@code sum}
   */
  public static Reduction of(String id) {
    for (Reduction reduction : values()) {
      if (reduction.id().equals(id)) {
        return reduction;
      }
    }
    throw new ValueError(
        id + " is not a valid value for reduction", "Use Reduction.NONE, Reduction.MEAN or Reduction.SUM.");
  }

  /** PyTorch's name: {@code none}, {@code mean} or {@code sum}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
