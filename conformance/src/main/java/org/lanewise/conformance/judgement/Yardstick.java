package org.lanewise.conformance.judgement;

import java.util.Map;
import java.util.Objects;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.verdict.Witness;

/** The contract {@code pytorch} of one case, element by element: for results that came in another way than by running it. */
public final class Yardstick {
  private final Expectation.Outputs expected;
  private final Map<String, Tolerance> tolerances;
  private final Units units;

  Yardstick(Expectation.Outputs expected, Map<String, Tolerance> tolerances, Units units) {
    this.expected = expected;
    this.tolerances = tolerances;
    this.units = units;
  }

  /** Whether the case has such an output, with a value for each of its elements. */
  public boolean has(String output) {
    Expectation.Output stored = expected.outputs().get(output);
    return stored != null && stored.positions() == null;
  }

  /** The value that is right. */
  public double expected(String output, int index) {
    return tolerance(output).expected(index);
  }

  /** Whether a result keeps the contract. */
  public boolean accepts(String output, int index, double got) {
    return tolerance(output).accepts(index, got);
  }

  /** Says that a result breaks the contract, and by how much. */
  public String tooFar(String output, int index, double got) {
    return Conformance.tooFar(witness(output, index, got), tolerance(output).allowedUlp(index));
  }

  /** A result beside what is right. */
  public Witness witness(String output, int index, double got) {
    Tolerance tolerance = tolerance(output);
    return new Witness(
        output, index, units.describe(output, index), got, tolerance.expected(index), tolerance.ulp(index, got));
  }

  private Tolerance tolerance(String output) {
    return Objects.requireNonNull(tolerances.get(output), output);
  }
}
