package org.lanewise.conformance.subject;

/** Marks an exception whose message is a sentence for people, complete without the exception's class. */
public interface Sentence {
  /** What a failure says, as a sentence. */
  static String of(Throwable failure) {
    return failure instanceof Sentence
        ? String.valueOf(failure.getMessage())
        : "The call ended with %s.".formatted(failure);
  }
}
