package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Locale;

/** The verdicts: counted, with their worst errors, with each failure, and by operation, region and dtype. */
record CorrectnessSection(Results results) implements Section {
  /** So many failures are listed in full; with more of them, the first tell what is wrong. */
  private static final int LISTED_FAILURES = 50;

  @Override
  public void render(Page page) {
    CheckedRows checked = results.checked();
    if (checked.tallies().isEmpty()) {
      return;
    }
    page.open("correctness", "Correctness");
    if (results.files().stream().anyMatch(file -> file.kind().equals("verify"))) {
      page.add("<p>Each stored case is judged twice: <em>pytorch</em> asks whether the result is as good as PyTorch's ")
          .add("own, <em>true</em> whether its error against the true value stays within what the kernel declares. ")
          .add("Errors are in units in the last place (ULP); under <em>pytorch</em> a large one is allowed only where ")
          .add("PyTorch's own in the same tensor is, as where terms cancel.</p>\n");
    }
    if (results.files().stream().anyMatch(file -> file.kind().equals("validate"))) {
      page.add("<p>What <em>validate</em> found stands under the rule that was judged, in place of a contract.</p>\n");
    }
    if (checked.replaced() > 0) {
      page.add(
          "<p class=\"note\">In more than one file, the last of which counts: %s.</p>\n",
          Words.count(checked.replaced(), "check"));
    }
    page.add(counts(checked).html());
    failures(page, checked.notGood());
    results.matrix().render(page);
    page.close();
  }

  private static Table counts(CheckedRows checked) {
    List<String> verdicts =
        CheckedRows.VERDICTS.stream()
            .filter(verdict -> verdict.equals("PASSED") || verdict.equals("FAILED") || checked.count(verdict) > 0)
            .toList();
    Table table =
        new Table("Checks by kernel, operation and contract")
            .text("Kernel", null)
            .text("Operation", null)
            .text("Contract", null);
    for (String verdict : verdicts) {
      table.number(verdict.charAt(0) + verdict.substring(1).toLowerCase(Locale.ROOT).replace('_', ' '), null);
    }
    table.number("Max ULP", null).wide("Where it is largest", null);
    checked
        .tallies()
        .forEach(
            (key, tally) -> {
              Table.Cell[] cells = new Table.Cell[verdicts.size() + 5];
              cells[0] = Table.Cell.of(key.kernel());
              cells[1] = Table.Cell.of(key.operation());
              cells[2] = Table.Cell.of(key.contract());
              for (int i = 0; i < verdicts.size(); i++) {
                int count = tally.count(verdicts.get(i));
                boolean alarming = count > 0 && List.of("FAILED", "MISTRUSTED").contains(verdicts.get(i));
                cells[3 + i] = Table.Cell.of((alarming ? "✗ " : "") + count);
              }
              cells[cells.length - 2] = Table.Cell.of(Numbers.ulp(tally.maxUlp()));
              cells[cells.length - 1] = Table.Cell.of(tally.witness());
              table.row(cells);
            });
    return table;
  }

  private static void failures(Page page, List<JsonObject> rows) {
    if (rows.isEmpty()) {
      return;
    }
    List<JsonObject> listed = rows.subList(0, Math.min(rows.size(), LISTED_FAILURES));
    Table table =
        new Table("")
            .text("Kernel", null)
            .wide("Case", null)
            .text("Contract", null)
            .text("Verdict", null)
            .wide("Reason", null)
            .wide("Repeat with", null);
    for (JsonObject row : listed) {
      table.row(
          Table.Cell.of(Fields.shown(row.get("kernel"))),
          Table.Cell.of(Fields.shown(row.get("case"))),
          Table.Cell.of(Fields.shown(row.get("contract"))),
          Table.Cell.of(Fields.shown(row.get("verdict"))),
          Table.Cell.of(Fields.shown(row.get("reason"))),
          Table.Cell.of(Fields.shown(row.get("repeat"))));
    }
    page.add(
            "<details open class=\"bad\"><summary>Failed or mistrusted: %d%s</summary>",
            rows.size(),
            listed.size() < rows.size() ? ", the first %d are listed".formatted(listed.size()) : "")
        .add(table.html())
        .add("</details>\n");
  }
}
