package org.lanewise.kernels.spi;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whether a provider's kernels can run on this machine, in this JVM.
 *
 * @param available whether they can
 * @param reason one sentence: what is missing; null when available
 * @param remedy one sentence: how to get it; null when available
 */
public record Availability(boolean available, @Nullable String reason, @Nullable String remedy) {
  /** The kernels can run. */
  public static final Availability AVAILABLE = new Availability(true, null, null);

  /** The kernels cannot run, for the given reason, until the remedy is applied. */
  public static Availability unavailable(String reason, String remedy) {
    return new Availability(false, Objects.requireNonNull(reason), Objects.requireNonNull(remedy));
  }
}
