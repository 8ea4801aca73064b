package org.lanewise.bench.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Paints the verdicts in what is printed: green what is good, red what is not, yellow what is undecided. Who prints knows
 * nothing of it, so tables are laid out without.
 */
final class Colours extends FilterWriter {
  private static final Pattern VERDICT =
      Pattern.compile(
          "(?<good>\\bPASSED\\b|^(?:Pass|Improved)(?=:)|\\bpass$|\\bimproved$)"
              + "|(?<bad>\\bFAILED\\b|^Regressed(?=:)|\\bregressed(, waived)?$|^Unmeasured(?=:)|\\bunmeasured(, waived)?$)"
              + "|(?<undecided>\\b(UNDECIDED|PARTIAL|MISTRUSTED|SKIPPED)\\b|^Inconclusive(?=:)|\\binconclusive(, waived)?$)",
          Pattern.MULTILINE);

  private static final String PLAIN = "\033[0m";

  /** Waits for its end, so that no verdict is cut in two. */
  private final StringBuilder line = new StringBuilder();

  Colours(Writer out) {
    super(out);
  }

  /** The text with its verdicts painted. */
  static String painted(String text) {
    return VERDICT.matcher(text).replaceAll(match -> colour(match) + match.group() + PLAIN);
  }

  private static String colour(MatchResult match) {
    return match.group("good") != null ? "\033[32m" : match.group("bad") != null ? "\033[31m" : "\033[33m";
  }

  @Override
  public void write(int character) throws IOException {
    write(new char[] {(char) character}, 0, 1);
  }

  @Override
  public void write(char[] characters, int offset, int length) throws IOException {
    line.append(characters, offset, length);
    int end = line.lastIndexOf("\n") + 1;
    out.write(painted(line.substring(0, end)));
    line.delete(0, end);
  }

  @Override
  public void write(String text, int offset, int length) throws IOException {
    write(text.toCharArray(), offset, length);
  }

  @Override
  public void flush() throws IOException {
    out.write(painted(line.toString()));
    line.setLength(0);
    super.flush();
  }

  @Override
  public void close() throws IOException {
    flush();
    super.close();
  }
}
