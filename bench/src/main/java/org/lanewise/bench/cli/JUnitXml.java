package org.lanewise.bench.cli;

import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.lanewise.bench.results.SafeFile;
import org.lanewise.conformance.verdict.CaseResult;
import org.lanewise.conformance.verdict.Verdict;

/** Verdicts in the XML form that CI servers read as test results: one suite an implementation. */
final class JUnitXml {
  private JUnitXml() {}

  static void write(Path file, Verification verification) {
    StringWriter text = new StringWriter();
    try {
      XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
      xml.writeStartDocument("UTF-8", "1.0");
      xml.writeCharacters("\n");
      xml.writeStartElement("testsuites");
      for (String subject : verification.subjects()) {
        List<CaseResult> results =
            verification.results().stream().filter(result -> result.subject().equals(subject)).toList();
        xml.writeCharacters("\n");
        xml.writeStartElement("testsuite");
        xml.writeAttribute("name", subject);
        xml.writeAttribute("tests", Integer.toString(results.size()));
        xml.writeAttribute("failures", Long.toString(results.stream().filter(JUnitXml::isFailure).count()));
        xml.writeAttribute("skipped", Long.toString(results.stream().filter(JUnitXml::isSkipped).count()));
        for (CaseResult result : results) {
          writeCase(xml, verification, result);
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

  private static void writeCase(XMLStreamWriter xml, Verification verification, CaseResult result)
      throws XMLStreamException {
    xml.writeCharacters("\n  ");
    xml.writeStartElement("testcase");
    xml.writeAttribute("classname", result.subject() + "." + result.contract().id());
    xml.writeAttribute("name", result.reference().id());
    if (isFailure(result)) {
      xml.writeStartElement("failure");
      xml.writeAttribute("type", result.verdict().name());
      xml.writeAttribute("message", String.valueOf(result.reason()));
      xml.writeCharacters(String.valueOf(result.worst()) + "\nrepeat: " + verification.repeat(result));
      xml.writeEndElement();
    } else if (isSkipped(result)) {
      xml.writeEmptyElement("skipped");
      xml.writeAttribute("message", "%s: %s".formatted(result.verdict(), result.reason()));
    }
    xml.writeEndElement();
  }

  private static boolean isFailure(CaseResult result) {
    return result.verdict() == Verdict.FAILED || result.verdict() == Verdict.MISTRUSTED;
  }

  private static boolean isSkipped(CaseResult result) {
    return result.verdict() == Verdict.SKIPPED || result.verdict() == Verdict.NOT_APPLICABLE;
  }
}
