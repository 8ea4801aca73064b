package org.lanewise.bench.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A table for a terminal: columns as wide as their widest cell, headings between groups of rows. */
final class TextTable {
  static final String GAP = "  ";

  private final String alignments;
  private final List<String[]> lines = new ArrayList<>();

  /**
   * A table.
   *
   * @param alignments one letter a column: {@code l} for text, {@code r} for numbers
   * @param header the names of the columns
   */
  TextTable(String alignments, String... header) {
    this.alignments = alignments;
    row(header);
  }

  /** Adds a row of as many cells as there are columns; where some have several lines, all end on the last. */
  void row(String... cells) {
    if (cells.length != alignments.length()) {
      throw new IllegalArgumentException("%d cells for %d columns".formatted(cells.length, alignments.length()));
    }
    List<List<String>> split = Arrays.stream(cells).map(cell -> List.of(cell.split("\n", -1))).toList();
    int height = split.stream().mapToInt(List::size).max().orElse(1);
    for (int i = 0; i < height; i++) {
      int below = height - i;
      lines.add(
          split.stream()
              .map(cell -> below > cell.size() ? "" : cell.get(cell.size() - below))
              .toArray(String[]::new));
    }
  }

  /** Adds a line that stands across all columns. */
  void heading(String text) {
    lines.add(new String[] {text});
  }

  /** The length of its longest line. */
  int width() {
    return toString().lines().mapToInt(String::length).max().orElse(0);
  }

  @Override
  public String toString() {
    int columns = alignments.length();
    int[] widths = new int[columns];
    for (String[] line : lines) {
      for (int i = 0; i < columns && line.length == columns; i++) {
        widths[i] = Math.max(widths[i], line[i].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (String[] line : lines) {
      StringBuilder row = new StringBuilder();
      for (int i = 0; i < line.length; i++) {
        String padding = " ".repeat(line.length == columns ? widths[i] - line[i].length() : 0);
        boolean right = line.length == columns && alignments.charAt(i) == 'r';
        row.append(i == 0 ? "" : GAP).append(right ? padding : "").append(line[i]).append(right ? "" : padding);
      }
      text.append(row.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
