package org.lanewise.kernels.metrics;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Bad arguments: one sentence that names what is wrong. */
final class Errors {
  private Errors() {}

  static void assertRefused(String part, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(part), message);
    assertTrue(message.endsWith(".") && message.lines().count() == 1, message);
  }
}
