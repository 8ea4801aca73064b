package org.lanewise.conformance.judgement;

import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.kernels.tensor.DType;

/**
 * The {@code pytorch} contract for one output tensor: which value is right at each element, and how far a result may be
 * from it.
 *
 * <p>The right value is the truth where all inputs that decide the element are finite. Elsewhere it is NaN where PyTorch
 * gives NaN, the same infinity where PyTorch gives one, and otherwise the truth, read as a limit. A result v may be off by
 * max(2 · E, 4 ULP), E being the largest finite error of PyTorch in the same tensor, or for a scalar the largest relative
 * one in the same region; for 16-bit results 1 ULP.
 *
 * <p>A case that names a deviation shows results where PyTorch is plainly wrong. Errors of more than {@value
 * #DEVIATION_ULP} ULP are then left out of E, or they would make anything acceptable.
 */
final class Tolerance {
  /** In a case that names a deviation, an error of PyTorch beyond this is the deviation, not a rounding error. */
  private static final double DEVIATION_ULP = 64;

  /**
   * PyTorch's own errors may be so many times those of its formulas, evaluated elsewhere on the same few inputs: the rounding
   * of a logit of 64 shows 64-fold in its exponential, or by luck not at all.
   */
  private static final double DRAWN = 64;

  private final String name;
  private final Expectation.Output output;
  private final Units units;
  private final boolean namesDeviation;
  private final boolean asPytorch;
  private final double pytorchError;
  private final boolean allFinite;
  private final boolean drawn;

  /**
   * @param relativeError PyTorch's largest relative error among the scalar results of the region
   * @param namesDeviation whether results that PyTorch gets badly wrong are left out of its error
   * @param drawn whether the case was drawn just now: the errors of the formula at its few elements may all be 0 by luck, so
   *     where terms cancel the unit is that of the largest
   * @param asPytorch whether a result may also be PyTorch's own, and the unit is that of the largest term throughout: PyTorch's
   *     expressions cancel, and how much of that shows in a few stored values is luck too
   */
  Tolerance(
      String name,
      Expectation.Output output,
      Units units,
      double relativeError,
      boolean namesDeviation,
      boolean drawn,
      boolean asPytorch) {
    this.name = name;
    this.output = output;
    this.units = units;
    this.namesDeviation = namesDeviation;
    this.drawn = drawn;
    this.asPytorch = asPytorch;
    this.allFinite = units.allFinite();
    double largest = 0;
    if (!output.dtype().isFloatingPoint()) {
      this.pytorchError = 0;
      return;
    }
    if (output.isScalar()) {
      largest = output.size() == 1 && Double.isFinite(output.exact()[0]) ? relativeError * Math.abs(output.exact()[0]) : 0;
    } else {
      for (int i = 0; i < output.size(); i++) {
        double error = Math.abs(pytorch(i) - output.exact()[i]);
        boolean deviation =
            namesDeviation && error > DEVIATION_ULP * Ulp.of(output.exact()[i], output.dtype());
        largest = Double.isFinite(error) && !deviation ? Math.max(largest, error) : largest;
      }
    }
    this.pytorchError = largest;
  }

  /** PyTorch's relative error, for scalar results whose truth is finite and not 0; otherwise 0. */
  static double relativeError(Expectation.Output output) {
    if (!output.isScalar() || output.size() != 1) {
      return 0;
    }
    double exact = output.exact()[0];
    double error = Math.abs((output.pytorch().getDouble(0) - exact) / exact);
    return Double.isFinite(error) ? error : 0;
  }

  /** Whether results that PyTorch gets badly wrong are left out of its error. */
  boolean namesDeviation() {
    return namesDeviation;
  }

  int size() {
    return output.size();
  }

  double pytorch(int i) {
    return output.pytorch().getDouble(i);
  }

  /** Whether all inputs that decide stored value {@code i} are finite. */
  boolean finiteInputs(int i) {
    // A scalar loss depends on every unit; a gradient entry on its own unit only, whatever the reduction.
    return name.equals("loss") && output.isScalar() ? allFinite : units.finite(name, output.position(i));
  }

