package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.report.Plot.Form;
import org.lanewise.bench.report.Plot.Guide;
import org.lanewise.bench.report.Plot.Point;
import org.lanewise.bench.report.Plot.Scale;
import org.lanewise.bench.report.Plot.Series;
import org.w3c.dom.Element;

class PlotTest {
  private static final Pattern PATH_STEP = Pattern.compile("[Ml]");

  private static Series series(String name, int style, Form form, double... ys) {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < ys.length; i++) {
      points.add(new Point(Math.pow(10, i), ys[i], 0.9 * ys[i], 1.2 * ys[i]));
    }
    return new Series(name, new Style(style, false), form, points);
  }

  private static Series dot(String name, double x, double y) {
    return new Series(name, new Style(0, false), Form.DOTS, List.of(Point.of(x, y)));
  }

  private static Parsed draw(List<Guide> guides, Series... series) {
    return Parsed.of(new Plot("title <&>", Scale.log("x"), "y", List.of(series), guides).render());
  }

  private static Parsed draw(Series... series) {
    return draw(List.of(), series);
  }

  private static List<Double> numbers(Element path) {
    return Pattern.compile("-?[\\d.]+")
        .matcher(path.getAttribute("d"))
        .results()
        .map(number -> Double.valueOf(number.group()))
        .toList();
  }

  private static double height(Parsed plot) {
    return Double.parseDouble(plot.elements("svg", "plot").getFirst().getAttribute("viewBox").split(" ")[3]);
  }

  @Test
  void everyLineHasMarksASpreadAndItsNameInTheLegend() {
    Parsed plot = draw(series("a<b", 0, Form.LINE, 1e6, 2e6, 3e6), series("vector", 1, Form.LINE, 1e8, 2e8, 3e8));

    assertEquals("title <&>", plot.elements("svg", "plot").getFirst().getAttribute("aria-label"));
    assertEquals(2, plot.elements("path", "line").size());
    assertEquals(2, plot.elements("path", "spread").size());
    for (Element line : plot.elements("path", "line")) {
      assertEquals(3, PATH_STEP.matcher(line.getAttribute("d")).results().count());
      assertTrue(line.getAttribute("style").startsWith("marker:url(#k"), "a marker at each point");
    }
    assertEquals(List.of("a<b", "vector"), plot.legend());
  }

  @Test
  void aRoofIsALineWithoutMarks() {
    Parsed plot = draw(series("a", 0, Form.LINE, 1, 2), series("memory", 0, Form.ROOF, 9, 9));

    Element roof = plot.elements("g", "roof").getFirst();
    assertFalse(((Element) roof.getElementsByTagName("path").item(0)).hasAttribute("style"), "no markers");
    assertEquals(List.of("memory"), plot.texts("li", "roof"));
  }

  @Test
  void whatIsFaintStandsInNoLegend() {
    Parsed plot = draw(series("a", 0, Form.FAINT, 1, 1), series("a", 0, Form.CURVE, 2, 2));

    assertEquals(1, plot.elements("path", "faint").size());
    assertEquals(0, plot.marks().size());
    assertEquals(List.of("a"), plot.legend());
  }

  @Test
  void guidesStandWhereTheyBelongAndOnlyWithinTheAxis() {
    Parsed plot =
        draw(
            List.of(new Guide(1e-3, "L0"), new Guide(10, "L1"), new Guide(11, "L2"), new Guide(1e9, "L3")),
            series("a", 0, Form.LINE, 1, 2, 3));

    assertEquals(2, plot.elements("path", "guide").size());
    List<Element> names =
        plot.elements("text", "tick").stream().filter(tick -> tick.getTextContent().startsWith("L")).toList();
    assertEquals(List.of("L1", "L2"), names.stream().map(Element::getTextContent).toList());
    double apart = Parsed.number(names.get(1), "x") - Parsed.number(names.get(0), "x");
    assertTrue(apart >= 2 * Svg.LETTER, "names do not overlap: " + apart);
    String line = plot.elements("path", "guide").getFirst().getAttribute("d");
    assertEquals(Parsed.number(names.get(0), "x"), Double.parseDouble(line.substring(1, line.indexOf(' '))), 0.11);
  }

  @Test
  void aCrossingIsARingOnBothLinesWithABarAndAnEntryInTheLegend() {
    List<Series> lines = List.of(series("a", 0, Form.LINE, 1, 100), series("b", 1, Form.LINE, 100, 1));
    Plot plain = new Plot("t", Scale.log("x"), "y", lines, List.of());
    Plot crossed = new Plot("t", Scale.log("x"), "y", lines, List.of(), List.of(new Plot.Crossing(4, 10, 3, 5)));

    assertEquals(List.of("a", "b"), Parsed.of(plain.render()).legend(), "lines that cross are no crossing of themselves");
    Parsed plot = Parsed.of(crossed.render());
    assertEquals(List.of("a", "b", "crossover"), plot.legend());
    Element ring = plot.elements("circle", "ring").getFirst();
    String bar = plot.elements("path", "range").getFirst().getAttribute("d");
    assertTrue(bar.matches("M[0-9.]+ %sH[0-9.]+".formatted(ring.getAttribute("cy"))), bar);
    double left = Double.parseDouble(bar.substring(1, bar.indexOf(' ')));
    double right = Double.parseDouble(bar.substring(bar.indexOf('H') + 1));
    double x = Parsed.number(ring, "cx");
    assertTrue(left < x && x < right, bar);
    assertEquals(Math.log(4.0 / 3) / Math.log(5.0 / 3), (x - left) / (right - left), 0.01, "on the same axis");
  }

  @Test
  void namesOfDotsTouchNeitherEachOtherNorADot() {
    List<Series> dots = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      dots.add(dot("pytorch-eager " + i, 1 + 0.01 * i, 1 + 0.02 * (i % 3)));
    }
    dots.add(dot("far", 1000, 1e6));
    Parsed plot = draw(dots.toArray(Series[]::new));

    List<Element> names = plot.elements("text", "label");
    assertEquals(9, names.size(), "each has its place");
    List<double[]> boxes = new ArrayList<>();
    for (Element name : names) {
      double width = name.getTextContent().length() * Svg.LETTER;
      double x = Parsed.number(name, "x");
      double left = name.getAttribute("class").contains("end") ? x - width : x;
      double middle = Parsed.number(name, "y") - 4.5;
      boxes.add(new double[] {left, left + width, middle - 8, middle + 8});
    }
    for (int i = 0; i < boxes.size(); i++) {
      double[] a = boxes.get(i);
      assertTrue(a[0] >= 0 && a[1] <= Svg.WIDTH && a[2] >= 0 && a[3] <= height(plot), names.get(i).getTextContent());
      for (int k = 0; k < i; k++) {
        double[] b = boxes.get(k);
        boolean apart = a[1] <= b[0] || b[1] <= a[0] || a[3] <= b[2] || b[3] <= a[2];
        assertTrue(apart, names.get(i).getTextContent() + " over " + names.get(k).getTextContent());
      }
      for (Element mark : plot.marks()) {
        double x = Parsed.number(mark, "x");
        double y = Parsed.number(mark, "y");
        assertFalse(x > a[0] && x < a[1] && y > a[2] && y < a[3], names.get(i).getTextContent() + " over a dot");
      }
    }
  }

  @Test
  void aSpreadThatDwarfsTheRestIsCutAtTheFrame() {
    Series wide =
        new Series("a", new Style(0, false), Form.LINE, List.of(new Point(1, 10, 1e-6, 1e9), Point.of(9, 20)));
    Parsed plot = draw(wide);

    double rise = numbers(plot.elements("path", "line").getFirst()).get(3);
    assertTrue(rise < -30, "the medians stay apart: " + rise);
    List<Double> spread = numbers(plot.elements("path", "spread").getFirst());
    assertTrue(spread.get(1) <= height(plot) && spread.get(1) + spread.get(2) >= 0, spread.toString());
  }

  @Test
  void oneSinglePointAndEqualValuesHaveTicksOnBothAxes() {
    Parsed single = draw(series("a", 9, Form.LINE, 1.3e6));
    Parsed equal = draw(dot("a", 0.87, 0.88), dot("b", 0.87, 0.88));
    for (Parsed plot : List.of(single, equal)) {
      assertTrue(plot.elements("text", "tick").size() >= 4, plot.texts("text", "tick").toString());
    }
  }

  @Test
  void severalThreadsHaveTheSameMarkerButHollow() {
    Series threads = new Series("a", new Style(1, true), Form.LINE, List.of(Point.of(1, 1)));
    assertEquals(1, draw(threads).elements("g", "hollow").size());
    assertEquals(0, draw(series("a", 9, Form.LINE, 1, 2)).elements("g", "hollow").size());
  }

  @Test
  void nothingIsDrawnOfNothing() {
    assertEquals("", new Plot("t", Scale.log("x"), "y", List.of(series("a", 0, Form.LINE)), List.of()).render());
  }
}
