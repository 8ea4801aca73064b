package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ColoursTest {
  private static String green(String text) {
    return "\033[32m" + text + "\033[0m";
  }

  private static String red(String text) {
    return "\033[31m" + text + "\033[0m";
  }

  private static String yellow(String text) {
    return "\033[33m" + text + "\033[0m";
  }

  @Test
  void verdictsArePaintedAndNothingElse() {
    assertEquals(
        "mine: " + green("PASSED") + "\n" + red("FAILED") + " scalar a/b/c: it has failed, and what passed says nothing.\n",
        Colours.painted("mine: PASSED\nFAILED scalar a/b/c: it has failed, and what passed says nothing.\n"));
    assertEquals(
        "1024  vector  1.100  " + red("regressed") + "\n1024  scalar  1.000  " + green("pass")
            + "\n16    scalar  1.000  " + yellow("inconclusive") + "\n\n"
            + red("Regressed") + ": 1 regressed, 1 inconclusive, 1 pass of 3 benchmarks.\n",
        Colours.painted(
            """
            1024  vector  1.100  regressed
            1024  scalar  1.000  pass
            16    scalar  1.000  inconclusive

            Regressed: 1 regressed, 1 inconclusive, 1 pass of 3 benchmarks.
            """));
    assertEquals(
        yellow("SKIPPED") + " opencl: no device\n", Colours.painted("SKIPPED opencl: no device\n"));
    assertEquals("passed failed PASSEDLY\n", Colours.painted("passed failed PASSEDLY\n"));
  }

  @Test
  void aVerdictThatIsWrittenInPiecesIsPaintedWhole() {
    StringWriter written = new StringWriter();
    PrintWriter out = new PrintWriter(new Colours(written));

    out.printf("%s%s: ", "a", 1);
    out.print("PAS");
    out.print('S');
    out.println("ED");
    out.print("no line end: FAILED");
    out.flush();

    assertEquals("a1: %s%nno line end: %s".formatted(green("PASSED"), red("FAILED")), written.toString());
  }

  @Test
  void whoAsksForNoneGetsNone() {
    assertTrue(Terminal.wantsColours(null, "xterm-256color"));
    assertTrue(Terminal.wantsColours("", "xterm"), "as no-color.org has it");
    assertFalse(Terminal.wantsColours("1", "xterm"));
    assertFalse(Terminal.wantsColours(null, "dumb"));
    assertFalse(Terminal.wantsColours(null, null));
  }
}
