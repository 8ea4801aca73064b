package org.lanewise.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.results.MeasuredRow.Time;

class RatioTest {
  @Test
  void theRoomReachesFromTheLeastOverTheMostToTheReverse() {
    Ratio ratio = Ratio.of(new Time(200, 180, 300, 5), new Time(100, 90, 120, 5));

    assertEquals(new Ratio(2, 1.5, 300.0 / 90), ratio);
  }

  @Test
  void theMeanIsGeometric() {
    Ratio mean = Ratio.mean(List.of(new Ratio(2, 1, 4), new Ratio(8, 4, 9)));

    assertEquals(4, mean.value(), 1e-12);
    assertEquals(2, mean.low(), 1e-12);
    assertEquals(6, mean.high(), 1e-12);
  }
}
