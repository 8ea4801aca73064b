package org.lanewise.bench.report;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** A drawn plot, parsed: it must be well-formed, and its elements can be looked at. */
record Parsed(Element root) {
  static Parsed of(String svgAndLegend) {
    try {
      return new Parsed(
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader("<div>" + svgAndLegend + "</div>")))
              .getDocumentElement());
    } catch (SAXException | IOException | ParserConfigurationException e) {
      throw new AssertionError(svgAndLegend, e);
    }
  }

  /** The elements of a tag and class, in the order of the document. */
  List<Element> elements(String tag, String cssClass) {
    List<Element> found = new ArrayList<>();
    NodeList nodes = root.getElementsByTagName(tag);
    for (int i = 0; i < nodes.getLength(); i++) {
      Element element = (Element) nodes.item(i);
      if (List.of(element.getAttribute("class").split(" ")).contains(cssClass)) {
        found.add(element);
      }
    }
    return found;
  }

  List<String> texts(String tag, String cssClass) {
    return elements(tag, cssClass).stream().map(Element::getTextContent).toList();
  }

  /** The names in the legend. */
  List<String> legend() {
    List<String> names = new ArrayList<>();
    NodeList entries = root.getElementsByTagName("li");
    for (int i = 0; i < entries.getLength(); i++) {
      names.add(entries.item(i).getTextContent());
    }
    return names;
  }

  /** The marks of the plot itself, without those of the legend. */
  List<Element> marks() {
    return elements("use", "marker").stream()
        .filter(mark -> !((Element) mark.getParentNode()).getAttribute("class").equals("swatch"))
        .toList();
  }

  static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }
}
