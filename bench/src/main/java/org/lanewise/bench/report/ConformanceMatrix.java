package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Verdicts by operation, region and dtype, with the names of the cases behind each line. */
final class ConformanceMatrix {
  /** So many cases a line are named of those that did not pass; the rest is counted. */
  private static final int NAMED = 10;

  /** Of those that passed. */
  private static final int NAMED_PASSED = 5;

  private static final class Cell {
    private int passed;
    private int bad;
    private int other;

    private void add(Cell cell) {
      passed += cell.passed;
      bad += cell.bad;
      other += cell.other;
    }

    private String text() {
      return passed + (bad > 0 ? " ✗" + bad : "") + (other > 0 ? " ○" + other : "");
    }

    private String css() {
      return bad > 0 ? "bad" : passed > 0 ? "good" : "soft";
    }
  }

  /** A region: its cells by dtype, and its cases by what became of them. */
  private static final class Line {
    private final Map<String, Cell> cells = new TreeMap<>();
    private final Set<String> bad = new LinkedHashSet<>();
    private final Set<String> other = new LinkedHashSet<>();
    private final Set<String> passed = new LinkedHashSet<>();
  }

  private final Map<String, Map<String, Line>> operations = new TreeMap<>();

  /** Adds a checked row. */
  void add(JsonObject row) {
    String name = Fields.text(row, "case");
    String verdict = Fields.text(row, "verdict");
    String dtype = row.has("dtype") ? Fields.text(row, "dtype") : "unknown";
    Line line =
        operations
            .computeIfAbsent(Fields.text(row, "operation"), _ -> new TreeMap<>())
            .computeIfAbsent(region(row, name), _ -> new Line());
    Cell cell = line.cells.computeIfAbsent(dtype, _ -> new Cell());
    switch (verdict) {
      case "PASSED" -> {
        cell.passed++;
        line.passed.add(name);
      }
      case "FAILED", "MISTRUSTED" -> {
        cell.bad++;
        String who = "%s %s, %s".formatted(verdict, Fields.text(row, "kernel"), Fields.text(row, "contract"));
        line.bad.add("%s: %s".formatted(who, name));
      }
      default -> {
        cell.other++;
        line.other.add("%s: %s".formatted(verdict, name));
      }
    }
  }

  /** As the row tells it; findings have it in the name of the case. */
  private static String region(JsonObject row, String name) {
    String[] parts = name.split("/", -1);
    return row.has("region")
        ? Fields.text(row, "region")
        : parts.length > 1 ? parts[1].toUpperCase(Locale.ROOT) : "OTHER";
  }

  /** One table an operation, folded to its sums where nothing is wrong; nothing where no row was added. */
  void render(Page page) {
    if (operations.isEmpty()) {
      return;
    }
    page.add("<h3>Operation, dtype and region</h3><p>Checks passed; ✗ counts those that failed or are mistrusted, ")
        .add("○ those not judged. Below, an operation opens to its regions, and a region to its cases.</p>\n")
        .add("<div id=\"matrix\">");
    overview(page);
    operations.forEach((operation, regions) -> operation(page, operation, regions));
    page.add("</div>\n");
  }

  private void overview(Page page) {
    Set<String> dtypes = new TreeSet<>();
    operations.values().forEach(regions -> dtypes.addAll(sums(regions).keySet()));
    head(page, "Operation", dtypes);
    operations.forEach(
        (operation, regions) -> {
          page.add("<tr><td class=first>%s", operation);
          cells(page, sums(regions), dtypes);
        });
    page.add("</table></div>\n");
  }

  /** The cells of all regions, by dtype. */
  private static Map<String, Cell> sums(Map<String, Line> regions) {
    Map<String, Cell> sums = new TreeMap<>();
    for (Line line : regions.values()) {
      line.cells.forEach((dtype, cell) -> sums.computeIfAbsent(dtype, _ -> new Cell()).add(cell));
    }
    return sums;
  }

  private static void operation(Page page, String operation, Map<String, Line> regions) {
    Map<String, Cell> sums = sums(regions);
    Cell sum = new Cell();
    sums.values().forEach(sum::add);
    page.add(
        "<details class=\"operation\"%s><summary><b>%s</b> <span class=\"%s\">%s</span> in %s</summary>",
        sum.bad > 0 ? " open" : "",
        operation,
        sum.css(),
        sum.text(),
        Words.count(regions.size(), "region"));
    head(page, "Region", sums.keySet());
    regions.forEach((region, line) -> region(page, region, line, sums.keySet()));
    page.add("</table></div></details>\n");
  }

  private static void region(Page page, String region, Line line, Set<String> dtypes) {
    page.add("<tr><td class=first><details><summary>%s</summary>", region.toLowerCase(Locale.ROOT).replace('_', ' '));
    cases(page, "bad", line.bad, NAMED);
    cases(page, "soft", line.other, NAMED_PASSED);
    cases(page, "good", line.passed, NAMED_PASSED);
    page.add("</details>");
    cells(page, line.cells, dtypes);
  }

  private static void head(Page page, String first, Set<String> dtypes) {
    page.add("<div class=\"scroll\"><table><thead><tr><th class=first>%s", first);
    dtypes.forEach(dtype -> page.add("<th>%s", dtype));
    page.add("<tbody>\n");
  }

  private static void cells(Page page, Map<String, Cell> cells, Set<String> dtypes) {
    for (String dtype : dtypes) {
      Cell cell = cells.get(dtype);
      if (cell == null) {
        page.add("<td>–");
      } else {
        page.add("<td class=%s>%s", cell.css(), cell.text());
      }
    }
    page.add("\n");
  }

  private static void cases(Page page, String css, Set<String> cases, int named) {
    cases.stream().limit(named).forEach(name -> page.add("<code class=%s>%s</code><br>", css, name));
    if (cases.size() > named) {
      page.add("<span class=%s>and %d more</span><br>", css, cases.size() - named);
    }
  }
}
