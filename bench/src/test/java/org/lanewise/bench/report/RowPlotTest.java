package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.report.Plot.Scale;
import org.lanewise.bench.report.RowPlot.Bar;
import org.lanewise.bench.report.RowPlot.Dots;
import org.lanewise.bench.report.RowPlot.Interval;
import org.lanewise.bench.report.RowPlot.Lane;
import org.lanewise.bench.report.RowPlot.Row;
import org.w3c.dom.Element;

class RowPlotTest {
  private static Row row(String label, Lane... lanes) {
    return new Row(label, new Style(1, false), List.of(lanes));
  }

  private static Parsed draw(Scale x, Row... rows) {
    return Parsed.of(new RowPlot("title", x, List.of(rows)).render());
  }

  @Test
  void barsBeginAtOneAndReachTheirValueOnEitherSide() {
    Parsed plot = draw(Scale.log("times"), row("fast", new Bar(4, 2, 8)), row("slow", new Bar(0.25, 0.25, 0.25)));

    List<Element> bars = plot.elements("rect", "marker");
    double one = Parsed.number(bars.get(0), "x");
    assertEquals(one, Parsed.number(bars.get(1), "x") + Parsed.number(bars.get(1), "width"), 0.11, "both touch 1");
    assertEquals(Parsed.number(bars.get(0), "width"), Parsed.number(bars.get(1), "width"), 0.11, "4 and 1/4");
    assertEquals(1, plot.elements("path", "range").size(), "a range only where there is one");
    assertEquals(List.of("fast", "slow"), plot.texts("text", "key"));
  }

  @Test
  void everyLaneHasItsOwnHeightAndEveryValueADot() {
    Parsed plot =
        draw(
            Scale.linear("time"),
            row("a", new Dots(List.of(1.0, 1.1)), new Dots(List.of(1.5))),
            row("b", new Dots(List.of(2.0))));

    List<Element> dots = plot.marks();
    assertEquals(4, dots.size());
    List<Double> heights = dots.stream().map(dot -> Parsed.number(dot, "y")).distinct().toList();
    assertEquals(3, heights.size(), "two forks and another row");
    assertTrue(heights.get(0) < heights.get(1) && heights.get(1) < heights.get(2));
    assertTrue(Parsed.number(dots.get(0), "x") < Parsed.number(dots.get(1), "x"));
  }

  @Test
  void anIntervalIsADotOnItsLine() {
    Parsed plot = draw(Scale.log("x"), row("a", new Interval(5, 1, 10)));

    assertEquals(1, plot.marks().size());
    assertEquals(1, plot.elements("path", "spread").size());
  }

  @Test
  void everythingIsInsideAndNothingIsDrawnOfNothing() {
    Parsed plot = draw(Scale.log("x"), row("a", Bar.of(1)), row("b", Bar.of(4e9)));
    String[] box = plot.elements("svg", "plot").getFirst().getAttribute("viewBox").split(" ");
    for (Element bar : plot.elements("rect", "marker")) {
      assertTrue(Parsed.number(bar, "x") >= 0);
      assertTrue(Parsed.number(bar, "x") + Parsed.number(bar, "width") <= Double.parseDouble(box[2]));
      assertTrue(Parsed.number(bar, "width") >= 2, "a count of 1 is seen");
    }
    assertEquals("", new RowPlot("t", Scale.log("x"), List.of()).render());
  }
}
