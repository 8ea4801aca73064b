package org.lanewise.fuzz;

/** What a documented exception has to be beside of the right class. */
public final class Sentences {
  /** A terminal's page. Input must not be able to flood it. */
  private static final int LONGEST = 2000;

  private Sentences() {}

  /** Throws unless the message is one line of a sensible length. */
  public static void check(Throwable documented) {
    String message = documented.getMessage();
    if (message == null || message.isBlank()) {
      throw new AssertionError("A documented exception without a sentence.", documented);
    }
    if (message.chars().anyMatch(Character::isISOControl)) {
      throw new AssertionError("A sentence with control characters.", documented);
    }
    if (message.length() > LONGEST) {
      throw new AssertionError("A sentence of %d characters.".formatted(message.length()), documented);
    }
  }
}
