package org.lanewise.bench.report;

import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lanewise.bench.results.ResultFile;

/** What the files are, and what they say in a few large words. */
record SummarySection(Results results) implements Section {
  /** Speed-ups in the summary; all of them stand in their own section. */
  private static final int MOST_CARDS = 2;

  @Override
  public void render(Page page) {
    page.add("<section id=\"summary\">\n");
    incomplete(page);
    empty(page);
    machines(page);
    page.add("<div class=\"cards\">\n");
    verdicts(page);
    SpeedUps speedUps = new SpeedUps(results.curves());
    speedUps(page, speedUps.againstBaseline(), "scalar");
    speedUps(page, speedUps.againstBestPeer(), "the best peer");
    measurements(page);
    page.add("</div>\n");
    page.close();
  }

  /** An interrupted measurement must not pass for a whole one. */
  private void incomplete(Page page) {
    String kinds =
        results.files().stream()
            .map(ResultFile::kind)
            .distinct()
            .filter(this::interrupted)
            .collect(Collectors.joining(" and "));
    if (!kinds.isEmpty()) {
      page.add("<p class=\"warn\">Interrupted: the %s results hold what was measured until then.</p>\n", kinds);
    }
  }

  private boolean interrupted(String kind) {
    return results.files().stream()
        .filter(file -> file.kind().equals(kind))
        .anyMatch(file -> file.environment().get("complete") instanceof JsonPrimitive told && !told.getAsBoolean());
  }

  private void empty(Page page) {
    results.files().stream()
        .filter(file -> file.results().isEmpty() && List.of("bench", "peers", "gate").contains(file.kind()))
        .map(ResultFile::kind)
        .distinct()
        .forEach(kind -> page.add("<p class=\"warn\">The %s results hold no measurement.</p>\n", kind));
  }

  /** Plots show them beside each other; nothing else may. */
  private void machines(Page page) {
    List<String> cpus = results.curves().cpus();
    if (cpus.size() > 1) {
      page.add(
          "<p class=\"note\">Measured on %d machines: %s. Plots show them together; ratios are formed within one "
              + "alone.</p>\n",
          cpus.size(),
          String.join("; ", cpus));
    }
  }

  private void verdicts(Page page) {
    CheckedRows checked = results.checked();
    for (String kernel : checked.kernels()) {
      int failed = checked.count(kernel, "FAILED");
      int mistrusted = checked.count(kernel, "MISTRUSTED");
      int passed = checked.count(kernel, "PASSED");
      String verdict =
          failed > 0 ? "fails" : mistrusted > 0 ? "not proven" : passed > 0 ? "conforms" : "nothing checked";
      String css = failed > 0 ? "bad" : verdict.equals("conforms") ? "good" : "warn";
      card(
          page,
          kernel,
          css,
          verdict,
          "%s passed, %d failed, %d mistrusted%s"
              .formatted(Words.count(passed, "check"), failed, mistrusted, skipped(checked.skippedCases(kernel))));
    }
    certificates(page);
    gate(page);
    if (checked.tallies().isEmpty() && results.certificates().rows().isEmpty() && results.gate().isEmpty()) {
      card(page, "Correctness", "warn", "not checked", "these files hold no verify results");
    }
  }

  private static String skipped(long cases) {
    return cases == 0 ? "" : ", %s skipped".formatted(Words.count(cases, "case"));
  }

  private void certificates(Page page) {
    int all = results.certificates().rows().size();
    long failed = results.certificates().count("FAILED");
    long passed = results.certificates().count("PASSED");
    if (all > 0) {
      card(
          page,
          "Certificates",
          failed > 0 ? "bad" : passed == all ? "good" : "warn",
          failed > 0 ? "fail" : passed == all ? "hold" : "not proven",
          "%d of %s passed".formatted(passed, Words.count(all, "output")));
    }
  }

  /** The worst verdict that no waiver covers. */
  private void gate(Page page) {
    GateRows gate = results.gate();
    if (gate.isEmpty()) {
      return;
    }
    String worst =
        Stream.of("regressed", "unmeasured", "inconclusive")
            .filter(verdict -> gate.count(verdict) > 0)
            .findFirst()
            .orElse(
                gate.removed()
                    ? "benchmarks removed"
                    : interrupted("gate") ? "interrupted" : gate.compared().isEmpty() ? "nothing compared" : "pass");
    String word = gate.conforming() ? worst : "does not conform";
    card(
        page,
        "Two builds",
        word.equals("pass") ? "good" : worst.equals("regressed") || !gate.conforming() ? "bad" : "warn",
        word,
        "%d of %s regressed, %d improved"
            .formatted(
                gate.count("regressed"), Words.count(gate.compared().size(), "benchmark"), gate.count("improved")));
  }

  private void speedUps(Page page, List<SpeedUps.SpeedUp> speedUps, String base) {
    // The project's own kernel first: what it was measured beside is in the plots.
    List<SpeedUps.SpeedUp> shown =
        speedUps.stream()
            .sorted((a, b) -> Boolean.compare(isVector(b), isVector(a)))
            .limit(base.equals("scalar") && speedUps.stream().noneMatch(SummarySection::isVector) ? MOST_CARDS : 1)
            .toList();
    for (SpeedUps.SpeedUp speedUp : shown) {
      card(
          page,
          "%s against %s".formatted(results.curves().label(speedUp.who()), base),
          "",
          Numbers.ratio(speedUp.mean()),
          "%s of at least %,d logits%s"
              .formatted(
                  speedUp.points() == 1 ? "1 point" : "geometric mean of %,d points".formatted(speedUp.points()),
                  SpeedUps.COUNTED,
                  range(speedUp)));
    }
  }

  private static String range(SpeedUps.SpeedUp speedUp) {
    String least = Numbers.ratio(speedUp.least());
    String most = Numbers.ratio(speedUp.most());
    return least.equals(most) ? "" : "; %s to %s".formatted(least, most);
  }

  private static boolean isVector(SpeedUps.SpeedUp speedUp) {
    return speedUp.who().implementation().name().equals("vector");
  }

  private void measurements(Page page) {
    long measured = results.curves().rows().stream().filter(row -> row.time() != null).count();
    long all = results.curves().rows().size();
    if (all > 0) {
      card(page, "Measurements", "", Objects.toString(measured), "%d could not be made".formatted(all - measured));
    }
  }

  private static void card(Page page, String title, String css, String word, String detail) {
    page.add("<div class=\"card\"><h3>%s</h3><b class=\"%s\">%s</b>", title, css, word)
        .add("<span>%s</span></div>\n", detail);
  }
}
