package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;
import org.lanewise.kernels.error.TorchError;

/** Checks of PyTorch's errors, to the letter. */
final class TorchErrors {
  private TorchErrors() {}

  /** That the call fails with PyTorch's class and text, such as {@code ValueError: Expected …}, and names a cure. */
  static void assertError(String classAndMessage, Executable call) {
    TorchError error = assertThrows(TorchError.class, call);
    assertEquals(classAndMessage, error.torchClass() + ": " + error.getMessage());
    assertFalse(error.remedy().isBlank());
    assertTrue(error.toString().endsWith(error.remedy()), "a stack trace names the cure: " + error);
  }
}
