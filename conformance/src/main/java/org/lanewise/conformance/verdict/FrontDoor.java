package org.lanewise.conformance.verdict;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.LossAndGradient;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.error.TorchError;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.Tensor;

/** Runs the operation of a case through the front door of {@code kernels}, on a given kernel. */
final class FrontDoor {
  private FrontDoor() {}

  static Subject.Outcome run(KernelProvider provider, ReferenceCase reference, Map<String, Tensor> inputs) {
    try {
      return call(provider, reference, inputs);
    } catch (TorchError error) {
      return new Subject.Outcome.Raised(error.torchClass(), error.getMessage());
    } catch (DataException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError | AssertionError broken) {
      return new Subject.Outcome.Broke("The call ended with %s.".formatted(broken));
    }
  }

  private static Subject.Outcome call(KernelProvider provider, ReferenceCase reference, Map<String, Tensor> inputs) {
    Tensor logits = input(reference, inputs, "logits");
    Tensor target = input(reference, inputs, "target");
    Tensor upstream = inputs.get("upstream");
    Reduction reduction = Reduction.of(reference.reduction());
    Tensor loss;
    LossAndGradient both = null;
    switch (reference.operation()) {
      case "bce_with_logits" -> {
        BceWithLogits operation = BceWithLogits.on(provider).reduction(reduction);
        loss = operation.forward(logits, target);
        both = upstream == null ? null : operation.forwardBackward(logits, target, upstream);
      }
      case "cross_entropy" -> {
        CrossEntropy operation = CrossEntropy.on(provider).reduction(reduction);
        loss = operation.forward(logits, target);
        both = upstream == null ? null : operation.forwardBackward(logits, target, upstream);
      }
      default ->
          throw new DataException(
              "Case '%s' is of the operation '%s', which this Lanewise does not know; use a matching release."
                  .formatted(reference.id(), reference.operation()));
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("loss", loss);
    if (both != null) {
      int different = firstDifference(loss, both.loss());
      if (different >= 0) {
        return new Subject.Outcome.Broke(
            "forward and forwardBackward give different losses: element %d is %s and %s."
                .formatted(
                    different,
                    Double.toHexString(loss.getDouble(different)),
                    Double.toHexString(both.loss().getDouble(different))));
      }
      outputs.put("logits_gradient", both.logitsGradient());
    }
    return new Subject.Outcome.Outputs(outputs);
  }

  private static Tensor input(ReferenceCase reference, Map<String, Tensor> inputs, String name) {
    Tensor tensor = inputs.get(name);
    if (tensor == null) {
      throw new DataException(
          "Case '%s' has no input '%s'; write the data anew with generate.py.".formatted(reference.id(), name));
    }
    return tensor;
  }

  private static int firstDifference(Tensor a, Tensor b) {
    for (int i = 0; i < a.numel(); i++) {
      if (Double.doubleToLongBits(a.getDouble(i)) != Double.doubleToLongBits(b.getDouble(i))) {
        return i;
      }
    }
    return -1;
  }
}
