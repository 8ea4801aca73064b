package org.lanewise.kernels.metrics;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How the scores of the labels become one, under scikit-learn's names. */
public enum Average {
  /** Counts over all labels together. For class indices with every class included, all three scores are the accuracy. */
  MICRO,
  /** The plain mean over the labels: a rare label counts as much as a frequent one. */
  MACRO,
  /** The mean over the labels, each weighted by its support. */
  WEIGHTED,
  /** The mean over the rows of a multi-label problem. */
  SAMPLES;

  /**
   * The average of scikit-learn's name.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public static Average of(String id) {
    for (Average average : values()) {
      if (average.id().equals(id)) {
        return average;
      }
    }
    throw new IllegalArgumentException(
        "There is no average '%s'; the averages are %s."
            .formatted(id, Arrays.stream(values()).map(Average::id).collect(Collectors.joining(", "))));
  }

  /** scikit-learn's name, such as {@code micro}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
