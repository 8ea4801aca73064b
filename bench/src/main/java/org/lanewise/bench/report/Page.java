package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** The page in the making: its text, what it can jump to, and the numbers of its plots. */
final class Page {
  /** A place to jump to. */
  record Anchor(String id, String title) {}

  private final StringBuilder text = new StringBuilder();
  private final List<Anchor> anchors;
  private final JsonArray plots;

  Page() {
    this(new ArrayList<>(), new JsonArray());
  }

  private Page(List<Anchor> anchors, JsonArray plots) {
    this.anchors = anchors;
    this.plots = plots;
  }

  /** A piece of this page that is written before it is known whether it has a place. */
  Page nested() {
    return new Page(anchors, plots);
  }

  boolean isEmpty() {
    return text.isEmpty();
  }

  /** Adds HTML. */
  Page add(String html) {
    text.append(html);
    return this;
  }

  /** Adds HTML whose values are escaped. */
  Page add(String format, Object first, Object... more) {
    Object[] values = new Object[more.length + 1];
    values[0] = first;
    System.arraycopy(more, 0, values, 1, more.length);
    text.append(Html.format(format, values));
    return this;
  }

  /** Begins a section. */
  void open(String id, String title) {
    anchors.add(new Anchor(id, title));
    add("<section id=\"%s\"><h2>%s</h2>\n", id, title);
  }

  void close() {
    add("</section>\n");
  }

  /**
   * Adds a plot with its table under it, and its numbers to the data of the page.
   *
   * @param plot what it looks like; nothing is added where it is empty
   */
  void figure(String title, String detail, String plot, Table table) {
    figure(title, detail, plot, table, table);
  }

  /** As above, where programs get more rows than people would read. */
  void figure(String title, String detail, String plot, Table table, Table data) {
    if (plot.isEmpty()) {
      return;
    }
    String id = "plot" + (plots.size() + 1);
    add("<figure id=\"%s\"><div class=\"drawing\"><figcaption><h3>%s</h3>", id, title)
        .add("<small>%s</small></figcaption>\n", detail);
    add(plot).add("</div><details><summary>Table</summary>").add(table.html()).add("</details></figure>\n");
    JsonObject numbers = new JsonObject();
    numbers.addProperty("id", id);
    numbers.addProperty("title", title);
    numbers.addProperty("detail", detail);
    numbers.add("columns", data.keys());
    numbers.add("rows", data.values());
    plots.add(numbers);
  }

  List<Anchor> anchors() {
    return anchors;
  }

  /** The numbers of each plot, under the id of its figure. */
  JsonArray plots() {
    return plots;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
