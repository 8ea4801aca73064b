package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class SvgLinePlotTest {
  private static SvgLinePlot.Point point(double x, double y) {
    return new SvgLinePlot.Point(x, y, 0.9 * y, 1.2 * y, "at " + x);
  }

  private static SvgLinePlot.Series line(String name, int style, double... ys) {
    List<SvgLinePlot.Point> points = new ArrayList<>();
    for (int i = 0; i < ys.length; i++) {
      points.add(point(Math.pow(10, i), ys[i]));
    }
    return new SvgLinePlot.Series(name, style, points);
  }

  private static Element parse(SvgLinePlot.Series... series) throws Exception {
    String svg = new SvgLinePlot("title <&>", "x", "y", List.of(series)).render();
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)))
        .getDocumentElement();
  }

  private static List<Element> elements(Element svg, String tag, String cssClass) {
    List<Element> found = new ArrayList<>();
    NodeList nodes = svg.getElementsByTagName(tag);
    for (int i = 0; i < nodes.getLength(); i++) {
      Element element = (Element) nodes.item(i);
      if (List.of(element.getAttribute("class").split(" ")).contains(cssClass)) {
        found.add(element);
      }
    }
    return found;
  }

  @Test
  void everyLineHasPointsSpreadsAndItsName() throws Exception {
    Element svg = parse(line("a<b", 0, 1e6, 2e6, 3e6), line("vector", 1, 1e8, 2e8, 3e8));

    assertEquals("title <&>", svg.getAttribute("aria-label"));
    assertEquals(2, elements(svg, "path", "line").size());
    assertEquals(6, elements(svg, "path", "spread").size());
    assertEquals(6 + 2, elements(svg, "path", "marker").size(), "points and legend");
    assertEquals(List.of("vector", "a<b"), elements(svg, "text", "label").stream().map(Element::getTextContent).toList());
    assertEquals("at 1.0", svg.getElementsByTagName("title").item(0).getTextContent());
  }

  @Test
  void everythingIsInsideTheFrame() throws Exception {
    Element svg = parse(line("a", 0, 1, 10, 100), line("b", 1, 1e9, 1e9, 1e9), line("c", 2, 1e9, 1e9, 1e9));
    double height = Double.parseDouble(svg.getAttribute("viewBox").split(" ")[3]);
    List<Double> heights =
        elements(svg, "text", "label").stream().map(label -> Double.parseDouble(label.getAttribute("y"))).toList();

    assertTrue(heights.stream().allMatch(y -> y > 0 && y < height), heights.toString());
    for (int i = 1; i < heights.size(); i++) {
      assertTrue(heights.get(i) - heights.get(i - 1) >= 13.9, "labels do not overlap: " + heights);
    }
  }

  @Test
  void ofALongNameTheEndIsShown() throws Exception {
    Element svg = parse(line("pytorch-eager, NVIDIA H200, pinned", 0, 1, 2));

    assertEquals("…A H200, pinned", elements(svg, "text", "label").getFirst().getTextContent());
    assertEquals("pytorch-eager, NVIDIA H200, pinned", elements(svg, "text", "key").getFirst().getTextContent());
  }

  @Test
  void nothingIsDrawnOfNothing() {
    assertEquals("", new SvgLinePlot("t", "x", "y", List.of(line("a", 0))).render());
  }

  @Test
  void oneSinglePointIsAPlot() throws Exception {
    assertFalse(elements(parse(line("a", 9, 5e6)), "text", "tick").isEmpty());
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 1e12", "1000, 262144", "16, 2048", "4e8, 5e8", "3e8, 3.1e8"})
  void anAxisHasFewTicksAllWithinIt(double low, double high) {
    LogAxis axis = new LogAxis(low, high, 0, 100);
    List<Double> ticks = axis.ticks();

    assertTrue(!ticks.isEmpty() && ticks.size() <= 10, ticks.toString());
    assertTrue(ticks.stream().allMatch(tick -> axis.pixel(tick) >= 0 && axis.pixel(tick) <= 100), ticks.toString());
    assertTrue(axis.pixel(low) > 0 && axis.pixel(high) < 100);
  }
}
