package org.lanewise.conformance.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The oracle against the true values that are stored, which come from another program's arbitrary precision. */
class TrueLossTest {
  /** Of a unit in the last place of float64. */
  private static final double BOUND = 1;

  private static final double LARGEST = 0x1p1000;

  private final List<String> wrong = new ArrayList<>();
  private int compared;
  private String where = "";
  private double worst;

  @Test
  void bceWithLogitsIsWhatIsStored() {
    for (ReferenceCase reference : unreduced("bce_with_logits")) {
      Map<String, Tensor> inputs = reference.inputs();
      Tensor logits = inputs.get("logits");
      if (!logits.sameShape(inputs.get("target"))) {
        continue;
      }
      for (Map.Entry<String, Expectation.Output> entry : outputs(reference).entrySet()) {
        Expectation.Output output = entry.getValue();
        for (int i = 0; i < output.size(); i++) {
          int at = output.position(i);
          double x = logits.getDouble(at);
          double posWeight = broadcast(inputs.get("pos_weight"), logits, at);
          double weight = broadcast(inputs.get("weight"), logits, at);
          TrueLoss.Element element = TrueLoss.bceWithLogits(x, inputs.get("target").getDouble(at), posWeight);
          DoubleDouble factor = DoubleDouble.of(weight);
          if (!entry.getKey().equals("loss")) {
            factor = factor.times(DoubleDouble.of(inputs.get("upstream").getDouble(at)));
          }
          DoubleDouble value =
              switch (entry.getKey()) {
                case "loss" -> element.loss();
                case "logits_gradient" -> element.logitGradient();
                default -> element.targetGradient();
              };
          compare(reference, entry.getKey(), output, i, value.times(factor));
        }
      }
    }
    report("bce_with_logits");
  }

  @Test
  void crossEntropyIsWhatIsStored() {
    for (ReferenceCase reference : unreduced("cross_entropy")) {
      Map<String, Tensor> inputs = reference.inputs();
      Tensor logits = inputs.get("logits");
      Tensor target = inputs.get("target");
      if (logits.rank() < 2 || logits.numel() == 0) {
        continue;
      }
      int classes = logits.size(1);
      int inner = logits.numel() / logits.size(0) / classes;
      boolean indices = target.dtype() == DType.INT64 && target.numel() * classes == logits.numel();
      if (!indices && !target.sameShape(logits)) {
        continue;
      }
      long ignored = reference.options().integer("ignore_index", -100);
      double asked = reference.options().number("label_smoothing", 0);
      double smoothing = asked > 0 ? asked : 0; // as in PyTorch: negative ones and NaN have no effect
      TrueLoss.Row[] rows = new TrueLoss.Row[logits.numel() / classes];
      double[] weight = null;
      if (inputs.get("weight") != null) {
        weight = new double[classes];
        for (int c = 0; c < classes; c++) {
          weight[c] = inputs.get("weight").getDouble(c);
        }
      }
      for (int row = 0; row < rows.length; row++) {
        double[] x = new double[classes];
        double[] q = new double[classes];
        for (int c = 0; c < classes; c++) {
          int at = (row / inner * classes + c) * inner + row % inner;
          x[c] = logits.getDouble(at);
          q[c] = indices ? (target.getLong(row) == c ? 1 : 0) : target.getDouble(at);
        }
        rows[row] = indices && target.getLong(row) == ignored ? null : TrueLoss.crossEntropy(x, q, weight, smoothing);
      }
      for (Map.Entry<String, Expectation.Output> entry : outputs(reference).entrySet()) {
        boolean loss = entry.getKey().equals("loss");
        Expectation.Output output = entry.getValue();
        for (int i = 0; i < output.size(); i++) {
          int at = output.position(i);
          int row = loss ? at : at / (classes * inner) * inner + at % inner;
          int c = at / inner % classes;
          DoubleDouble value = DoubleDouble.of(0);
          if (rows[row] != null) {
            value =
                loss
                    ? rows[row].loss()
                    : (entry.getKey().equals("logits_gradient") ? rows[row].logitGradients() : rows[row].targetGradients())[c]
                        .times(DoubleDouble.of(inputs.get("upstream").getDouble(row)));
          }
          compare(reference, entry.getKey(), output, i, value);
        }
      }
    }
    report("cross_entropy");
  }

  private static List<ReferenceCase> unreduced(String operation) {
    return ReferenceData.builtIn().cases().stream()
        .filter(reference -> reference.operation().equals(operation))
        .filter(reference -> reference.expectation() instanceof Expectation.Outputs)
        .filter(reference -> reference.reduction().equals("none"))
        .filter(reference -> reference.inputs().values().stream().allMatch(TrueLossTest::isInDomain))
        .toList();
  }

  /** Finite, and not so large that a difference or a product leaves float64: there double-double gives NaN. */
  private static boolean isInDomain(Tensor tensor) {
    for (int i = 0; i < tensor.numel(); i++) {
      if (!(Math.abs(tensor.getDouble(i)) < LARGEST)) {
        return false;
      }
    }
    return true;
  }

  private static Map<String, Expectation.Output> outputs(ReferenceCase reference) {
    return ((Expectation.Outputs) reference.expectation()).outputs();
  }

  /** The value of a broadcast operand that belongs to an element; 1 where there is no operand. */
  private static double broadcast(Tensor operand, Tensor whole, int at) {
    if (operand == null) {
      return 1;
    }
    int index = 0;
    int stride = 1;
    int rest = at;
    for (int d = 1; d <= operand.rank(); d++) {
      int size = operand.size(operand.rank() - d);
      int extent = whole.size(whole.rank() - d);
      index += size == 1 ? 0 : rest % extent * stride;
      stride *= size;
      rest /= extent;
    }
    return operand.getDouble(index);
  }

  private void compare(ReferenceCase reference, String name, Expectation.Output output, int i, DoubleDouble value) {
    double exact = output.exact()[i];
    double low = output.exactLow() == null ? 0 : output.exactLow()[i];
    double error = Math.abs((value.hi() - exact) + (value.lo() - low)) / Math.ulp(exact);
    compared++;
    if (error > worst) {
      worst = error;
      where = "%s %s[%d]: %s, stored %s".formatted(reference.id(), name, output.position(i), value.hi(), exact);
    }
    if (!(error <= BOUND)) {
      wrong.add("%s %s[%d]: %s, stored %s".formatted(reference.id(), name, output.position(i), value.hi(), exact));
    }
  }

  private void report(String operation) {
    System.out.printf("%s: %d values, worst %.3g ULP of float64, %s%n", operation, compared, worst, where);
    assertEquals(List.of(), wrong.stream().limit(8).toList(), wrong.size() + " wrong");
    assertTrue(compared > 1000, compared + " compared");
  }
}
