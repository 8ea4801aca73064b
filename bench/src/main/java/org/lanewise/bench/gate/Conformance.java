package org.lanewise.bench.gate;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Whether the candidate's kernel still computes what it must: every stored case, its errors within the bound it declares.
 *
 * @param kernel the provider's id
 * @param checked how many cases were checked
 * @param failures what does not conform, each in a sentence
 */
public record Conformance(String kernel, int checked, List<String> failures) {
  /** Keeps a copy of the list. */
  public Conformance {
    failures = List.copyOf(failures);
  }

  /** Whether cases were checked and all of them conform. */
  public boolean passed() {
    return checked > 0 && failures.isEmpty();
  }

  /** This with more that does not conform. */
  public Conformance with(Collection<String> more) {
    List<String> all = new ArrayList<>(more);
    all.addAll(failures);
    return new Conformance(kernel, checked, all);
  }
}
