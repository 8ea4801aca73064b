package org.lanewise.bench.cli;

import org.jspecify.annotations.Nullable;

/** What a command of the gate is in the middle of, a build or a measurement, so that an interruption can end it. */
final class GateWork {
  private volatile boolean stopped;
  private volatile @Nullable GateMeasurement measurement;

  /** From here on that is what is ended. */
  GateMeasurement begin(GateMeasurement begun) {
    measurement = begun;
    if (stopped) {
      begun.stop();
    }
    return begun;
  }

  /** Whether it was ended early. */
  boolean isStopped() {
    return stopped;
  }

  /** Ends it early, from another thread. */
  void stop() {
    stopped = true;
    GateMeasurement begun = measurement;
    if (begun != null) {
      begun.stop();
    } else { // a build, or the check of the candidate's conformance
      ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    }
  }
}
