package org.lanewise.conformance.judgement;

import java.util.Map;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The {@code true} contract of one case: the declared bound of each element, and the unit it is measured in.
 *
 * <p>Each further factor (a weight, an upstream gradient, the division by a count) may add half a ULP. A result that is
 * narrower than the computation is rounded once more, which takes half a ULP of its own and leaves nearly nothing of the
 * kernel's.
 */
final class Bounds {
  private final Declaration declaration;
  private final Units units;

  /** How many factors a gradient carries beside a weight. */
  private final int gradientFactors;

  Bounds(Declaration declaration, ReferenceCase reference, Map<String, Tensor> inputs, Units units) {
    this.declaration = declaration;
    this.units = units;
    this.gradientFactors =
        (inputs.containsKey("upstream") ? 1 : 0) + (reference.reduction().equals("mean") ? 1 : 0);
  }

  /** The bound of an element in units of {@link #unit}. */
  double of(String name, Expectation.Output output, int position) {
    double bound = 0.5 * units.weights();
    if (isReduced(name, output)) {
      bound += declaration.reducedUlp();
    } else if (units.mixed(name, position)) {
      bound += declaration.mixedUlp();
    } else {
      bound += name.equals("loss") ? declaration.lossUlp() : declaration.gradientUlp();
    }
    if (!name.equals("loss")) {
      bound += 0.5 * gradientFactors;
    }
    return output.dtype() == declaration.dtype()
        ? bound
        : 0.5 + bound * Ulp.of(1, declaration.dtype()) / Ulp.of(1, output.dtype());
  }

  /**
   * One ULP of the true value, or of the largest term of its sum where terms may cancel. A float64 gradient entry that is
   * subnormal before its factors multiply it has been rounded as such: its unit is that of the subnormal, times the factors.
   */
  double unit(String name, Expectation.Output output, int position, double exact) {
    if (isReduced(name, output)) {
      // Losses of both signs (a negative weight) cancel in the sum.
      return Ulp.of(Math.max(Math.abs(exact), Math.min(units.reducedMagnitude(), Double.MAX_VALUE)), output.dtype());
    }
    double factor = name.equals("loss") ? 1 : Math.abs(units.factor(position));
    if (!units.mixed(name, position)) {
      double smallest = Ulp.of(0, output.dtype());
      boolean subnormal =
          declaration.dtype() == DType.FLOAT64 && Math.abs(exact) < factor * smallest / Ulp.of(1, output.dtype());
      return Math.max(Ulp.of(exact, output.dtype()), subnormal ? factor * smallest : 0);
    }
    return Ulp.of(Math.max(Math.abs(exact), factor * units.largestTerm(name, position)), output.dtype());
  }

  private static boolean isReduced(String name, Expectation.Output output) {
    return name.equals("loss") && output.isScalar();
  }
}
