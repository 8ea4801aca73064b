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
  private long now;

  private Progress progress(boolean terminal) {
    return new Progress(new PrintWriter(written), terminal, () -> now);
  }

  private List<String> lines() {
    return written.toString().lines().toList();
  }

  @Test
  void outsideATerminalEveryStepIsALine() {
    try (Progress progress = progress(false)) {
      progress.step(1, 24, "vector", Duration.ofSeconds(70));
      progress.step(2, 24, "scalar", Duration.ofMinutes(40));
      progress.note("It failed.");
    }

    assertEquals(List.of("[1/24] vector, 70 s left", "[2/24] scalar, 40 min left", "It failed."), lines());
  }

  @Test
  void ofManyStepsOnlySomeAreLines() {
    try (Progress progress = progress(false)) {
      for (int step = 1; step <= 1000; step++) {
        progress.step(step, 1000, "vector", Duration.ofSeconds(1000 - step));
      }
    }

    assertTrue(lines().size() > 30 && lines().size() <= 41, lines().size() + " lines");
    assertEquals("[1/1000] vector, 17 min left", lines().getFirst());
    assertEquals("[1000/1000] vector, 0 s left", lines().getLast());
  }

  @Test
  void onATerminalTheBarRedrawsItselfAndGoes() {
    try (Progress progress = progress(true)) {
      progress.step(13, 24, "a very long step ".repeat(10), Duration.ofHours(2));
    }

    String[] drawn = written.toString().split("\r", -1);
    assertTrue(drawn[1].startsWith("[##########..........] 13/24, 2 h left: a very long step"), drawn[1]);
    assertTrue(drawn[1].length() < 80);
    assertTrue(drawn[2].isBlank());
    assertEquals("", drawn[3]);
  }

  /** A hundred thousand pieces in 100 seconds. */
  private void share(boolean terminal) {
    try (Progress progress = progress(terminal)) {
      for (int i = 0; i < 100_000; i++) {
        progress.share(i / 1e5, "verifying vector");
        now += 1_000_000;
      }
    }
  }

  @Test
  void whatComesInSmallPiecesIsALineATenthWithTheTimeLeft() {
    share(false);

    assertEquals(10, lines().size(), lines().toString());
    assertEquals("[5 %] verifying vector, 2 min left", lines().getFirst());
    assertEquals("[90 %] verifying vector, 10 s left", lines().getLast());
  }

  @Test
  void onATerminalItMovesTenTimesASecond() {
    share(true);

    String[] drawn = written.toString().split("\r", -1);
    assertTrue(drawn.length > 900 && drawn.length <= 1002, drawn.length + " drawings");
    assertTrue(drawn[500].startsWith("[##########..........] 50 %, 50 s left: verifying vector "), drawn[500]);
  }

  @Test
  void whatIsOverAtOnceSaysNothing() {
    try (Progress progress = progress(false)) {
      for (int i = 0; i < 10; i++) {
        progress.share(i / 10.0, "verifying vector");
        now += 100_000_000;
      }
    }

    assertEquals("", written.toString());
  }
}
