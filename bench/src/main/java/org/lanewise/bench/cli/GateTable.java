package org.lanewise.bench.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lanewise.bench.gate.GateResult;
import org.lanewise.bench.gate.GateResult.Row;
import org.lanewise.bench.gate.rule.Judgement;
import org.lanewise.bench.grid.Work;

/** A run of the gate for a terminal: all benchmarks, then why some do not simply pass, the verdict last. */
final class GateTable {
  private GateTable() {}

  /** The table and what is below it, ending in a line end. */
  static String of(GateResult result) {
    StringBuilder text = new StringBuilder();
    if (!result.rows().isEmpty()) {
      text.append(table(result.rows()));
      text.append("\nratio: the candidate's time over the base's\n");
      text.append("power: how likely a slowdown of 2.5 times the threshold would be found; the\n");
      text.append("       threshold is 2 % unless the policy says otherwise\n\n");
    }
    for (Row row : GateWords.notable(result)) {
      text.append(row.comparison().benchmark()).append('\n');
      text.append(Paragraph.of("%s: %s".formatted(GateWords.verdict(row), GateWords.reason(result, row)), "  ", "  ")).append('\n');
    }
    String compared = GateWords.compared(result);
    if (!compared.isEmpty()) {
      text.append(Paragraph.of(compared));
    }
    for (String note : GateWords.notes(result)) {
      text.append(Paragraph.of(note));
    }
    return text.append('\n').append(Paragraph.of(GateWords.headline(result))).toString();
  }

  private static String table(List<Row> rows) {
    TextTable table =
        new TextTable("llrrrrl", "shape", "kernel", "ratio", "95 % interval", "power", "forks", "verdict");
    Map<String, List<Row>> groups =
        rows.stream()
            .collect(
                Collectors.groupingBy(
                    row -> heading(row.comparison().benchmark().work()), LinkedHashMap::new, Collectors.toList()));
    groups.forEach(
        (heading, group) -> {
          table.heading("");
          table.heading(heading);
          group.forEach(row -> row(table, row));
        });
    return table.toString();
  }

  private static String heading(Work work) {
    return "%s, %s".formatted(BenchTable.heading(work), work.target());
  }

  private static void row(TextTable table, Row row) {
    Judgement judgement = row.judgement();
    table.row(
        row.comparison().benchmark().work().shape(),
        row.comparison().benchmark().kernel(),
        GateWords.ratio(judgement.ratio()),
        GateWords.interval(judgement.low(), judgement.high()),
        GateWords.power(judgement),
        GateWords.forks(row.comparison()),
        GateWords.verdict(row));
  }
}
