package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class NeighboursTest {
  /** Children count as ours when they have ended; until then they are as good as anybody's. */
  @Test
  void anybodyElsesWorkIsSeen() throws IOException, InterruptedException {
    List<Process> others = new ArrayList<>();
    Neighbours neighbours = new Neighbours();
    try {
      for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
        others.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
      }
      Thread.sleep(1000);
      assertEquals("busy", neighbours.described());
    } finally {
      others.forEach(Process::destroyForcibly);
    }
  }
}
