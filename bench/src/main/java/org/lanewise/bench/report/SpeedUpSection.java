package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.List;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow.Implementation;

/** How many times faster everybody is than the scalar kernel, and than the best peer. */
record SpeedUpSection(Results results) implements Section {
  /** The kernel whose every point is shown beside the peers. */
  private static final Implementation OWN = Implementation.kernel("vector");

  @Override
  public void render(Page page) {
    SpeedUps speedUps = new SpeedUps(results.curves());
    Page plots = page.nested();
    plot(
        plots,
        "Against scalar",
        "over the points of at least %,d logits that both measured".formatted(SpeedUps.COUNTED),
        speedUps.againstBaseline());
    plot(
        plots,
        "Against the best peer",
        "over the points of at least %,d logits; the best peer is the fastest of each".formatted(SpeedUps.COUNTED),
        speedUps.againstBestPeer());
    if (plots.isEmpty()) {
      return;
    }
    page.open("speedups", "Speed-ups");
    page.add("<p>A bar is the geometric mean, the thin line reaches from the worst point to the best. Left of 1 is ")
        .add("slower. Both times are of the same machine.</p>\n<div class=\"plots\">\n")
        .add(plots.toString())
        .add("</div>\n");
    pointByPoint(page, speedUps.leads(OWN));
    page.close();
  }

  private void pointByPoint(Page page, List<SpeedUps.Lead> leads) {
    if (leads.isEmpty()) {
      return;
    }
    Table table =
        new Table("")
            .text("Point", null)
            .text("Shape", null)
            .text("Fastest peer", null)
            .number("Its time over that of vector", null)
            .number("5 % – 95 %", null);
    for (SpeedUps.Lead lead : leads) {
      Work work = lead.row().work();
      table.row(
          Table.Cell.of(
              "%s %s, %s, %s data".formatted(work.operation(), work.direction(), work.reduction(), work.data())),
          Table.Cell.of(work.shape()),
          Table.Cell.of(results.curves().label(lead.peer().who())),
          Table.Cell.of(Numbers.ratio(lead.ratio().value()), lead.ratio().value()),
          Table.Cell.shown("%s – %s".formatted(Numbers.ratio(lead.ratio().low()), Numbers.ratio(lead.ratio().high()))));
    }
    page.add("<details open><summary>vector against the fastest peer, point by point</summary>")
        .add(table.html())
        .add("</details>\n");
  }

  private void plot(Page page, String title, String detail, List<SpeedUps.SpeedUp> speedUps) {
    List<RowPlot.Row> bars = new ArrayList<>();
    Table table =
        new Table("")
            .text("By", "by")
            .number("Points", "points")
            .number("Geometric mean", "mean")
            .number("Worst", "worst")
            .number("Best", "best")
            .wide("Worst point", "worst_point");
    for (SpeedUps.SpeedUp speedUp : speedUps) {
      String label = results.curves().label(speedUp.who());
      bars.add(
          new RowPlot.Row(
              "%s: %s".formatted(label, Numbers.ratio(speedUp.mean())),
              results.styles().of(speedUp.who()),
              List.of(new RowPlot.Bar(speedUp.mean(), speedUp.least(), speedUp.most()))));
      table.row(
          Table.Cell.of(label),
          Table.Cell.of(Integer.toString(speedUp.points()), speedUp.points()),
          Table.Cell.of(Numbers.ratio(speedUp.mean()), speedUp.mean()),
          Table.Cell.of(Numbers.ratio(speedUp.least()), speedUp.least()),
          Table.Cell.of(Numbers.ratio(speedUp.most()), speedUp.most()),
          Table.Cell.of(speedUp.worst().toString()));
    }
    page.figure(
        title, detail, new RowPlot(title, Plot.Scale.log("times as fast (geometric mean)"), bars).render(), table);
  }
}
