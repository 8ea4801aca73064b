package org.lanewise.conformance.cases;

/**
 * A sentence that quotes what others wrote: kept to one line, so that no input floods a terminal, or commands it. Of a long one
 * the beginning and the end are kept, where what is wrong and what to do are said.
 */
public final class OneLine {
  private static final int LONGEST = 2000;
  private static final int END = 500;

  private OneLine() {}

  /** The sentence, each control character a question mark. */
  public static String of(String sentence) {
    String shown =
        sentence.length() <= LONGEST
            ? sentence
            : "%s … %s"
                .formatted(
                    sentence.substring(0, LONGEST - END - 3), sentence.substring(sentence.length() - END));
    return shown.replaceAll("\\p{Cntrl}", "?").replaceAll("[\\u0080-\\u009f]", "?");
  }
}
