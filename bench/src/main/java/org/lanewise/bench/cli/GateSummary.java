package org.lanewise.bench.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lanewise.bench.gate.GateResult;
import org.lanewise.bench.gate.GateResult.Row;
import org.lanewise.bench.gate.rule.Judgement.Verdict;

/** A run of the gate in Markdown, for the summary of a CI step: the verdict, what changed, and the rest folded. */
final class GateSummary {
  private GateSummary() {}

  /** The summary, ending in a line end. */
  static String of(GateResult result) {
    List<Row> notable = GateWords.notable(result);
    List<Row> passed =
        result.rows().stream().filter(row -> row.judgement().verdict() == Verdict.PASS).toList();
    StringBuilder text = new StringBuilder("### Gate. %s\n".formatted(GateWords.headline(result)));
    String compared = GateWords.compared(result);
    if (!compared.isEmpty()) {
      text.append("\n").append(escaped(compared)).append("\n");
    }
    if (!notable.isEmpty()) {
      text.append("\n").append(table(result, notable));
    }
    List<String> notes = GateWords.notes(result);
    if (!notes.isEmpty()) {
      text.append("\n");
      notes.forEach(note -> text.append("* ").append(escaped(note)).append("\n"));
    }
    if (!passed.isEmpty()) {
      text.append(
          "\n<details><summary>%d that pass</summary>\n\n%s\n</details>\n".formatted(passed.size(), table(result, passed)));
    }
    String machine = machine(result.environment());
    return machine.isEmpty() ? text.toString() : text.append("\n").append(escaped(machine)).append("\n").toString();
  }

  private static String table(GateResult result, List<Row> rows) {
    StringBuilder text = new StringBuilder();
    text.append("| benchmark | verdict | ratio | 95 % interval | power | forks | why |\n");
    text.append("|---|---|---|---|---|---|---|\n");
    for (Row row : rows) {
      text.append(
          Stream.of(
                  "`%s`".formatted(row.comparison().benchmark()),
                  row.judgement().verdict() == Verdict.PASS
                      ? GateWords.verdict(row)
                      : "**%s**".formatted(GateWords.verdict(row)),
                  GateWords.ratio(row.judgement().ratio()),
                  GateWords.interval(row.judgement().low(), row.judgement().high()),
                  GateWords.power(row.judgement()),
                  GateWords.forks(row.comparison()),
                  escaped(GateWords.reason(result, row)))
              .collect(Collectors.joining(" | ", "| ", " |\n")));
    }
    return text.toString();
  }

  private static String machine(JsonObject environment) {
    return Stream.of("cpu", "os", "jdk")
        .map(environment::get)
        .filter(Objects::nonNull)
        .filter(JsonElement::isJsonPrimitive)
        .map(JsonElement::getAsJsonPrimitive)
        .map(JsonPrimitive::getAsString)
        .collect(Collectors.joining(", "));
  }

  /** Text that neither ends a cell nor opens a tag: reasons quote messages of programs that failed. */
  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace("|", "\\|")
        .replace("`", "\\`")
        .replaceAll("\\s+", " ");
  }
}
