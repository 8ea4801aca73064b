package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** How many results are how far off, and which identities of the mathematics hold to the bit. */
record HistogramSection(Results results) implements Section {
  private static final Map<String, String> SOURCES =
      Map.of(
          "certificate", "Of certificates, over all or very many inputs",
          "bench", "Of what was measured, at the same inputs for everybody",
          "validate", "Of validate, over stored and drawn cases");

  @Override
  public void render(Page page) {
    List<Accuracy.Histogram> histograms = results.accuracy().histograms();
    if (histograms.isEmpty() && results.accuracy().identities().isEmpty()) {
      return;
    }
    page.open("histograms", "Histograms of the error");
    page.add("<p>Results by how far they are off. The axis of counts is logarithmic.</p>\n");
    Map<String, List<Accuracy.Histogram>> bySource =
        histograms.stream()
            .collect(Collectors.groupingBy(Accuracy.Histogram::source, LinkedHashMap::new, Collectors.toList()));
    bySource.forEach(
        (source, some) -> {
          page.add("<details><summary>%s: %d</summary>", SOURCES.getOrDefault(source, source), some.size());
          page.add("<div class=\"plots small\">\n");
          some.forEach(histogram -> plot(page, histogram));
          page.add("</div></details>\n");
        });
    identities(page);
    page.close();
  }

  private void plot(Page page, Accuracy.Histogram histogram) {
    Accuracy.Key key = histogram.key();
    List<RowPlot.Row> rows = new ArrayList<>();
    Table table = new Table("").text("Error", "error").number("Results", "count");
    Style style = results.styles().of(key.implementation());
    double all = histogram.bins().stream().mapToDouble(Accuracy.Bin::count).sum();
    for (Accuracy.Bin bin : histogram.bins()) {
      if (bin.count() > 0) {
        String label = "%s: %s (%s)".formatted(bin.name(), Numbers.count(bin.count()), share(bin.count() / all));
        rows.add(new RowPlot.Row(label, style, List.of(RowPlot.Bar.of(bin.count()))));
      }
      table.row(Table.Cell.of(bin.name()), Table.Cell.of(Numbers.count(bin.count()), (long) bin.count()));
    }
    String title = "%s: %s".formatted(key.implementation(), key.operation());
    String detail = "%s, %s".formatted(key.output().replace('_', ' '), key.dtype());
    RowPlot plot = new RowPlot("Errors of " + title + ", " + detail, Plot.Scale.log("results"), rows);
    page.figure(title, detail, plot.render(), table);
  }

  private static String share(double share) {
    return share == 1 ? "all" : share < 1e-6 ? "< 1 ppm" : Numbers.percent(share);
  }

  private void identities(Page page) {
    List<Accuracy.Identity> identities = results.accuracy().identities();
    if (identities.isEmpty()) {
      return;
    }
    Table table =
        new Table("Identities of the mathematics, which validate tries and which decide nothing")
            .text("By", null)
            .text("Operation", null)
            .wide("Identity", null)
            .number("Hold to the bit", null)
            .number("Max ULP", null);
    for (Accuracy.Identity identity : identities) {
      table.row(
          Table.Cell.of(identity.implementation()),
          Table.Cell.of(identity.of()),
          Table.Cell.of(identity.name()),
          Table.Cell.of(identity.hold()),
          Table.Cell.of(Numbers.ulp(identity.maxUlp())));
    }
    page.add("<details><summary>Identities: %d</summary>", identities.size()).add(table.html()).add("</details>\n");
  }
}
