package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ConformanceMatrixTest {
  private final ConformanceMatrix matrix = new ConformanceMatrix();

  private void add(String operation, String region, String dtype, String name, String verdict) {
    JsonObject row = new JsonObject();
    row.addProperty("kernel", "mine");
    row.addProperty("operation", operation);
    row.addProperty("dtype", dtype);
    row.addProperty("case", operation + "/" + region.toLowerCase(Locale.ROOT) + "/" + name);
    row.addProperty("region", region);
    row.addProperty("contract", "true");
    row.addProperty("verdict", verdict);
    matrix.add(row);
  }

  private String render() {
    Page page = new Page();
    matrix.render(page);
    return page.toString();
  }

  @Test
  void cellsCountByOperationRegionAndDtype() {
    add("bce", "ORDINARY", "float32", "1", "PASSED");
    add("bce", "ORDINARY", "float32", "2", "PASSED");
    add("bce", "ORDINARY", "float16", "3", "FAILED");
    add("bce", "WEIGHTED", "float32", "4", "SKIPPED");
    add("softmax", "ORDINARY", "float64", "5", "MISTRUSTED");
    String html = render();

    assertTrue(html.contains("<tr><td class=first>bce<td class=bad>0 ✗1<td class=good>2 ○1<td>–\n"), html);
    assertTrue(html.contains("<tr><td class=first>softmax<td>–<td>–<td class=bad>0 ✗1\n"), html);
    assertTrue(html.contains("</details><td class=bad>0 ✗1<td class=good>2\n"), "the region's own cells: " + html);
    assertTrue(html.contains("<summary>weighted</summary>"), html);
    assertTrue(html.contains("</details><td>–<td class=soft>0 ○1\n"), html);
  }

  @Test
  void aRegionOpensToItsCasesTheBadFirst() {
    add("bce", "ORDINARY", "float32", "fine", "PASSED");
    add("bce", "ORDINARY", "float32", "wrong", "FAILED");
    String html = render();

    int wrong = html.indexOf("<code class=bad>FAILED mine, true: bce/ordinary/wrong</code>");
    int fine = html.indexOf("<code class=good>bce/ordinary/fine</code>");
    assertTrue(wrong > 0 && fine > wrong, html);
    assertTrue(html.contains("<details class=\"operation\" open>"), "what is wrong is seen at once");
  }

  @Test
  void ofVeryManyCasesSomeAreNamedAndTheRestIsCounted() {
    for (int i = 0; i < 5000; i++) {
      add("bce", "ORDINARY", "float32", "case-" + i, i < 1000 ? "FAILED" : "PASSED");
    }
    String html = render();

    assertEquals(10, html.split("<code class=bad>", -1).length - 1);
    assertEquals(5, html.split("<code class=good>", -1).length - 1);
    assertTrue(html.contains("and 990 more") && html.contains("and 3995 more"), html);
    assertTrue(html.contains("4000 ✗1000"), html);
  }

  @Test
  void aCaseOfTwoContractsIsNamedOnce() {
    add("bce", "ORDINARY", "float32", "1", "PASSED");
    add("bce", "ORDINARY", "float32", "1", "PASSED");
    String html = render();

    assertEquals(1, html.split("<code class=good>", -1).length - 1);
    assertTrue(html.contains("<td class=good>2\n"), "but counted twice");
    assertFalse(html.contains(" open>"), "folded where nothing is wrong");
  }

  @Test
  void nothingIsShownOfNothing() {
    assertEquals("", render());
  }
}
