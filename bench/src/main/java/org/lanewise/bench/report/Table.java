package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
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
  private static final MathContext DIGITS = new MathContext(5);

  private record Column(String name, boolean number, boolean wide, @Nullable String key) {}

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
          text, finite ? new JsonPrimitive(new BigDecimal(value).round(DIGITS).stripTrailingZeros()) : Json.number(value));
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
    columns.add(new Column(name, false, false, key));
    return this;
  }

  /** Adds a column of sentences, which may break. */
  Table wide(String name, @Nullable String key) {
    columns.add(new Column(name, false, true, key));
    return this;
  }

  /** Adds a column of numbers. */
  Table number(String name, @Nullable String key) {
    columns.add(new Column(name, true, false, key));
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
      html.append(Html.format("<th%s>%s", cssClass(column), column.name()));
    }
    html.append("<tbody>\n");
    for (List<Cell> row : rows) {
      html.append("<tr>"); // cells of numbers, which are the most, have no class
      for (int i = 0; i < row.size(); i++) {
        html.append(Html.format("<td%s>%s", cssClass(columns.get(i)), row.get(i).text()));
      }
      html.append('\n');
    }
    return html.append("</table></div>\n").toString();
  }

  private static String cssClass(Column column) {
    return column.number() ? "" : column.wide() ? " class=wide" : " class=t";
  }

  /** The keys of the columns that programs read. */
  JsonArray keys() {
    JsonArray keys = new JsonArray();
    columns.stream().filter(column -> column.key() != null).forEach(column -> keys.add(column.key()));
    return keys;
  }

  /** The rows under {@link #keys}. */
  JsonArray values() {
    JsonArray values = new JsonArray();
    for (List<Cell> row : rows) {
      JsonArray line = new JsonArray();
      for (int i = 0; i < row.size(); i++) {
        if (columns.get(i).key() != null) {
          line.add(row.get(i).value());
        }
      }
      values.add(line);
    }
    return values;
  }
}
