package org.lanewise.conformance.verdict;

import java.util.Map;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.tensor.Tensor;

/** The {@code true} contract of one case: the declared bound of each element, and the unit it is measured in. */
final class Bounds {
  private final Declaration declaration;
  private final boolean mean;
  private final Map<String, Tensor> inputs;
  private final Units units;

  Bounds(Declaration declaration, String reduction, Map<String, Tensor> inputs, Units units) {
    this.declaration = declaration;
    this.mean = reduction.equals("mean");
    this.inputs = inputs;
    this.units = units;
  }

  /** The bound of an element in units of {@link #unit}. */
  double of(String name, Expectation.Output output, int position) {
    if (name.equals("loss")) {
      if (output.isScalar()) {
        return declaration.reducedUlp();
      }
      return units.mixed(name, position) ? declaration.mixedUlp() : declaration.lossUlp();
    }
    double bound = units.mixed(name, position) ? declaration.mixedUlp() : declaration.gradientUlp();
    return bound + 0.5 * factors();
  }

  /** One ULP of the true value, or of the largest term of its sum where terms may cancel. */
  double unit(String name, Expectation.Output output, int position, double exact) {
    boolean reducedLoss = name.equals("loss") && output.isScalar();
    if (reducedLoss || !units.mixed(name, position)) {
      return Ulp.of(exact, output.dtype());
    }
    double factor = name.equals("loss") ? 1 : Math.abs(factor(position));
    return Ulp.of(Math.max(Math.abs(exact), factor * units.largestTerm(name, position)), output.dtype());
  }

  /** How many factors the gradient carries: the upstream gradient, and the division by the number of elements. */
  private int factors() {
    return (inputs.containsKey("upstream") ? 1 : 0) + (mean ? 1 : 0);
  }

  private double factor(int position) {
    Tensor upstream = inputs.get("upstream");
    double factor = upstream == null ? 1 : upstream.getDouble(upstream.numel() == 1 ? 0 : position);
    return mean ? factor / inputs.get("logits").numel() : factor;
  }
}
