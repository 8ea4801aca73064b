package org.lanewise.bench.report;

import com.google.gson.JsonObject;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.MeasuredRow.Implementation;

/**
 * Who computed a row, and where: times of two machines are no two measurements of one thing, and have no ratio.
 *
 * @param cpu of the machine, which on a GPU is the host
 */
record Who(Implementation implementation, String cpu) {
  static Who of(Implementation implementation, JsonObject environment) {
    return new Who(implementation, Environment.cpu(environment));
  }

  /** Another implementation on the same machine. */
  Who beside(Implementation other) {
    return new Who(other, cpu);
  }

  boolean onCpu() {
    return implementation.device().equals("cpu");
  }
}
