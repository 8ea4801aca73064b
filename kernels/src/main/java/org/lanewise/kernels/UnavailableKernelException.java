package org.lanewise.kernels;

import java.io.Serial;
import org.lanewise.kernels.spi.Availability;

/** A kernel was asked for by its id, exists, and cannot run here. The message gives the reason and the remedy. */
public final class UnavailableKernelException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  UnavailableKernelException(String id, Availability availability) {
    super("The kernel '%s' cannot run here. %s %s".formatted(id, availability.reason(), availability.remedy()));
  }

  UnavailableKernelException(String message) {
    super(message);
  }
}
