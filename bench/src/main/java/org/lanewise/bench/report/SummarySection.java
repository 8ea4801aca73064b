package org.lanewise.bench.report;

import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.lanewise.bench.results.ResultFile;

/** What the files are, and what they say in a few large words. */
record SummarySection(Results results) implements Section {
  /** Speed-ups in the summary; all of them stand in their own section. */
  private static final int MOST_CARDS = 2;

  @Override
  public void render(Page page) {
    page.add("<section id=\"summary\">\n");
    incomplete(page);
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
            .filter(file -> file.environment().get("complete") instanceof JsonPrimitive told && !told.getAsBoolean())
            .map(ResultFile::kind)
            .distinct()
            .collect(Collectors.joining(" and "));
    if (!kinds.isEmpty()) {
      page.add("<p class=\"warn\">Interrupted: the %s results hold what was measured until then.</p>\n", kinds);
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
          "%d checks passed, %d failed, %d mistrusted, %d skipped"
              .formatted(passed, failed, mistrusted, checked.count(kernel, "SKIPPED")));
    }
    if (checked.tallies().isEmpty()) {
      card(page, "Correctness", "warn", "not checked", "these files hold no verify results");
    }
  }

  private static void speedUps(Page page, List<SpeedUps.SpeedUp> speedUps, String base) {
    // The project's own kernel first: what it was measured beside is in the plots.
    List<SpeedUps.SpeedUp> shown =
        speedUps.stream()
            .sorted((a, b) -> Boolean.compare(isVector(b), isVector(a)))
            .limit(base.equals("scalar") && speedUps.stream().noneMatch(SummarySection::isVector) ? MOST_CARDS : 1)
            .toList();
    for (SpeedUps.SpeedUp speedUp : shown) {
      card(
          page,
          "%s against %s".formatted(speedUp.implementation().label(), base),
          "",
          Numbers.ratio(speedUp.mean()),
          "geometric mean of %d points; %s to %s"
              .formatted(speedUp.points(), Numbers.ratio(speedUp.least()), Numbers.ratio(speedUp.most())));
    }
  }

  private static boolean isVector(SpeedUps.SpeedUp speedUp) {
    return speedUp.implementation().name().equals("vector");
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
