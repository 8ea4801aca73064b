package org.lanewise.conformance.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the comparison of pages with code rests on. */
class PageTest {
  private static Page page(String markdown) {
    return Page.parse("test.md", markdown.lines().toList());
  }

  @Test
  void javaBlocksAreExamplesAndTextBlocksTheirOutput() {
    Page page = page("# A\n```java\na();\n\n  b();\n```\nprose\n```text\n1\n2\n```\n```java\nc();\n```\n");
    assertEquals(List.of(new Page.Example("a();\n\n  b();", "1\n2"), new Page.Example("c();", null)), page.examples());
    assertEquals("1\n2", page.outputOf("a();\n\n  b();"));
    assertThrows(NoSuchElementException.class, () -> page.outputOf("c();"));
    assertThrows(NoSuchElementException.class, () -> page.outputOf("d();"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "```\ncode\n```", // no language
        "```Java\ncode\n```",
        "  ```java\n  code\n  ```",
        "~~~java\ncode\n~~~",
        "```java\ncode\n  ```",
        "```java\ncode",
        "```text\noutput\n```", // of no code
        "```java\ncode\n```\n```text\n1\n```\n```text\n2\n```",
      })
  void blocksThatWouldEscapeTheComparisonAreRefused(String markdown) {
    assertThrows(IllegalArgumentException.class, () -> page(markdown));
  }

  @ParameterizedTest
  @ValueSource(strings = {"pitfalls.md", "training-example.md"})
  void aPageStartsWithWhatTheReaderWillHave(String name) {
    String opening = Page.lines("docs/" + name).get(2);
    assertTrue(opening.startsWith("At the end of this page "), opening);
  }

  @Test
  void regionsLoseTheirCommonIndentation() {
    String source = "class A {\n  // @start region=one\n  a {\n\n    b\n  }\n  // @end\n  // @start region=two\n    c\n  // @end\n}";
    assertEquals(
        List.of("a {\n\n  b\n}", "c"), List.copyOf(Page.regions(source.lines().toList()).sequencedValues()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "// @start region=a\ncode",
        "// @end",
        "// @start region=a\n// @start region=b\n// @end",
        "// @start region=a\n// @end\n// @start region=a\n// @end",
        "// @start a",
      })
  void marksThatDoNotFitAreRefused(String source) {
    assertThrows(IllegalArgumentException.class, () -> Page.regions(source.lines().toList()));
  }
}
