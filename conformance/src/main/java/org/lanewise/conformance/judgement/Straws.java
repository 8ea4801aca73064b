package org.lanewise.conformance.judgement;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Wrong outputs that every case must be able to tell from the right one: all zero, negated, 1 % too large, shifted by one
 * element. A case that accepts one that is not itself right proves nothing.
 */
final class Straws {
  private Straws() {}

  /** Why an output tensor cannot be trusted, or null if it can. */
  static @Nullable String mistrust(String output, Tolerance tolerance) {
    Map<String, IntToDoubleFunction> straws = new LinkedHashMap<>();
    int size = tolerance.size();
    straws.put("all zero", i -> 0);
    straws.put("negated", i -> -tolerance.expected(i));
    straws.put("times 1.01", i -> 1.01 * tolerance.expected(i));
    straws.put("shifted by one element", i -> tolerance.expected((i + 1) % size));
    for (Map.Entry<String, IntToDoubleFunction> straw : straws.entrySet()) {
      boolean accepted = true;
      boolean right = true;
      for (int i = 0; i < size && accepted; i++) {
        double value = straw.getValue().applyAsDouble(i);
        accepted = tolerance.accepts(i, value);
        right &= tolerance.isRight(i, value);
      }
      if (accepted && !right) {
        return "The case would also accept the %s '%s'; the data proves nothing here.".formatted(straw.getKey(), output);
      }
    }
    return null;
  }
}
