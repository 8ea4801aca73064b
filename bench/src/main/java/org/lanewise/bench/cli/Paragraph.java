package org.lanewise.bench.cli;

/** Text in lines that a terminal of 80 columns shows whole. */
final class Paragraph {
  /** The columns of the narrowest terminal that what is printed is made for. */
  static final int WIDTH = 80;

  private Paragraph() {}

  /** Lines of at most {@value #WIDTH} characters, unless a word is longer; ends in a line end. */
  static String of(String text) {
    return of(text, "", "");
  }

  /**
   * Lines with a margin.
   *
   * @param first stands before the first line
   * @param rest stands before all others
   */
  static String of(String text, String first, String rest) {
    StringBuilder lines = new StringBuilder();
    StringBuilder line = new StringBuilder(first);
    boolean empty = true;
    for (String word : text.split(" ", -1)) {
      if (!empty && line.length() + 1 + word.length() > WIDTH) {
        lines.append(line).append('\n');
        line = new StringBuilder(rest);
        empty = true;
      }
      line.append(empty ? "" : " ").append(word);
      empty = false;
    }
    return lines.append(line).append('\n').toString();
  }
}
