package org.lanewise.conformance.fresh;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.Options;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.oracle.DoubleDouble;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Inputs, options and expected outputs of one case, while they are drawn. */
abstract class Drawn {
  /** Every lane count and its neighbours among the sizes that are drawn. */
  private static final int[] SIZES = {1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 129, 257};

  final RandomGenerator random;
  final DType dtype;
  final PyTorchFormulas formulas;
  final String reduction;
  final Map<String, Tensor> inputs = new LinkedHashMap<>();
  final Map<String, Object> options = new LinkedHashMap<>();
  private final Operation operation;
  private final Map<String, Expectation.Output> outputs = new LinkedHashMap<>();

  Drawn(RandomGenerator random, DType dtype, Operation operation) {
    this.random = random;
    this.dtype = dtype;
    this.operation = operation;
    this.formulas = new PyTorchFormulas(dtype);
    // Kernels are told apart by single values; reduced results are mostly the front door's.
    this.reduction = List.of("none", "none", "none", "mean", "sum").get(random.nextInt(5));
    options.put("reduction", reduction);
  }

  ReferenceCase toCase(String id, List<String> deviations) {
    return new ReferenceCase(
        id,
        operation.id(),
        ReferenceCase.DRAWN,
        List.of(),
        dtype.id(),
        () -> inputs,
        Options.of(id, options),
        new Expectation.Outputs(outputs, Map.of()),
        deviations);
  }

  int size() {
    return SIZES[random.nextInt(SIZES.length)];
  }

  boolean chance(int in) {
    return random.nextInt(in) == 0;
  }

  /** A number of the dtype. */
  double rounded(double value) {
    return dtype == DType.FLOAT32 ? (float) value : value;
  }

  /** From low to high. */
  double uniform(double low, double high) {
    return rounded(low + (high - low) * random.nextDouble());
  }

  /** Nearly normal: a sum of uniform numbers, whose bits depend on no library. */
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; i++) {
      sum += random.nextDouble();
    }
    return rounded(sum);
  }

  double signed(double magnitude) {
    return random.nextBoolean() ? magnitude : -magnitude;
  }

  /** A number from 2^low up, its binary logarithm evenly spread. */
  double power(int low, int high) {
    return rounded(Math.scalb(1 + random.nextDouble(), random.nextInt(low, high)));
  }

  /** A tensor of the dtype. */
  Tensor tensor(double[] values, int... shape) {
    Tensor tensor = Tensor.zeros(dtype, shape);
    if (dtype == DType.FLOAT32) {
      for (int i = 0; i < values.length; i++) {
        tensor.floats()[i] = (float) values[i];
      }
    } else {
      System.arraycopy(values, 0, tensor.doubles(), 0, values.length);
    }
    return tensor;
  }

  /** Adds an output: where the truth is not a number, PyTorch's value has to do for both. */
  void output(String name, double[] pytorch, DoubleDouble[] exact, int... shape) {
    double[] high = new double[exact.length];
    double[] low = dtype == DType.FLOAT64 ? new double[exact.length] : null;
    for (int i = 0; i < exact.length; i++) {
      high[i] = Double.isNaN(exact[i].hi()) ? pytorch[i] : exact[i].hi();
      if (low != null) {
        low[i] = Double.isFinite(exact[i].lo()) ? exact[i].lo() : 0;
      }
    }
    outputs.put(name, new Expectation.Output(dtype, shape, tensor(pytorch, shape), high, low, null));
  }

  /**
   * The values of an upstream gradient of the result's shape: around 1, at times far from it, at times 0.
   *
   * @param range the largest exponent of 2 that they may have in common
   */
  double[] upstream(int count, int range) {
    double scale = range > 0 && chance(6) ? Math.scalb(1.0, random.nextInt(-range, range + 1)) : 1;
    boolean zeros = chance(6);
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = zeros && chance(3) ? 0 : rounded(scale * signed(uniform(0.25, 4)));
    }
    return values;
  }
}
