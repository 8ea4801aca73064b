package org.lanewise.bench.gate;

import org.junit.jupiter.api.Test;

class SimulationTest {
  @Test
  void print() {
    String[] names = {"scatter 0.1 %", "scatter 0.95 %", "scatter 2.7 %", "scatter 5 %", "strays 5.7 %", "strays 15 %", "modes .05 .05", "modes .3 .3", "modes .5 .5", "either", "modes .05 .5", "modes .05 .95","modes .02 .02"};
    SimulatedForks.ForkNoise[] noises = {SimulatedForks.scatter(0.001), SimulatedForks.scatter(0.0095), SimulatedForks.scatter(0.027), SimulatedForks.scatter(0.05),
      SimulatedForks.strays(0.057), SimulatedForks.strays(0.15), SimulatedForks.modes(.05,.05), SimulatedForks.modes(.3,.3), SimulatedForks.modes(.5,.5), SimulatedForks.eitherIsSlow(), SimulatedForks.modes(.05,.5), SimulatedForks.modes(.05,.95), SimulatedForks.modes(.02,.02)};
    int n = Integer.getInteger("n", 500);
    for (int i = 0; i < names.length; i++)
      for (double s : new double[] {0, 0.02, 0.03, 0.05, 0.1}) {
        long t = System.nanoTime();
        System.out.printf("%-15s %.2f %s  %.1f s%n", names[i], s, new SimulatedForks(noises[i], s, 1).judge(n), (System.nanoTime() - t) / 1e9);
      }
  }
}
