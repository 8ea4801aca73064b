package org.lanewise.bench.report;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lanewise.bench.results.ResultFile;

/** Where the results were made; files that agree in all but the time share a table. */
record EnvironmentSection(Results results) implements Section {
  @Override
  public void render(Page page) {
    page.open("environment", "Environment");
    Map<JsonObject, List<String>> kinds = new LinkedHashMap<>();
    Map<JsonObject, List<String>> times = new LinkedHashMap<>();
    for (ResultFile file : results.files()) {
      JsonObject facts = file.environment().deepCopy();
      String time = Fields.shown(facts.remove("utc"));
      kinds.computeIfAbsent(facts, _ -> new ArrayList<>()).add(file.kind());
      times.computeIfAbsent(facts, _ -> new ArrayList<>()).add(time);
    }
    kinds.forEach(
        (facts, of) -> {
          page.add("<details%s><summary>", kinds.size() == 1 ? " open" : "");
          page.add("%s: %s</summary>", String.join(", ", counted(of)), Fields.shown(facts.get("cpu")));
          Table table = new Table("").text("Fact", null).wide("Value", null);
          table.row(Table.Cell.of("utc"), Table.Cell.of(String.join(" · ", times.getOrDefault(facts, List.of()))));
          for (Map.Entry<String, JsonElement> fact : facts.entrySet()) {
            table.row(
                Table.Cell.of(fact.getKey().replace('_', ' ')), Table.Cell.of(Fields.shown(fact.getValue())));
          }
          page.add(table.html()).add("</details>\n");
        });
    page.close();
  }

  /** {@code verify, 6 × certificate}. */
  private static List<String> counted(List<String> kinds) {
    return kinds.stream()
        .distinct()
        .map(
            kind -> {
              long count = kinds.stream().filter(kind::equals).count();
              return count == 1 ? kind : "%d × %s".formatted(count, kind);
            })
        .toList();
  }
}
