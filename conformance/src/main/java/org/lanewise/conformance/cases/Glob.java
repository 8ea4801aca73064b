package org.lanewise.conformance.cases;

import java.util.Arrays;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A pattern for case ids in which {@code *} stands for any text, {@code /} included. */
public final class Glob {
  private Glob() {}

  /** Whether a text matches. */
  public static Predicate<String> matching(String glob) {
    return Pattern.compile(
            Arrays.stream(glob.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")), Pattern.DOTALL)
        .asMatchPredicate();
  }
}
