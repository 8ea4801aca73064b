package org.lanewise.bench.cli;

import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.SafeFile;
import org.lanewise.conformance.verdict.Verdict;

/** Verdicts in the XML form that CI servers read as test results: one suite an implementation. */
final class JUnitXml {
  private JUnitXml() {}

  /** The tests of one implementation. */
  record Suite(String name, List<Test> tests) {}

  /**
   * One test.
   *
   * @param group what it belongs to, in dotted form
   * @param reason one sentence; null if passed
   * @param detail what a failure shows beside
   */
  record Test(String group, String name, Verdict verdict, @Nullable String reason, String detail) {
    private boolean isFailure() {
      return verdict == Verdict.FAILED || verdict == Verdict.MISTRUSTED;
    }

    private boolean isSkipped() {
      return verdict == Verdict.SKIPPED || verdict == Verdict.NOT_APPLICABLE;
    }
  }

  static void write(Path file, List<Suite> suites) {
    StringWriter text = new StringWriter();
    try {
      XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
      xml.writeStartDocument("UTF-8", "1.0");
      xml.writeCharacters("\n");
      xml.writeStartElement("testsuites");
      for (Suite suite : suites) {
        xml.writeCharacters("\n");
        xml.writeStartElement("testsuite");
        xml.writeAttribute("name", suite.name);
        xml.writeAttribute("tests", Integer.toString(suite.tests.size()));
        xml.writeAttribute("failures", Long.toString(suite.tests.stream().filter(Test::isFailure).count()));
        xml.writeAttribute("skipped", Long.toString(suite.tests.stream().filter(Test::isSkipped).count()));
        for (Test test : suite.tests) {
          writeTest(xml, test);
        }
        xml.writeEndElement();
      }
      xml.writeEndElement();
      xml.writeEndDocument();
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException("Writing to a string cannot fail.", e);
    }
    SafeFile.write(file, text + "\n");
  }

  private static void writeTest(XMLStreamWriter xml, Test test) throws XMLStreamException {
    xml.writeCharacters("\n  ");
    xml.writeStartElement("testcase");
    xml.writeAttribute("classname", test.group);
    xml.writeAttribute("name", test.name);
    if (test.isFailure()) {
      xml.writeStartElement("failure");
      xml.writeAttribute("type", test.verdict.name());
      xml.writeAttribute("message", String.valueOf(test.reason));
      xml.writeCharacters(test.detail);
      xml.writeEndElement();
    } else if (test.isSkipped()) {
      xml.writeEmptyElement("skipped");
      xml.writeAttribute("message", "%s: %s".formatted(test.verdict, test.reason));
    }
    xml.writeEndElement();
  }
}
