package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Verdicts by operation, region and dtype, with the names of the cases behind each line. */
final class ConformanceMatrix {
  /** So many cases are named a line, those that did not pass first; the rest is counted. */
  private static final int NAMED = 20;

  private static final class Cell {
    private int passed;
    private int bad;
    private int other;
  }

  private static final class Line {
    private final Map<String, Cell> cells = new TreeMap<>();
    private final List<String> passed = new ArrayList<>();
    private final List<String> notPassed = new ArrayList<>();
  }

  private final Map<String, Line> lines = new TreeMap<>();
  private final Map<String, Boolean> dtypes = new TreeMap<>();

  void add(JsonObject row) {
    String name = CheckedRows.text(row, "case");
    String dtype = row.has("dtype") ? CheckedRows.text(row, "dtype") : "unknown";
    String[] parts = name.split("/");
    String region =
        row.has("region")
            ? CheckedRows.text(row, "region")
            : parts.length > 1 ? parts[1].toUpperCase(Locale.ROOT) : "OTHER";
    String verdict = CheckedRows.text(row, "verdict");
    dtypes.put(dtype, true);
    Line line = lines.computeIfAbsent(CheckedRows.text(row, "operation") + " · " + region, _ -> new Line());
    Cell cell = line.cells.computeIfAbsent(dtype, _ -> new Cell());
    boolean passed = verdict.equals("PASSED");
    if (passed) {
      cell.passed++;
    } else if (verdict.equals("FAILED") || verdict.equals("MISTRUSTED")) {
      cell.bad++;
    } else {
      cell.other++;
    }
    (passed ? line.passed : line.notPassed).add(verdict + " " + name);
  }

  /** The matrix as a table; nothing where no row was added. */
  void render(StringBuilder page) {
    if (lines.isEmpty()) {
      return;
    }
    page.append("<h3>Operation and region by dtype</h3><p>Checks passed; ✗ counts those that failed or are ")
        .append("mistrusted, ○ those not judged.</p><div class=\"scroll\"><table id=\"matrix\"><thead><tr>")
        .append("<th>Operation · region</th>");
    dtypes.keySet().forEach(dtype -> page.append(Html.format("<th class=\"n\">%s</th>", dtype)));
    page.append("</tr></thead><tbody>\n");
    lines.forEach(
        (name, line) -> {
          page.append(Html.format("<tr><td class=\"wide\"><details><summary>%s</summary>", name));
          List<String> cases = new ArrayList<>(line.notPassed);
          cases.addAll(line.passed);
          cases.stream()
              .distinct()
              .limit(NAMED)
              .forEach(text -> page.append(Html.format("<code>%s</code><br>", text)));
          long more = cases.stream().distinct().count() - NAMED;
          page.append(more > 0 ? Html.format("and %d more", more) : "").append("</details></td>");
          for (String dtype : dtypes.keySet()) {
            Cell cell = line.cells.get(dtype);
            page.append(
                cell == null
                    ? "<td class=\"n\">–</td>"
                    : Html.format(
                        "<td class=\"n %s\">%d%s%s</td>",
                        cell.bad > 0 ? "bad" : cell.passed > 0 ? "good" : "",
                        cell.passed,
                        cell.bad > 0 ? " ✗" + cell.bad : "",
                        cell.other > 0 ? " ○" + cell.other : ""));
          }
          page.append("</tr>\n");
        });
    page.append("</tbody></table></div>\n");
  }
}
