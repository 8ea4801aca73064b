package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final StringWriter written = new StringWriter();

  @Test
  void outsideATerminalEveryStepIsALine() {
    try (Progress progress = new Progress(new PrintWriter(written), false)) {
      progress.step(1, 24, "vector", Duration.ofSeconds(70));
      progress.step(2, 24, "scalar", Duration.ofMinutes(40));
      progress.note("It failed.");
    }

    assertEquals(
        List.of("[1/24] vector, 70 s left", "[2/24] scalar, 40 min left", "It failed."),
        written.toString().lines().toList());
  }

  @Test
  void onATerminalTheBarRedrawsItselfAndGoes() {
    try (Progress progress = new Progress(new PrintWriter(written), true)) {
      progress.step(13, 24, "a very long step ".repeat(10), Duration.ofHours(2));
    }

    String[] drawn = written.toString().split("\r", -1);
    assertTrue(drawn[1].startsWith("[##########..........] 13/24, 2 h left: a very long step"), drawn[1]);
    assertTrue(drawn[1].length() < 80);
    assertTrue(drawn[2].isBlank());
    assertEquals("", drawn[3]);
  }
}