  /** The value that is right, as float64; infinite where rounding it to the dtype overflows. */
  double expected(int i) {
    double exact = output.exact()[i];
    double pytorch = pytorch(i);
    if (finiteInputs(i) || Double.isFinite(pytorch)) {
      return output.dtype().isFloatingPoint() && Ulp.overflows(exact, output.dtype())
          ? Math.copySign(Double.POSITIVE_INFINITY, exact)
          : exact;
    }
    return pytorch;
  }

  /** Whether PyTorch's own value is not finite although its inputs and the truth are: the case must name a deviation. */
  boolean deviates(int i) {
    return finiteInputs(i) && Double.isFinite(expected(i)) && !Double.isFinite(pytorch(i));
  }

  /** The signed error of a result in ULP of the right value. */
  double ulp(int i, double got) {
    if (!output.dtype().isFloatingPoint()) {
      return got == expected(i) ? 0 : Math.copySign(Double.POSITIVE_INFINITY, got - expected(i));
    }
    return Ulp.error(got, expected(i), low(i), output.dtype());
  }

  /** Whether a result at stored value {@code i} keeps the contract. */
  boolean accepts(int i, double got) {
    return within(i, got, 2 * pytorchError) || asPytorch && Double.compare(got, pytorch(i)) == 0;
  }

  /** Whether a result is right by itself, without the allowance for PyTorch's own errors. */
  boolean isRight(int i, double got) {
    return within(i, got, 0);
  }

  private boolean within(int i, double got, double allowance) {
    double expected = expected(i);
    if (!output.dtype().isFloatingPoint()) {
      return got == expected;
    }
    if (!Double.isFinite(expected) || !Double.isFinite(got)) {
      return Double.compare(got, expected) == 0;
    }
    return Math.abs((got - expected) - low(i)) <= bound(i, allowance);
  }

  /** How far a result may be from a finite right value. */
  private double bound(int i, double allowance) {
    double unit = Ulp.of(drawn || asPytorch ? largest(i) : expected(i), output.dtype());
    double bound = Math.max(allowance, baseUlps(output.dtype()) * unit);
    // What PyTorch gives for a drawn case nobody has seen: its formulas tell how large its errors are, and no more.
    return drawn && asPytorch ? DRAWN * bound : bound;
  }

  /** How far a result may be from the right value, in ULP; 0 where it has to be equal. */
  double allowedUlp(int i) {
    double expected = expected(i);
    return output.dtype().isFloatingPoint() && Double.isFinite(expected)
        ? bound(i, 2 * pytorchError) / Ulp.of(expected, output.dtype())
        : 0;
  }

  /** The right value, or the largest term of its sum where that is larger. */
  private double largest(int i) {
    double expected = Math.abs(expected(i));
    if (name.equals("loss") && output.isScalar()) {
      return Math.max(expected, finite(units.reducedMagnitude()));
    }
    int position = output.position(i);
    if (!finiteInputs(i) || !asPytorch && !units.mixed(name, position)) {
      return expected;
    }
    double factor = name.equals("loss") ? 1 : Math.abs(units.factor(position));
    return Math.max(expected, finite(factor * units.largestTerm(name, position)));
  }

  private static double finite(double value) {
    return Double.isFinite(value) ? value : 0;
  }

  /**
   * Whether a zero has the right sign: a loss is never −0, and a gradient that underflows keeps the sign of the truth; at a
   * true 0 it may have either. PyTorch itself does not care, so this belongs to the contract {@code true}.
   */
  boolean signIsRight(int i, double got) {
    if (got != 0) {
      return true;
    }
    boolean negative = 1 / got < 0;
    if (name.equals("loss")) {
      return !negative;
    }
    double expected = expected(i);
    return !name.endsWith("_gradient") || expected == 0 || negative == expected < 0;
  }

  private double low(int i) {
    return output.exactLow() == null ? 0 : output.exactLow()[i];
  }

  private static int baseUlps(DType dtype) {
    return dtype == DType.FLOAT16 || dtype == DType.BFLOAT16 ? 1 : 4;
  }
}
