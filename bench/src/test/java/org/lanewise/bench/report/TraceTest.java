package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TraceTest {
  @Test
  void stepsAreRelativeAndShort() {
    assertEquals("M10.5 20l2-3.2l-.4 .5", new Trace().move(10.5, 20).line(12.5, 16.8).line(12.1, 17.3).toString());
    assertEquals("M1 1v3m4-2", new Trace().move(1, 1).line(1, 4).move(5, 2).toString());
  }

  @Test
  void roundingDoesNotAddUp() {
    Trace trace = new Trace().move(0, 0);
    for (int i = 1; i <= 100; i++) {
      trace.line(i * 0.14, 0);
    }
    double sum = 0;
    for (String step : trace.toString().substring("M0 0l".length()).split("l")) {
      sum += Double.parseDouble(step.split(" ")[0]);
    }
    assertEquals(14, sum, 1e-9);
  }
}
