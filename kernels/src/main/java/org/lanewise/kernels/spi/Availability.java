package org.lanewise.kernels.spi;

import org.jspecify.annotations.Nullable;

/**
 * Whether a provider's kernels can run on this machine, in this JVM.
 *
 * @param available whether they can
 * @param reason one sentence: what is missing; null when available
 * @param remedy one sentence: how to get it; null when available
 */
public record Availability(boolean available, @Nullable String reason, @Nullable String remedy) {
  /**
   * @throws IllegalArgumentException if an unavailable one lacks the reason or the remedy, or an available one has either
   */
  public Availability {
    if (available ? reason != null || remedy != null : reason == null || remedy == null) {
      throw new IllegalArgumentException(
          "Kernels that %s run here have %s; use Availability.AVAILABLE or Availability.unavailable(reason, remedy)."
              .formatted(available ? "can" : "cannot", available ? "no reason and no remedy" : "a reason and a remedy"));
    }
  }

  /** The kernels can run. */
  public static final Availability AVAILABLE = new Availability(true, null, null);

  /** The kernels cannot run, for the given reason, until the remedy is applied. */
  public static Availability unavailable(String reason, String remedy) {
    return new Availability(false, reason, remedy);
  }
}
