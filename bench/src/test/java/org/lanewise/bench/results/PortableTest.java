package org.lanewise.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortableTest {
  @ParameterizedTest
  @CsvSource({
    "/opt/jdk-25/bin/java, java",
    "-Dlanewise.foreign=/home/me/my kernel.jar, -Dlanewise.foreign=my kernel.jar",
    "-Djava.io.tmpdir=/var/tmp/, -Djava.io.tmpdir=",
    "-Xlog:gc:/var/log/gc.log, -Xlog:gc:gc.log",
    "--cases=~/data/cases, --cases=cases",
    "C:\\jdk\\bin\\java.exe, java.exe",
    "cannot read /a/b.json: no such file, cannot read b.json: no such file",
    "/x, x",
    "/, ''"
  })
  void aPathIsCutToItsLastName(String text, String portable) {
    assertEquals(portable, Portable.text(text));
  }

  @ParameterizedTest
  @CsvSource({
    "bench/peers/peers.py", "B/op", "MB/sec", "3 / 4", "https://example.org/a/b", "Linux 6.1 amd64", "a:b",
    "2026-11-28T10:31:42Z", "-XX:+UseSerialGC", "../sibling/cpu.json"
  })
  void whatIsNoAbsolutePathStays(String text) {
    assertEquals(text, Portable.text(text));
  }

  @Test
  void everyTextOfADocument() {
    assertEquals(
        JsonParser.parseString("{'jvm': 'java', 'n': 1, 'a': [['-Da=c', null, true]]}"),
        Portable.json(JsonParser.parseString("{'jvm': '/usr/bin/java', 'n': 1, 'a': [['-Da=/b/c', null, true]]}")));
  }
}
