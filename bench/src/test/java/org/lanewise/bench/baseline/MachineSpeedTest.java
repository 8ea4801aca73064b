package org.lanewise.bench.baseline;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What is measured is a figure that a machine can have; on a busy one no more can be asked. */
class MachineSpeedTest {
  private static final long MIB = 1 << 20;

  @Test
  void memoryIsReadAtARateThatMemoryHas() {
    Long bandwidth = MachineSpeed.readBandwidth(8 * MIB);

    assertNotNull(bandwidth);
    assertTrue(0.1e9 < bandwidth && bandwidth < 2e12, bandwidth + " bytes a second");
  }

  @Test
  void theClockIsThatOfACpu() {
    Long clock = MachineSpeed.dependentAdds();

    assertNotNull(clock);
    assertTrue(0.3e9 < clock && clock < 10e9, clock + " Hz");
  }

  @Test
  void aCacheThatNoArrayExceedsGivesNoFigure() {
    assertNull(MachineSpeed.readBandwidth(1L << 40));
  }
}
