package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a long command says of its steps, where it does not write to a terminal. */
class StepsTest {
  @Test
  void whatIsLeftIsToldOnceThereIsAPace() {
    StringWriter err = new StringWriter();
    try (Steps steps = new Steps(new PrintWriter(err), "mine")) {
      steps.next(0, "stored cases");
      steps.next(0.5, "fresh cases");
      steps.accept("something else");
    }
    List<String> lines = err.toString().lines().toList();
    assertEquals(3, lines.size());
    assertEquals("   0 s  mine: stored cases", lines.getFirst());
    assertTrue(lines.get(1).matches(" +\\d+ s, about \\d+ s left {2}mine: fresh cases"), lines.get(1));
    assertEquals("   0 s  mine: something else", lines.get(2));
  }
}
