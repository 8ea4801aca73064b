package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.Json;

/** A table for people and, of those columns that have a key, the same rows as JSON for programs. */
final class Table {
  /** As many digits as any measurement is good for. */
  private static final MathContext DIGITS = new MathContext(4);

  private enum Kind {
    WORDS,
    SENTENCES,
    NUMBERS,
    HIDDEN
  }

  private record Column(String name, Kind kind, @Nullable String key) {
    boolean shown() {
      return kind != Kind.HIDDEN;
    }
  }

  /** What a cell shows, and what it is. */
  record Cell(String text, JsonElement value) {
    static Cell of(String text) {
      return new Cell(text, new JsonPrimitive(text));
    }

    static Cell of(String text, long value) {
      return new Cell(text, new JsonPrimitive(value));
    }

    static Cell of(String text, double value) {
      boolean finite = Double.isFinite(value);
      return new Cell(
          text, finite ? new JsonPrimitive(digits(value)) : Json.number(value));
    }

    private static BigDecimal digits(double value) {
      BigDecimal rounded = new BigDecimal(value).round(DIGITS).stripTrailingZeros();
      return rounded.scale() < 0 && rounded.scale() > -6 ? rounded.setScale(0) : rounded;
    }

    /** A cell that only people read. */
    static Cell shown(String text) {
      return new Cell(text, JsonNull.INSTANCE);
    }
  }

  private final String caption;
  private final List<Column> columns = new ArrayList<>();
  private final List<List<Cell>> rows = new ArrayList<>();

  Table(String caption) {
    this.caption = caption;
  }

  /** Adds a column of words. */
  Table text(String name, @Nullable String key) {
    columns.add(new Column(name, Kind.WORDS, key));
    return this;
  }

  /** Adds a column of sentences, which may break. */
  Table wide(String name, @Nullable String key) {
    columns.add(new Column(name, Kind.SENTENCES, key));
    return this;
  }

  /** Adds a column of numbers. */
  Table number(String name, @Nullable String key) {
    columns.add(new Column(name, Kind.NUMBERS, key));
    return this;
  }

  /** Adds a column that people do not see: another one tells them the same. */
  Table hidden(String key) {
    columns.add(new Column("", Kind.HIDDEN, key));
    return this;
  }

  void row(Cell... cells) {
    rows.add(List.of(cells));
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  /** In a box of its own that scrolls where the page is narrow. Closing tags that HTML can do without are left out. */
  String html() {
    StringBuilder html = new StringBuilder("<div class=\"scroll\"><table>");
    html.append(caption.isEmpty() ? "" : Html.format("<caption>%s</caption>", caption)).append("<thead><tr>");
    for (Column column : columns) {
      html.append(column.shown() ? Html.format("<th%s>%s", cssClass(column), column.name()) : "");
    }
    html.append("<tbody>\n");
    for (int i = 0; i < rows.size(); i++) {
      html.append("<tr>");
      first(html, i);
      for (int k = 1; k < columns.size(); k++) {
        if (columns.get(k).shown()) {
          cell(html, cssClass(columns.get(k)), rows.get(i).get(k).text());
        }
      }
      html.append('\n');
    }
    return html.append("</table></div>\n").toString();
  }

  /** The first cell spans the rows below that begin with the same. */
  private void first(StringBuilder html, int row) {
    String text = rows.get(row).getFirst().text();
    if (row > 0 && rows.get(row - 1).getFirst().text().equals(text)) {
      return;
    }
    int end = row + 1;
    while (end < rows.size() && rows.get(end).getFirst().text().equals(text)) {
      end++;
    }
    cell(html, end - row > 1 ? " class=first rowspan=" + (end - row) : " class=first", text);
  }

  private static void cell(StringBuilder html, String attributes, String text) {
    html.append("<td").append(attributes).append('>').append(Html.escape(text));
  }

  /** Cells of numbers, which are the most, have none. */
  private String cssClass(Column column) {
    return column == columns.getFirst()
        ? " class=first"
        : switch (column.kind()) {
          case WORDS -> " class=t";
          case SENTENCES -> " class=wide";
          default -> "";
        };
  }

  /** The keys of the columns that programs read. */
  JsonArray keys() {
    JsonArray keys = new JsonArray();
    columns.stream().filter(column -> column.key() != null).forEach(column -> keys.add(column.key()));
    return keys;
  }

  /** The rows under {@link #keys}; where the first is {@code by}, a list of rows without it under each name. */
  JsonElement values() {
    JsonArray all = new JsonArray();
    JsonObject byName = new JsonObject();
    boolean named = "by".equals(columns.getFirst().key());
    for (List<Cell> row : rows) {
      JsonArray line = new JsonArray();
      for (int i = named ? 1 : 0; i < row.size(); i++) {
        if (columns.get(i).key() != null) {
          line.add(row.get(i).value());
        }
      }
      if (named) {
        String name = row.getFirst().text();
        if (!byName.has(name)) {
          byName.add(name, new JsonArray());
        }
        byName.getAsJsonArray(name).add(line);
      } else {
        all.add(line);
      }
    }
    return named ? byName : all;
  }
}
